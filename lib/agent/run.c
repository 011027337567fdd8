#include "agent/runner.h"

#include <inttypes.h>
#include <poll.h>
#include <sys/stat.h>

#include "agent/answer.h"
#include "agent/authority.h"
#include "agent/post.h"
#include "agent/runckpt.h"
#include "agent/runrecord.h"
#include "agent/spend.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "sandbox/proxy.h"

int
runner_stage(struct runner *r, enum record_type type, const struct buf *body,
    struct err *e)
{
	return session_stage(
	    r->s, type, (struct slice){body->data, body->len}, e);
}

bool
runner_stop_asked(struct runner *r)
{
	struct pollfd p = {.fd = r->opt->stop_fd, .events = POLLIN};

	if (p.fd >= 0 && poll(&p, 1, 0) > 0)
		r->stopped = true;
	return r->stopped;
}

void
run_end_set(
    struct run_end *end, enum agent_status state, int status, const char *why)
{
	end->state = state;
	end->status = status;
	(void)snprintf(end->why, sizeof(end->why), "%s", why);
}

/* ---- the beginning ----------------------------------------------------------- */

int
run_tools(struct session *s, struct launcher *l, struct tool_table *out,
    struct err *e)
{
	size_t i;

	tool_table_init(out);
	for (i = 0; i < s->info.tool_count; i++)
		if (tool_table_add_dir(out, s->info.tools[i], l, e) < 0) {
			tool_table_free(out);
			return -1;
		}
	return 0;
}

static int
load_tools(struct runner *r, struct err *e)
{
	struct buf all CLEANUP_BUF = {0}, clean CLEANUP_BUF = {0};
	struct slice text;

	if (run_tools(r->s, r->launcher, &r->tools, e) < 0)
		return -1;
	tool_table_json(&r->tools, &all);
	text = secrets_scrub_json(
	    r->s->root->secrets, (struct slice){all.data, all.len}, &clean);
	buf_add(&r->tools_json, text.data, text.len);
	digest_of(r->tools_json.data, r->tools_json.len, &r->tools_digest);
	return 0;
}

