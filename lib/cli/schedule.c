#include "cli/schedule.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "agent/due.h"
#include "base/clock.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/jobs.h"
#include "cli/opt.h"
#include "cli/show.h"
#include "cli/stop.h"

/* What others do is seen after so long. */
#define LOOK_EVERY CLOCK_SECOND

struct running {
	const struct schedule *opt;
	struct due_table table;
	struct jobs jobs;
	struct due_agent **queue; /* oldest first */
	size_t next, count, cap;
	int stopped; /* exit status; 0: not */
	bool failed; /* a run of ours did */
	bool limited;
};

/* ---- what is said ------------------------------------------------------------- */

static void
say_json(const struct due_agent *a, const struct job *j)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "agent", a->id);
	jsonw_string(&w, "state", due_word(a));
	if (a->kind == DUE_WAITS)
		jsonw_maybe(&w, "waits", state_waits_for(&a->state));
	if (j != NULL)
		jsonw_integer(&w, "status", j->status);
	if (a->kind == DUE_DAMAGED)
		jsonw_maybe(&w, "error", a->error);
	else if (j != NULL && j->status != 0 && j->said.len > 0)
		jsonw_text(&w, "error", buf_str(&j->said), j->said.len);
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

/* "ID state:waits", and in what a run ended that did not end well. */
static void
say(struct running *r, const struct due_agent *a, const struct job *j)
{
	const char *waits =
	    a->kind == DUE_WAITS ? state_waits_for(&a->state) : NULL;
	bool well = a->kind != DUE_DAMAGED &&
		    (j == NULL || j->status == 0 || j->status == EX_TEMPFAIL);
	struct buf text CLEANUP_BUF = {0};

	if (r->opt->watch == WATCH_JSON) {
		say_json(a, j);
	} else if (!well || r->opt->watch != WATCH_QUIET) {
		buf_printf(&text, " %s%s%s", due_word(a),
		    waits == NULL ? "" : ":", waits == NULL ? "" : waits);
		if (!well && j != NULL)
			buf_printf(&text, " status %d: %s", j->status,
			    buf_str(&j->said));
		else if (!well)
			buf_printf(&text, ": %s", a->error);
		show_line(a->id, buf_str(&text));
	}
	(void)fflush(stdout);
}

/* ---- who is next ----------------------------------------------------------------- */

/* What failed, or did nothing though it was due, would do so again. */
static bool
is_aside(const struct due_agent *a)
{
	return a->failed || (a->aside && a->aside_seq == a->state.seq &&
				a->had_mail == a->mail);
}

static bool
wanted(const struct running *r, const struct due_agent *a, bool first)
{
	if (a->gone || is_aside(a) || jobs_find(&r->jobs, a->id) != NULL)
		return false;
	if (a->kind == DUE_NOW)
		return true;
	return first && !r->opt->due &&
	       (a->kind == DUE_WAITS || a->kind == DUE_PAUSED);
}

