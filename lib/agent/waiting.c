/* The runner's waits: calls that hold no process until what they wait for has
 * come. */
#include <fcntl.h>
#include <string.h>

#include "agent/mailbox.h"
#include "agent/runner.h"
#include "agent/wait.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

/* A timer that is over sooner is waited for in the process. */
#define STAY_MOST (5 * CLOCK_SECOND)
/* Generations that a family is looked for in. */
#define FAMILY_DEPTH 1000
/* Bytes of what agents said, in a result. */
#define SAID_MOST ((size_t)32 << 10)

bool
waiting_is(const struct tool *t)
{
	return t->kind == TOOL_RUNNER &&
	       (strcmp(t->name, "sleep") == 0 ||
		   strcmp(t->name, "wait_agent") == 0 ||
		   strcmp(t->name, "wait_mail") == 0);
}

static int64_t
last_time(const struct runner *r)
{
	return r->s->state.time;
}

static int
bad(struct plan *p, const char *why)
{
	p->unusable = true;
	plan_settle(p, TOOL_FAILED, why);
	return -1;
}

/* ---- the call ------------------------------------------------------------------- */

/* The oldest ancestor, as far as they are here. */
static void
family(const struct root *root, const char *id, char top[ULID_TEXT])
{
	struct info info;
	struct err e;
	int depth, dir;

	(void)snprintf(top, ULID_TEXT, "%s", id);
	for (depth = 0; depth < FAMILY_DEPTH; depth++) {
		if (file_open(root->agents, top, O_RDONLY | O_DIRECTORY, 0,
			&dir, &e) < 0)
			return;
		if (info_read(dir, top, &info, &e) < 0) {
			fd_cleanup(&dir);
			return;
		}
		fd_cleanup(&dir);
		if (info.parent == NULL) {
			info_free(&info);
			return;
		}
		(void)snprintf(top, ULID_TEXT, "%s", info.parent);
		info_free(&info);
	}
}

static int
add_children(struct runner *r, struct plan *p, struct wait *w)
{
	const struct state *s = &r->s->state;
	size_t i;

	for (i = 0; i < s->child_count; i++)
		wait_add_agent(w, s->children[i].id);
	return s->child_count > 0 ? 0 : bad(p, "you have no children");
}

static int
read_agents(struct runner *r, struct plan *p, struct wait *w)
{
	const struct json *v = json_first(json_get(p->arguments, "agents"));
	char id[ULID_TEXT], top[ULID_TEXT], own[ULID_TEXT];
	struct err e;

	if (v == NULL && strcmp(p->tool->name, "wait_agent") == 0)
		return add_children(r, p, w);
	family(r->s->root, r->s->info.id, own);
	for (; v != NULL; v = json_next(v)) {
		if (root_find(r->s->root, json_string(v), id, &e) < 0)
			return bad(p, e.msg);
		family(r->s->root, id, top);
		if (strcmp(top, own) != 0) {
			err_set(&e, EX_NOPERM, 0,
			    "agent '%s' is none of your family", id);
			return bad(p, e.msg);
		}
		wait_add_agent(w, id);
	}
	return 0;
}

static int
read_time(struct plan *p, struct wait *w, const struct moment *now)
{
	int64_t seconds = json_get_integer(p->arguments, "seconds", 0);
	const char *until = json_get_string(p->arguments, "until");

	if (until != NULL && seconds > 0)
		return bad(p, "give seconds or until, not both");
	if (seconds > 0)
		wait_set_time(w, now, seconds * CLOCK_SECOND);
	if (until != NULL &&
	    (clock_parse(until, &w->until) < 0 || w->until < 1))
		return bad(p, "until: want a time such as "
			      "2030-01-31T08:00:00+01:00");
	return 0;
}

static struct wait *
read_wait(struct runner *r, struct plan *p)
{
	const char *mode = json_get_string(p->arguments, "mode");
	struct wait *w = mem_new(1, sizeof(*w));
	struct moment now;

	moment_take(last_time(r), &now);
	w->clock = now.clock;
	w->all = mode == NULL || strcmp(mode, "any") != 0;
	w->from = mem_strdup(json_get_string(p->arguments, "from"));
	w->event = mem_strdup(json_get_string(p->arguments, "event"));
	w->mail = strcmp(p->tool->name, "wait_mail") == 0;
	if (read_time(p, w, &now) < 0 || read_agents(r, p, w) < 0) {
		wait_free(w);
		return NULL;
	}
	if (w->until == 0 && w->agent_count == 0 && !w->mail) {
		(void)bad(p, "give seconds, or until");
		wait_free(w);
		return NULL;
	}
	return w;
}

