/* Commands on their way to the journal: at once under the lock, or by mail. */
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "agent/order.h"
#include "agent/halt.h"
#include "agent/mailbox.h"
#include "agent/nudge.h"
#include "agent/refusal.h"
#include "agent/rework.h"
#include "agent/trust.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"

#define PREFIX  "command."
#define PAUSE   (20 * CLOCK_MILLI)  /* between two looks */
#define CLAIMED (10 * CLOCK_SECOND) /* for a holder who has it to commit */

/* ---- taking a command, as the lock's holder ------------------------------------- */

static const struct order_verb *
find_verb(const char *name)
{
	const struct order_verb *v;

	for (v = order_verbs; v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

/* May it take effect here and now?  What may not leaves no `command`. */
static int
check(const struct session *s, struct order *c, const struct order_verb **verb,
    struct err *e)
{
	int64_t now = journal_now(&s->journal);
	struct trust t CLEANUP(trust_free) = {0};

	if (order_check(s->root, c, e) < 0 || trust_read(s->root, &t, e) < 0)
		return -1;
	*verb = find_verb(c->verb);
	if (*verb == NULL)
		return err_set(e, EX_DATAERR, 0, "no verb '%.40s'", c->verb);
	if (strcmp(c->agent, s->info.id) != 0)
		return err_set(
		    e, EX_NOPERM, 0, "it is for agent '%.40s'", c->agent);
	if (c->expires <= now)
		return err_set(e, EX_NOPERM, 0, "its time is over");
	if (c->expires > now + ORDER_EXPIRY)
		return err_set(
		    e, EX_NOPERM, 0, "it would hold for too long a time");
	if (state_taken(&s->state, c->nonce) != NULL)
		return err_set(
		    e, EX_NOPERM, 0, "it was taken before: a replay");
	if ((*verb)->widens && t.strict && !c->human)
		return err_set(e, EX_NOPERM, 0,
		    "'%s' counts only when signed with a key of "
		    "'" TRUST_FOLDER "' (--key)",
		    c->verb);
	return 0;
}

/* Is this the answer to a command, or a failure of the holder's? */
static bool
is_answer(int status)
{
	return status == EX_NO || status == EX_USAGE || status == EX_DATAERR ||
	       status == EX_NOINPUT || status == EX_CANTCREAT ||
	       status == EX_TEMPFAIL || status == EX_NOPERM ||
	       status == EX_CONFIG || status == EX_LIMIT;
}

static int
stage(struct session *s, const struct order *c, int status, const char *why,
    struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	char expires[CLOCK_TEXT];

	clock_text(c->expires, expires);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "nonce", c->nonce);
	jsonw_string(&w, "verb", c->verb);
	jsonw_string(&w, "expires", expires);
	jsonw_integer(&w, "status", status);
	jsonw_maybe(&w, "why", why);
	jsonw_string(&w, "key", c->key);
	jsonw_text(&w, "signed", c->text.data, c->text.len);
	jsonw_string(&w, "signature", c->sig);
	jsonw_end(&w, '}');
	return session_stage(
	    s, RECORD_COMMAND, (struct slice){body.data, body.len}, e);
}

/* Is a call in flight, of this run or of one that died? */
static bool
is_busy(const struct session *s)
{
	size_t i;

	for (i = 0; i < s->state.call_count; i++)
		if (s->state.calls[i].phase == CALL_OPEN)
			return true;
	return s->busy;
}

enum taken_how { TAKE_REFUSED, TAKE_DONE, TAKE_LATER };

/* Stage what a command is: taken, with the status that its record has; refused
 * for the reason in `why`; or it has to wait; or -1. */
static int
take(struct session *s, struct order *c, struct err *why, struct err *e)
{
	const struct order_verb *verb;

	if (check(s, c, &verb, why) < 0)
		return TAKE_REFUSED;
	if (verb->quiet && is_busy(s))
		return TAKE_LATER;
	if (verb->apply(s, c, why) == 0)
		return stage(s, c, 0, NULL, e) < 0 ? -1 : TAKE_DONE;
	if (!is_answer(why->status)) {
		*e = *why;
		return -1;
	}
	return stage(s, c, why->status, why->msg, e) < 0 ? -1 : TAKE_DONE;
}

/* ---- the mailbox ------------------------------------------------------------------- */

static bool
is_command(const char *name)
{
	return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

static const struct mailbox_want commands = {.is = is_command};

struct drain {
	struct session *s;
	struct mailbox mail;
	struct mailbox_names done;
	struct refusal refused;
};

static int
drain_file(struct drain *d, const char *name, bool leftover, struct err *e)
{
	struct order c CLEANUP_ORDER = {0};
	struct buf text CLEANUP_BUF = {0};
	struct err why;
	int got = TAKE_REFUSED;

	if (mailbox_read(&d->mail, name, ORDER_MAX, &text, &why) == 0 &&
	    order_parse(buf_str(&text), text.len, &c, &why) == 0) {
		/* Committed by a holder who died before it was removed. */
		if (leftover && state_taken(&d->s->state, c.nonce) != NULL)
			got = TAKE_DONE;
		else
			got = take(d->s, &c, &why, e);
	}
	if (got < 0)
		return -1;
	if (got == TAKE_LATER)
		return 0; /* it is claimed, and looked at the next time */
	if (got == TAKE_REFUSED) {
		refusal_add(&d->refused, &d->mail, name, &why);
		return 0;
	}
	mem_room(
	    &d->done.name, d->done.count, &d->done.cap, sizeof(*d->done.name));
	d->done.name[d->done.count++] = mem_strdup(name);
	return 0;
}

/* What a dead holder had claimed comes first. */
static int
drain_all(struct drain *d, struct err *e)
{
	struct mailbox_names old CLEANUP(mailbox_names_free) = {0};
	struct mailbox_names new CLEANUP(mailbox_names_free) = {0};
	size_t i;

	if (mailbox_list(d->mail.cur, &commands, &old, e) < 0 ||
	    mailbox_list(d->mail.new, &commands, &new, e) < 0)
		return -1;
	for (i = 0; i < old.count; i++)
		if (drain_file(d, old.name[i], true, e) < 0)
			return -1;
	for (i = 0; i < new.count; i++)
		if (mailbox_claim(&d->mail, new.name[i]) &&
		    drain_file(d, new.name[i], false, e) < 0)
			return -1;
	return refusal_note(&d->refused, d->s, "a command in the mailbox", e);
}

int
order_drain(struct session *s, struct err *e)
{
	struct drain d = {.s = s, .mail = MAILBOX_NONE};
	int got = mailbox_open(s->dir, false, &d.mail, e);
	size_t i;

	if (got <= 0)
		return got;
	got = drain_all(&d, e);
	if (got == 0 && d.done.count + d.refused.count > 0)
		got = rework_finish(s, NULL, e);
	for (i = 0; got == 0 && i < d.done.count; i++)
		mailbox_done(&d.mail, d.done.name[i]);
	mailbox_names_free(&d.done);
	mailbox_close(&d.mail);
	return got;
}

/* Is a command there? */
static bool
has_mail(struct root *root, const char *agent)
{
	char path[ULID_TEXT + 16];
	struct mailbox_names n CLEANUP(mailbox_names_free) = {0};
	int fd CLEANUP_FD = -1;
	struct err e;

	(void)snprintf(path, sizeof(path), "%s/mail/new", agent);
	return file_open(root->agents, path, O_RDONLY | O_DIRECTORY, 0, &fd,
		   &e) == 0 &&
	       mailbox_list(fd, &commands, &n, &e) == 0 && n.count > 0;
}

void
order_sweep(struct root *root, const char *agent)
{
	struct session s;
	struct err e;

	if (!has_mail(root, agent) || session_write(root, agent, &s, &e) < 0)
		return;
	if (order_drain(&s, &e) == 0)
		(void)session_seal(&s, &e);
	session_close(&s);
}

/* ---- committing, as anybody -------------------------------------------------------- */

/* How a command that was taken ended. */
static int
outcome(const struct state *s, const struct order *c, struct err *e)
{
	const struct taken *t = state_taken(s, c->nonce);

	if (t == NULL)
		return err_set(e, EX_NOPERM, 0,
		    "the command was refused (agent-audit log -t note)");
	return t->status == 0 ? 0 : err_set(e, t->status, 0, "%s", t->why);
}

/* As the lock's holder. */
static int
commit_here(struct session *s, struct order *c, struct err *e)
{
	struct err why;
	int got = TAKE_DONE;

	/* What waits there is taken by who opens the agent fully. */
	if (!s->brief && order_drain(s, e) < 0)
		return -1;
	if (state_taken(&s->state, c->nonce) == NULL)
		got = take(s, c, &why, e);
	if (got == TAKE_LATER)
		return err_set(e, EX_TEMPFAIL, 0,
		    "a call of it was interrupted: run it first (agent-run -r "
		    "%s)",
		    s->info.id);
	if (got == TAKE_REFUSED) {
		*e = why;
		return -1;
	}
	if (got < 0 || rework_finish(s, NULL, e) < 0 || session_seal(s, e) < 0)
		return -1;
	return outcome(&s->state, c, e);
}

/* Try the lock: 1 committed or refused, with the status in `*got`.  A command
 * that is in the mailbox is taken from there. */
static int
try_lock(
    struct root *root, struct order *c, bool mailed, int *got, struct err *e)
{
	const struct order_verb *verb = find_verb(c->verb);
	bool brief = verb != NULL && verb->brief && !mailed;
	struct session s;

	if ((brief ? session_write_brief : session_write)(
		root, c->agent, &s, e) < 0) {
		*got = -1;
		return e->status == EX_TEMPFAIL ? 0 : 1;
	}
	*got = commit_here(&s, c, e);
	session_close(&s);
	order_sweep(root, c->agent);
	return 1;
}

static int
read_outcome(struct root *root, const struct order *c, struct err *e)
{
	struct session s;
	int got;

	if (session_read(root, c->agent, true, &s, e) < 0)
		return -1;
	got = outcome(&s.state, c, e);
	session_close(&s);
	return got;
}

/* Until the holder has taken it, or the lock is free. */
static int
await(struct root *root, struct order *c, const struct mailbox *m,
    const char *name, int64_t deadline, struct err *e)
{
	const struct timespec pause = {0, PAUSE};
	bool claimed = false;
	int got;

	for (;;) {
		(void)nanosleep(&pause, NULL);
		if (!mailbox_waits(m, name))
			return read_outcome(root, c, e);
		if (try_lock(root, c, true, &got, e) == 1)
			return got;
		if (clock_mono() < deadline)
			continue;
		if (claimed)
			return err_set(e, EX_TEMPFAIL, 0,
			    "agent '%s' runs, and has the command, but has "
			    "not committed it yet (agent-audit log -t command)",
			    c->agent);
		if (mailbox_withdraw(m, name))
			return err_set(e, EX_TEMPFAIL, 0,
			    "agent '%s' runs and did not look at its mail in "
			    "time: nothing was changed; try again",
			    c->agent);
		claimed = true;
		deadline = clock_deadline(CLAIMED);
	}
}

static int
commit_by_mail(struct root *root, struct order *c, int dir, int64_t deadline,
    struct err *e)
{
	struct mailbox m CLEANUP_MAILBOX = MAILBOX_NONE;
	char *name CLEANUP_FREE = mem_printf(PREFIX "%s", c->nonce);
	struct buf text CLEANUP_BUF = {0};

	order_print(c, &text);
	if (mailbox_open(dir, true, &m, e) < 0 ||
	    mailbox_deliver(&m, name, text.data, text.len, e) < 0)
		return -1;
	if (halt_is_urgent(c))
		nudge_give(dir);
	return await(root, c, &m, name, deadline, e);
}

int
order_commit(
    struct root *root, struct order *c, int64_t deadline, struct err *e)
{
	int dir CLEANUP_FD = -1, got;

	if (try_lock(root, c, false, &got, e) == 1)
		return got;
	if (file_open(
		root->agents, c->agent, O_RDONLY | O_DIRECTORY, 0, &dir, e) < 0)
		return -1;
	return commit_by_mail(root, c, dir, deadline, e);
}