static int
oldest_first(const void *a, const void *b)
{
	const struct due_agent *x = *(struct due_agent *const *)a;
	const struct due_agent *y = *(struct due_agent *const *)b;

	if (x->state.time != y->state.time)
		return x->state.time < y->state.time ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* A round: each agent at most once. */
static void
fill(struct running *r, bool first)
{
	struct err e;
	size_t i;

	if (due_scan(&r->table, &e) < 0)
		die_err(&e);
	r->next = r->count = 0;
	for (i = 0; i < r->table.count; i++) {
		if (!wanted(r, &r->table.agent[i], first))
			continue;
		mem_room(
		    &r->queue, r->count, &r->cap, sizeof(struct due_agent *));
		r->queue[r->count++] = &r->table.agent[i];
	}
	if (r->count > 0)
		qsort(r->queue, r->count, sizeof(struct due_agent *),
		    oldest_first);
}

/* Others may have run it since the round began. */
static void
start_some(struct running *r, bool first)
{
	struct due_agent *a;
	struct err e;

	while (r->next < r->count && jobs_room(&r->jobs)) {
		a = r->queue[r->next++];
		due_look(&r->table, a);
		if (!wanted(r, a, first))
			continue;
		a->was_due = a->kind == DUE_NOW;
		a->had_mail = a->mail;
		if (jobs_start(&r->jobs, a->id, a->state.seq, r->opt->pass,
			r->opt->pass_count, &e) < 0)
			die_err(&e);
	}
}

/* ---- how one ended ------------------------------------------------------------------ */

static void
ended(struct running *r, const struct job *j)
{
	struct due_agent *a = NULL;
	size_t i;

	for (i = 0; i < r->table.count; i++)
		if (strcmp(r->table.agent[i].id, j->id) == 0)
			a = &r->table.agent[i];
	if (a == NULL)
		return;
	due_look(&r->table, a);
	say(r, a, j);
	if (j->status == EX_LIMIT)
		r->limited = true;
	else if (j->status != 0 && j->status != EX_TEMPFAIL)
		r->failed = true;
	a->failed = j->status != 0 && j->status != EX_NO &&
		    j->status != EX_TEMPFAIL && j->status != EX_LIMIT;
	a->aside = a->was_due;
	a->aside_seq = j->seq;
}

static void
stop(struct running *r)
{
	r->stopped = stop_status(r->opt->stop_fd);
	r->next = r->count;
	jobs_signal(&r->jobs, SIGTERM);
}

/* Until a job ended, or it is time to look again. */
static void
pause_for(struct running *r, int64_t until)
{
	struct job done;
	struct err e;
	int got;

	got = jobs_wait(
	    &r->jobs, r->stopped != 0 ? -1 : r->opt->stop_fd, until, &done, &e);
	if (got < 0)
		die_err(&e);
	if (got == 2) {
		stop(r);
	} else if (got == 1) {
		ended(r, &done);
		job_free(&done);
	}
}

/* When the next timer is over, at most a second from now. */
static int64_t
next_look(const struct running *r)
{
	int64_t least = LOOK_EVERY;
	size_t i;

	for (i = 0; i < r->table.count; i++)
		if (r->table.agent[i].kind == DUE_WAITS &&
		    r->table.agent[i].left < least)
			least = r->table.agent[i].left;
	return clock_deadline(least < 0 ? 0 : least);
}

static void
rounds(struct running *r)
{
	bool first = true;

	fill(r, first);
	for (;;) {
		start_some(r, first);
		if (r->next == r->count && r->opt->until_idle &&
		    r->stopped == 0 && jobs_room(&r->jobs)) {
			first = false;
			fill(r, first);
			if (r->count > 0)
				continue;
		}
		if (jobs_idle(&r->jobs) && r->next == r->count)
			return;
		pause_for(r, next_look(r));
	}
}

/* ---- how it all ended ------------------------------------------------------------------- */

static int
status_of(struct running *r)
{
	bool waits = false, damaged = false;
	struct due_agent *a;
	char *ring = NULL;
	struct err e;
	size_t i, n;

	if (due_scan(&r->table, &e) < 0)
		die_err(&e);
	for (i = 0; i < r->table.count; i++) {
		a = &r->table.agent[i];
		if (a->gone)
			continue;
		if (a->kind == DUE_DAMAGED) {
			say(r, a, NULL);
			damaged = true;
		}
		waits = waits || a->kind == DUE_RUNNING ||
			a->kind == DUE_WAITS ||
			(a->kind == DUE_NOW && !a->failed);
	}
	n = due_stuck(&r->table, &ring);
	if (n > 0)
		warn_msg(
		    "%zu agents wait for each other for ever: %s", n, ring);
	free(ring);
	if (waits)
		return EX_TEMPFAIL;
	if (damaged)
		return EX_DATAERR;
	if (r->failed)
		return EX_NO;
	return r->limited ? EX_LIMIT : 0;
}

int
schedule_run(struct root *root, const struct schedule *opt)
{
	struct running r = {.opt = opt, .table.root = root};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int status;

	jobs_init(&r.jobs, opt->jobs > 0    ? (size_t)opt->jobs
			   : processors > 0 ? (size_t)processors
					    : 1);
	rounds(&r);
	status = r.stopped != 0 ? r.stopped : status_of(&r);
	jobs_free(&r.jobs);
	due_free(&r.table);
	free(r.queue);
	return status;
}