static int
stage_wait(
    struct runner *r, struct plan *p, const struct wait *w, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw j = {.out = &body};

	jsonw_object(&j, NULL);
	jsonw_string(&j, "call", p->call->id);
	wait_write(&j, NULL, w);
	jsonw_end(&j, '}');
	p->waits = true;
	return runner_stage(r, RECORD_WAIT, &body, e);
}

int
waiting_tool(struct runner *r, struct plan *p, struct err *e)
{
	struct wait *w;
	char *ring = NULL, *why;
	int got = 0;

	if (r->by != NULL) {
		(void)bad(p, "only the agent itself waits: agent-wait is for "
			     "people");
		return 0;
	}
	w = read_wait(r, p);
	if (w == NULL)
		return 0;
	if (wait_stuck(r->s->root, r->s->info.id, w, &ring)) {
		why = mem_printf("nobody would %s: %s",
		    w->until == 0 ? "ever go on"
				  : "go on before the time is over",
		    ring);
		plan_settle(p, TOOL_FAILED, why);
		free(why);
		free(ring);
	} else {
		got = stage_wait(r, p, w, e);
	}
	wait_free(w);
	return got;
}

/* ---- its end ---------------------------------------------------------------------- */

static bool
is_from(const char *name, const char *id)
{
	size_t n = strlen(id);

	return strncmp(name, id, n) == 0 && name[n] == '.';
}

/* Those of the agent `arg` come first. */
static int
from_first(const char *a, const char *b, const void *arg)
{
	return (int)is_from(b, arg) - (int)is_from(a, arg);
}

/* A letter of it that is not taken yet. */
static bool
has_letter(const struct runner *r, const char *from)
{
	struct mailbox m CLEANUP_MAILBOX = MAILBOX_NONE;
	struct mailbox_names names CLEANUP(mailbox_names_free) = {0};
	struct mailbox_want want = {NULL, from_first, from};
	struct err e;

	return mailbox_open(r->s->dir, false, &m, &e) > 0 &&
	       mailbox_list(m.new, &want, &names, &e) == 0 && names.count > 0 &&
	       is_from(names.name[0], from);
}

/* It died before it could tell of its end: whoever has its lock can. */
static bool
tell_for(const struct runner *r, const char *id)
{
	struct session s;
	struct err e;
	bool got;

	if (session_write(r->s->root, id, &s, &e) < 0)
		return false;
	got = session_seal(&s, &e) == 0;
	session_close(&s);
	return got;
}

struct looking {
	struct runner *r;
	bool again; /* a letter is on its way */
};

/* A child tells of its end by a letter, which is taken first; who is gone will
 * not do anything either. */
static bool
has_ended(void *arg, const char *id)
{
	struct looking *l = arg;
	struct session s;
	struct err e;
	bool child, owes, got;

	if (session_read(l->r->s->root, id, true, &s, &e) < 0)
		return e.status == EX_NOINPUT;
	child = s.info.parent != NULL &&
		strcmp(s.info.parent, l->r->s->info.id) == 0;
	owes = s.state.exit_owed != 0;
	got = wait_is_end(&s.state);
	session_close(&s);
	if (!got || !child)
		return got;
	if (owes ? tell_for(l->r, id) : has_letter(l->r, id))
		l->again = true;
	else if (!owes)
		return true;
	return false;
}

static void
put_end(struct buf *out, const char *id, const char *name,
    enum agent_status state, const char *said)
{
	buf_printf(out, "%s%s%s: %s\n", id, name == NULL ? "" : " ",
	    name == NULL ? "" : name, agent_status_name(state));
	if (said != NULL && said[0] != '\0')
		buf_printf(out, "%s\n", said);
}