static int
check_workspace(struct runner *r, struct err *e)
{
	struct stat st;

	if (stat(r->s->workspace, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(e, EX_NOINPUT, 0,
		    "the workspace '%s' is not there", r->s->workspace);
	return 0;
}

/* Values are never stored, so each run has to be given what grants name. */
static int
check_secrets(const struct runner *r, struct err *e)
{
	return proxy_check(&(struct proxy_job){.policy = &r->s->state.policy,
			       .secrets = launcher_secrets(r->launcher)},
	    e);
}

/* ---- the loop --------------------------------------------------------------------- */

/* What others committed meanwhile.  1: what was revoked is not known, and the
 * run ends. */
static int
catch_up(struct runner *r, struct run_end *end, struct err *e)
{
	struct err why;

	if (order_drain(r->s, e) < 0)
		return -1;
	r->letters = post_drain(r->s, &r->dirty, e);
	if (r->letters < 0)
		return -1;
	if (authority_sync(r->s, &why) < 0) {
		if (why.status != EX_DATAERR) {
			*e = why;
			return -1;
		}
		run_end_set(end, AGENT_READY, EX_DATAERR, why.msg);
		return 1;
	}
	return request_expire(r->s, e);
}

/* Answers may still come while somebody is being told of a request; a timer
 * may be over soon. */
static bool
worth_to_stay(struct runner *r, enum action_kind next)
{
	if (r->s->state.halt != HALT_NONE)
		return false;
	if (next == ACT_WAIT && waiting_left(r) != CLOCK_NEVER)
		return true;
	if (next == ACT_WAIT || next == ACT_EXIT)
		return notify_busy(r) || (r->opt->ask == RUN_ASK_WAIT &&
					     state_waits(&r->s->state));
	return next == ACT_MODEL && r->opt->ask == RUN_ASK_WAIT &&
	       state_waits(&r->s->state);
}

/* One step: 1 the run ends, 0 go on, -1. */
static int
step(struct runner *r, struct run_end *end, struct err *e)
{
	struct state *s = &r->s->state;
	struct action act;
	int got;

	if (runner_stop_asked(r)) {
		run_end_set(end, AGENT_READY,
		    r->opt->stop_status(r->opt->stop_fd), "stopped");
		return 1;
	}
	if (launcher_gone(r->launcher)) {
		run_end_set(end, AGENT_READY, EX_TEMPFAIL,
		    "the process that starts calls died: run again");
		return 1;
	}
	got = catch_up(r, end, e);
	if (got != 0)
		return got;
	if (notify_step(r, e) < 0 || waiting_step(r, e) < 0)
		return -1;
	turn_next(s, calls_alone, r, &act);
	if ((act.kind == ACT_WAIT || act.kind == ACT_EXIT) && r->letters > 0)
		return 0; /* there may be more */
	if (worth_to_stay(r, act.kind))
		return runner_pause(r, end, e);
	if (act.kind == ACT_MODEL && runckpt_due(r, false, e) < 0)
		return -1;
	switch (act.kind) {
	case ACT_MODEL:
		return ask_model(r, 1, end, e);
	case ACT_RESEND:
		return ask_model(r, s->attempt + 1, end, e);
	case ACT_TOOLS:
		return calls_make(r, act.from, act.to, e);
	case ACT_RECOVER:
		return recover_call(r, act.from, e);
	default:
		run_end_set(end, act.state, act.status, act.why);
		return 1;
	}
}

/* Is there nothing to do since the last run ended?  Then nothing is written,
 * so that a loop or cron costs nothing. */
static bool
nothing_new(struct runner *r, struct run_end *end)
{
	const struct limits *l = r->opt->limits;
	struct state *s = &r->s->state;
	struct action act;
	size_t i;

	if (r->opt->goal != NULL || s->awake || r->s->journal.count > 0 ||
	    r->letters > 0 || (l != NULL && !limits_none(l)))
		return false;
	for (i = 0; i < s->request_count; i++)
		if (s->requests[i].deadline != 0 &&
		    s->requests[i].deadline <= clock_real())
			return false;
	turn_next(s, calls_alone, r, &act);
	if ((act.kind != ACT_EXIT && act.kind != ACT_WAIT) ||
	    worth_to_stay(r, act.kind))
		return false;
	run_end_set(end, act.state, act.status, act.why);
	return true;
}

/* It is not to be run: then nothing is written either. */
static bool
is_halted(struct runner *r, struct run_end *end)
{
	struct action act;

	if (r->s->state.halt != HALT_PAUSE && r->s->state.halt != HALT_KILL)
		return false;
	turn_next(&r->s->state, calls_alone, r, &act);
	run_end_set(end, act.state, act.status, act.why);
	return true;
}

static int
drive(struct runner *r, struct run_end *end, struct err *e)
{
	struct state *s = &r->s->state;
	int got;

	/* It died between its end and telling of it. */
	if (s->exit_owed != 0 && session_seal(r->s, e) < 0)
		return -1;
	r->disk = account_has_disk(r->s->workspace);
	if (load_tools(r, e) < 0 || check_workspace(r, e) < 0 ||
	    notify_check(r->opt->notify, e) < 0)
		return -1;
	if (order_drain(r->s, e) < 0)
		return -1;
	if (is_halted(r, end))
		return 0;
	r->letters = post_drain(r->s, &r->dirty, e);
	if (r->letters < 0 || authority_sync(r->s, e) < 0)
		return -1;
	if (nothing_new(r, end))
		return 0;
	if (check_secrets(r, e) < 0)
		return -1;
	/* A model that cannot be had leaves no trace. */
	if (model_open(r->opt->model != NULL ? r->opt->model : s->model,
		&r->model, e) < 0)
		return -1;
	if (runrecord_wake(r, e) < 0 || runrecord_limits(r, e) < 0 ||
	    runrecord_goal(r, e) < 0 || runckpt_first(r, e) < 0)
		return -1;
	do {
		spend_deadline(r);
		got = step(r, end, e);
	} while (got == 0);
	notify_stop(r);
	/* The bundle says how the run ended, so it comes behind the exit. */
	if (got < 0)
		return -1;
	/* Who kills it records the end. */
	if ((s->halt != HALT_KILL && runrecord_exit(r->s, r, end, e) < 0) ||
	    runckpt_due(r, true, e) < 0)
		return -1;
	return session_seal(r->s, e);
}

int
run_agent(struct session *s, struct launcher *l, const struct run_options *o,
    struct run_end *end, struct err *e)
{
	struct runner r = {
	    .s = s, .launcher = l, .opt = o, .mail = -1, .nudge = {-1, -1}};
	struct run_end local = {0};
	int got;

	s->journal.on_commit = o->watch.record;
	s->journal.arg = o->watch.arg;
	got = drive(&r, &local, e);
	if (got == 0)
		*end = local;
	tool_table_free(&r.tools);
	buf_free(&r.tools_json);
	model_close(r.model);
	fd_cleanup(&r.mail);
	nudge_close(&r.nudge);
	return got;
}

int
run_call(struct session *s, struct launcher *l, const char *by,
    const char *tool, const char *arguments, int stop_fd,
    struct tool_result *out, struct err *e)
{
	struct run_options o = {.stop_fd = stop_fd};
	struct runner r = {.s = s,
	    .launcher = l,
	    .opt = &o,
	    .by = by,
	    .mail = -1,
	    .nudge = {-1, -1},
	    .deadline = CLOCK_NEVER};
	struct call c = {0};
	int got = -1;

	if (load_tools(&r, e) < 0)
		return -1;
	c.id = mem_printf("u%" PRId64, journal_next(&s->journal));
	c.name = mem_strdup(tool);
	c.arguments = mem_strdup(arguments);
	if (check_workspace(&r, e) == 0 && order_drain(s, e) == 0 &&
	    authority_sync(s, e) >= 0)
		got = calls_make_one(&r, &c, out, e);
	if (got == 0)
		got = session_seal(s, e);
	free(c.id);
	free(c.name);
	free(c.arguments);
	tool_table_free(&r.tools);
	buf_free(&r.tools_json);
	return got;
}
