#include "agent/attend.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/authority.h"
#include "agent/lease.h"
#include "agent/spend.h"
#include "base/file.h"
#include "base/mem.h"

/* A timer and not inotify(7), which does not see other hosts' writes. */
#define PERIOD (100 * CLOCK_MILLI)

void
attend_close(struct attend *a)
{
	fd_cleanup(&a->fd);
	fd_cleanup(&a->timer);
}

int
attend_open(const struct runner *r, struct attend *out, struct err *e)
{
	const struct itimerspec every = {{0, PERIOD}, {0, PERIOD}};
	struct attend a = {epoll_create1(EPOLL_CLOEXEC),
	    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
	struct epoll_event in = {.events = EPOLLIN};
	int stop = r->opt->stop_fd;

	if (a.fd < 0 || a.timer < 0 ||
	    timerfd_settime(a.timer, 0, &every, NULL) < 0 ||
	    epoll_ctl(a.fd, EPOLL_CTL_ADD, a.timer, &in) < 0 ||
	    (stop >= 0 && epoll_ctl(a.fd, EPOLL_CTL_ADD, stop, &in) < 0)) {
		attend_close(&a);
		return err_set(e, EX_OSERR, errno, "cannot wait for calls");
	}
	*out = a;
	return 0;
}

/* What native code may reach is all in its sandbox: it rests on every grant
 * that made it. */
static bool
rests_on(const struct plan *p, const struct grant *g)
{
	return g->effect != GRANT_DENY &&
	       (callgrants_has(&p->uses, g->id) || g->kind == GRANT_FILE ||
		   g->kind == GRANT_NET);
}

/* The grant that this call rested on and that was revoked since the record
 * `since`, or NULL. */
static const struct grant *
lost(const struct runner *r, const struct plan *p, int64_t since)
{
	const struct policy *q;
	size_t i;

	for (q = &r->s->state.policy; q != NULL; q = q->above)
		for (i = 0; i < q->count; i++)
			if (q->grants[i].revoked >= since &&
			    rests_on(p, &q->grants[i]))
				return &q->grants[i];
	return NULL;
}

static void
end_call(struct plan *p, const char *why)
{
	char *text CLEANUP_FREE = mem_printf(
	    "ended while it ran: %s; what it had done by then stays", why);
	struct wrote wrote = p->run.wrote;

	p->result.labels = p->run.labels;
	p->run.wrote = (struct wrote){0};
	tool_cancel(&p->run);
	p->result.took = p->run.took;
	wrote_find(&wrote, p->result.labels, &p->result.wrote);
	wrote_free(&wrote);
	p->started = false;
	plan_settle(p, TOOL_DENIED, text);
}

static int
end_lost(struct runner *r, struct plan *plans, struct tool_run *runs[],
    size_t n, int64_t since)
{
	const struct revocation *v;
	const struct grant *g;
	int count = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		char *why CLEANUP_FREE = NULL;

		g = runs[i] == NULL ? NULL : lost(r, &plans[i], since);
		if (g == NULL)
			continue;
		v = authority_revoked(r->s, g);
		why = mem_printf("grant '%s' was revoked%s%s", g->id,
		    v == NULL || v->because == NULL ? "" : ": ",
		    v == NULL || v->because == NULL ? "" : v->because);
		end_call(&plans[i], why);
		runs[i] = NULL;
		count++;
	}
	return count;
}

static int
end_all(struct plan *plans, struct tool_run *runs[], size_t n, const char *why)
{
	int count = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (runs[i] != NULL) {
			end_call(&plans[i], why);
			runs[i] = NULL;
			count++;
		}
	return count;
}

int
attend_look(struct attend *a, struct runner *r, struct plan *plans,
    struct tool_run *runs[], size_t n, struct err *e)
{
	int64_t since = journal_next(&r->s->journal);
	uint64_t ticks;
	struct err why;
	int got;

	if (runner_stop_asked(r))
		return -2;
	(void)!read(a->timer, &ticks, sizeof(ticks));
	if (lease_lost(r->s->lease))
		return lease_check(r->s->lease, e);
	if (order_drain(r->s, e) < 0)
		return -1;
	if (r->s->state.halt == HALT_KILL)
		return end_all(plans, runs, n, "the agent was killed");
	got = authority_sync(r->s, &why);
	if (got < 0 && why.status == EX_DATAERR)
		return end_all(plans, runs, n, why.msg);
	if (got < 0) {
		*e = why;
		return -1;
	}
	spend_look(r, runs, n);
	return journal_next(&r->s->journal) == since
		   ? 0
		   : end_lost(r, plans, runs, n, since);
}