/* How one agent stands, and what it said when it has ended. */
static void
tell_agent(struct runner *r, const struct wait_agent *a, size_t room,
    struct tool_result *out)
{
	char *said CLEANUP_FREE = NULL;
	struct session s;
	const char *text;
	struct err e;

	if (session_read(r->s->root, a->id, true, &s, &e) < 0) {
		if (a->ended)
			put_end(&out->text, a->id, NULL, a->state, a->said);
		else
			buf_printf(&out->text, "%s: gone\n", a->id);
		return;
	}
	if (a->ended) {
		put_end(&out->text, a->id, s.info.name, a->state, a->said);
	} else if (!wait_is_end(&s.state)) {
		put_end(&out->text, a->id, s.info.name, s.state.status, NULL);
	} else {
		text = s.state.report != NULL ? s.state.report : s.state.text;
		text = text == NULL ? "" : text;
		said = mem_dup(text, utf8_cut(text, strlen(text), room));
		put_end(&out->text, a->id, s.info.name, s.state.status, said);
		out->labels |= s.state.labels;
	}
	session_close(&s);
}

static void
tell_event(struct buf *out, const struct mail_event *v)
{
	buf_printf(out, "event %s from %s\n", v->name, v->from);
	if (v->text[0] != '\0')
		buf_printf(out, "%s\n", v->text);
}

static void
tell(struct runner *r, const struct wait *w, enum wait_end how,
    struct tool_result *out)
{
	size_t i;

	if (how == WAIT_EVENT)
		tell_event(&out->text, wait_event(&r->s->state, w));
	if (how == WAIT_MESSAGE)
		buf_puts(&out->text, "ended early: something was said to you, "
				     "and follows\n");
	else if (how == WAIT_TIME && (w->agent_count > 0 || w->mail))
		buf_puts(&out->text, "the time is over\n");
	else if (how == WAIT_TIME)
		buf_puts(&out->text, "done: the time has come\n");
	if (how == WAIT_TIME && (w->agent_count > 0 || w->mail))
		out->status = TOOL_TIMEOUT;
	for (i = 0; i < w->agent_count; i++)
		tell_agent(r, &w->agents[i], SAID_MOST / w->agent_count, out);
	if (out->text.len > 0)
		out->text.len--; /* the newline */
}

static int
end_wait(struct runner *r, const struct call *c, enum wait_end how,
    const struct moment *now, struct err *e)
{
	struct plan p = {0};
	struct tool_result res;
	int got;

	tool_result_init(&res);
	if (how == WAIT_EVENT)
		p.took = wait_event(&r->s->state, c->wait)->at;
	tell(r, c->wait, how, &res);
	res.ns = now->now > c->time ? now->now - c->time : 0;
	secrets_scrub_buf(r->s->root->secrets, &res.text);
	got = callrecord_result(r, c, &p, &res, e);
	tool_result_free(&res);
	return got;
}

int
waiting_step(struct runner *r, struct err *e)
{
	const struct state *s = &r->s->state;
	struct looking l = {.r = r};
	struct moment now;
	enum wait_end how;
	size_t i;

	if (state_waiting(s) == NULL)
		return 0;
	moment_take(last_time(r), &now);
	for (i = 0; i < s->call_count; i++) {
		if (s->calls[i].phase != CALL_WAITS)
			continue;
		how = wait_look(s, s->calls[i].wait, &now, has_ended, &l);
		if (how != WAIT_ON &&
		    end_wait(r, &s->calls[i], how, &now, e) < 0)
			return -1;
	}
	return 0;
}

int64_t
waiting_left(struct runner *r)
{
	const struct state *s = &r->s->state;
	int64_t left, least = CLOCK_NEVER;
	struct looking l = {.r = r};
	struct moment now;
	size_t i;

	if (state_waiting(s) == NULL)
		return CLOCK_NEVER;
	moment_take(last_time(r), &now);
	for (i = 0; i < s->call_count; i++) {
		if (s->calls[i].phase != CALL_WAITS)
			continue;
		if (wait_look(s, s->calls[i].wait, &now, has_ended, &l) !=
			WAIT_ON ||
		    l.again)
			return 0;
		left = wait_left(s->calls[i].wait, &now);
		least = left < least ? left : least;
	}
	return least <= STAY_MOST ? least : CLOCK_NEVER;
}
