/* Letters on their way from the mailbox to the journal. */
#include <string.h>

#include "agent/postfiles.h"
#include "agent/refusal.h"
#include "agent/statelabels.h"
#include "base/mem.h"

struct drain {
	struct session *s;
	struct mailbox mail;
	struct mailbox_names done; /* to be removed once that is durable */
	size_t staged;
	bool wrote; /* to the workspace */
	struct refusal refused;
};

static bool
is_letter(const char *name)
{
	return strncmp(name, "command.", 8) != 0;
}

/* The sender's part of a letter's name: all people are one. */
static size_t
sender_len(const char *name)
{
	return strcspn(name, ".");
}

/* Senders take turns: those behind the one who had the last, `arg`, are
 * first. */
static int
compare(const char *a, const char *b, const void *arg)
{
	const char *last = arg;
	size_t n = last == NULL ? 0 : sender_len(last);
	bool x, y;

	if (last != NULL) {
		x = strncmp(a, last, n + 1) <= 0;
		y = strncmp(b, last, n + 1) <= 0;
		if (x != y)
			return x ? 1 : -1;
	}
	return post_name_compare(a, b);
}

/* A mark on a sender stands for what comes from there. */
static unsigned
marks(const struct drain *d, const struct post *p)
{
	const struct policy *policy = &d->s->state.policy;
	struct grant_query q = {.kind = GRANT_AGENT, .resource = p->from};
	unsigned labels = policy_labels(policy, &q);
	char id[ULID_TEXT];
	int64_t seq, n;

	if (post_name_parse(p->name, id, &seq, &n) && id[0] == '\0') {
		q.kind = GRANT_HUMAN;
		labels |= policy_labels(policy, &q);
	}
	return labels;
}

static int
stage(struct drain *d, struct post *p, const struct buf *parts, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	size_t i;

	p->labels |= marks(d, p);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "mail", p->name);
	post_members(p, &w);
	if (parts->len > 0)
		jsonw_raw(&w, "parts", parts->data, parts->len);
	jsonw_end(&w, '}');
	for (i = 0; i < p->file_count; i++)
		d->wrote = d->wrote || p->files[i].path != NULL;
	d->staged++;
	return session_stage(
	    d->s, RECORD_MAIL, (struct slice){body.data, body.len}, e);
}

static int
take(struct drain *d, const char *name, struct err *e)
{
	struct post p CLEANUP_POST = {0};
	struct buf text CLEANUP_BUF = {0}, parts CLEANUP_BUF = {0};
	struct err why;

	if (!mailstate_taken(&d->s->state.mail, name)) {
		if (mailbox_read(&d->mail, name, POST_MAX, &text, &why) < 0 ||
		    post_parse(name, buf_str(&text), text.len, &p, &why) < 0 ||
		    (p.file_count > 0 &&
			postfiles_take(d->s, &p, &parts, &why) < 0)) {
			refusal_add(&d->refused, &d->mail, name, &why);
			return 0;
		}
		if (stage(d, &p, &parts, e) < 0)
			return -1;
	}
	mem_room(
	    &d->done.name, d->done.count, &d->done.cap, sizeof(*d->done.name));
	d->done.name[d->done.count++] = mem_strdup(name);
	return 0;
}

/* May one more be in this group, and the model be given more before it is
 * asked? */
static bool
has_room(const struct drain *d)
{
	const struct mailstate *m = &d->s->state.mail;

	return d->staged < MAIL_RECENT && m->turn_count < POST_TURN_MOST &&
	       m->turn_bytes < POST_TURN_BYTES;
}

/* What a dead holder had claimed comes first. */
static int
drain_all(struct drain *d, struct err *e)
{
	struct mailbox_names old CLEANUP(mailbox_names_free) = {0};
	struct mailbox_names new CLEANUP(mailbox_names_free) = {0};
	const struct mailstate *m = &d->s->state.mail;
	char *last CLEANUP_FREE =
	    m->recent_count == 0 ? NULL
				 : mem_strdup(m->recent[m->recent_count - 1]);
	struct mailbox_want want = {is_letter, compare, last};
	size_t i;

	if (mailbox_list(d->mail.cur, &want, &old, e) < 0)
		return -1;
	for (i = 0; i < old.count && has_room(d); i++)
		if (take(d, old.name[i], e) < 0)
			return -1;
	if (has_room(d) && mailbox_list(d->mail.new, &want, &new, e) < 0)
		return -1;
	for (i = 0; i < new.count &&has_room(d); i++)
		if (mailbox_claim(&d->mail, new.name[i]) &&
		    take(d, new.name[i], e) < 0)
			return -1;
	return refusal_note(&d->refused, d->s, "mail", e);
}

int
post_drain(struct session *s, bool *wrote, struct err *e)
{
	struct drain d = {.s = s, .mail = MAILBOX_NONE};
	int got = mailbox_open(s->dir, false, &d.mail, e);
	size_t i;

	if (got <= 0)
		return got;
	got = has_room(&d) ? drain_all(&d, e) : 0;
	if (got == 0 && d.staged + d.refused.count > 0)
		got = session_commit(s, e);
	for (i = 0; got == 0 && i < d.done.count; i++)
		mailbox_done(&d.mail, d.done.name[i]);
	if (d.done.count > 0)
		mailbox_sweep(&d.mail);
	*wrote = *wrote || d.wrote;
	mailbox_names_free(&d.done);
	mailbox_close(&d.mail);
	return got < 0 ? -1 : (int)(d.staged + d.refused.count);
}
