/* The runner's waits: calls that hold no process until what they wait for has
 * come. */
#include <fcntl.h>
#include <string.h>

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
read_agents(struct runner *r, struct plan *p, struct wait *w)
{
	const struct json *v = json_first(json_get(p->arguments, "agents"));
	char id[ULID_TEXT], top[ULID_TEXT], own[ULID_TEXT];
	struct err e;

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
		mem_room(&w->agents, w->agent_count, &w->agent_cap,
		    sizeof(*w->agents));
		w->agents[w->agent_count++] = mem_strdup(id);
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
		why = mem_printf("nobody would ever go on: %s", ring);
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

/* Who cannot be read any more will not do anything either. */
static bool
has_ended(void *arg, const char *id)
{
	struct runner *r = arg;
	struct session s;
	struct err e;
	bool got;

	if (session_read(r->s->root, id, true, &s, &e) < 0)
		return e.status == EX_NOINPUT;
	got = wait_is_end(&s.state);
	session_close(&s);
	return got;
}

/* How one agent stands, and what it said when it has ended. */
static void
tell_agent(struct runner *r, const char *id, size_t room, struct buf *out,
    unsigned *labels)
{
	struct session s;
	const char *text;
	struct err e;

	if (session_read(r->s->root, id, true, &s, &e) < 0) {
		buf_printf(out, "%s is gone\n", id);
		return;
	}
	buf_printf(out, "%s%s%s: %s", id, s.info.name == NULL ? "" : " ",
	    s.info.name == NULL ? "" : s.info.name,
	    agent_status_name(s.state.status));
	if (wait_is_end(&s.state)) {
		text = s.state.report != NULL ? s.state.report : s.state.text;
		text = text == NULL ? "" : text;
		buf_printf(out, "\n%.*s",
		    (int)utf8_cut(text, strlen(text), room), text);
		*labels |= s.state.labels;
	}
	buf_putc(out, '\n');
	session_close(&s);
}

static void
tell(struct runner *r, const struct wait *w, enum wait_end how,
    struct tool_result *out)
{
	size_t i;

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
		tell_agent(r, w->agents[i], SAID_MOST / w->agent_count,
		    &out->text, &out->labels);
	if (out->text.len > 0)
		out->text.len--; /* the newline */
}

static int
end_wait(struct runner *r, const struct call *c, enum wait_end how,
    const struct moment *now, struct err *e)
{
	struct tool_result res;
	int got;

	tool_result_init(&res);
	tell(r, c->wait, how, &res);
	res.ns = now->now > c->time ? now->now - c->time : 0;
	secrets_scrub_buf(r->s->root->secrets, &res.text);
	got = callrecord_result(r, c, NULL, &res, e);
	tool_result_free(&res);
	return got;
}

int
waiting_step(struct runner *r, struct err *e)
{
	const struct state *s = &r->s->state;
	struct moment now;
	enum wait_end how;
	size_t i;

	if (state_waiting(s) == NULL)
		return 0;
	moment_take(last_time(r), &now);
	for (i = 0; i < s->call_count; i++) {
		if (s->calls[i].phase != CALL_WAITS)
			continue;
		how = wait_look(s, s->calls[i].wait, &now, has_ended, r);
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
	struct moment now;
	size_t i;

	if (state_waiting(s) == NULL)
		return CLOCK_NEVER;
	moment_take(last_time(r), &now);
	for (i = 0; i < s->call_count; i++) {
		if (s->calls[i].phase != CALL_WAITS)
			continue;
		if (wait_look(s, s->calls[i].wait, &now, has_ended, r) !=
		    WAIT_ON)
			return 0;
		left = wait_left(s->calls[i].wait, &now);
		least = left < least ? left : least;
	}
	return least <= STAY_MOST ? least : CLOCK_NEVER;
}
