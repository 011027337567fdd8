/*
 * Telling somebody of new requests: a program is run for each, one at a time,
 * while the agent goes on.  That it ran is recorded once it has ended, so a
 * run that dies meanwhile leads to another call: at least once, and the
 * request's id tells which.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "agent/request.h"
#include "agent/runner.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "model/command.h"

#define NOTIFY_TIME (10 * CLOCK_SECOND)

static const struct request *
next_request(const struct runner *r)
{
	const struct state *s = &r->s->state;
	size_t i;

	for (i = 0; r->opt->notify != NULL && i < s->request_count; i++)
		if (!s->requests[i].notified)
			return &s->requests[i];
	return NULL;
}

static int
stage_note(struct runner *r, const char *request, int status, const char *why,
    struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "note", "notified");
	jsonw_string(&w, "request", request);
	jsonw_integer(&w, "status", status);
	jsonw_maybe(&w, "why", why);
	jsonw_end(&w, '}');
	if (runner_stage(r, RECORD_NOTE, &body, e) < 0)
		return -1;
	return session_commit(r->s, e);
}

/* Nothing of our environment but what programs of ours need. */
static void
make_env(const struct runner *r, char *env[8])
{
	static const char *const keep[] = {
	    "PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ"};
	size_t i, n = 0;

	for (i = 0; i < COUNT_OF(keep); i++)
		if (getenv(keep[i]) != NULL)
			env[n++] =
			    mem_printf("%s=%s", keep[i], getenv(keep[i]));
	env[n++] = mem_printf("AGENT_ROOT=%s", r->s->root->path);
	env[n] = NULL;
}

static int
make_input(struct runner *r, const struct request *q, int *fd, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct jsonw w = {.out = &text};

	jsonw_object(&w, NULL);
	request_members(q, r->s->info.id, &w);
	jsonw_end(&w, '}');
	return command_stdin((struct slice){text.data, text.len}, fd, e);
}

static int
run(struct runner *r, const struct request *q, struct err *e)
{
	int in CLEANUP_FD = -1;
	int out CLEANUP_FD = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char *env[8] = {NULL};
	struct command c;
	size_t i;
	int got;

	if (out < 0)
		return err_set(e, EX_OSERR, errno, "cannot open '/dev/null'");
	if (command_parse(r->opt->notify, &c, e) < 0)
		return -1;
	make_env(r, env);
	c.env = env;
	command_add(&c, q->id);
	got = make_input(r, q, &in, e);
	if (got == 0)
		got = command_start(&c, in, out, &r->notify.program, e);
	for (i = 0; env[i] != NULL; i++)
		free(env[i]);
	command_free(&c);
	return got;
}

/* The request has to be durable before anybody is told of it. */
static int
begin(struct runner *r, const struct request *q, struct err *e)
{
	char *id CLEANUP_FREE = mem_strdup(q->id);
	struct notifying *n = &r->notify;
	struct err why;

	if (session_commit(r->s, e) < 0)
		return -1;
	if (run(r, q, &why) < 0)
		return stage_note(r, id, why.status, why.msg, e);
	n->pidfd = pidfd_open(n->program.pid, 0);
	n->request = mem_strdup(id);
	n->deadline = clock_deadline(NOTIFY_TIME);
	if (n->pidfd >= 0)
		return 0;
	notify_stop(r);
	return err_set(e, EX_OSERR, errno, "cannot watch a process");
}

void
notify_stop(struct runner *r)
{
	if (r->notify.request == NULL)
		return;
	(void)command_end(&r->notify.program);
	fd_cleanup(&r->notify.pidfd);
	free(r->notify.request);
	r->notify = (struct notifying){0};
}

bool
notify_busy(const struct runner *r)
{
	return r->notify.request != NULL || next_request(r) != NULL;
}

static bool
has_ended(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/* Has it ended?  Late ones are. */
static int
reap(struct runner *r, struct err *e)
{
	struct notifying *n = &r->notify;
	bool late = clock_mono() >= n->deadline;
	char *id CLEANUP_FREE = NULL;
	int status;

	if (!late && !has_ended(n->pidfd))
		return 0;
	id = mem_strdup(n->request);
	status = command_end(&n->program);
	fd_cleanup(&n->pidfd);
	free(n->request);
	*n = (struct notifying){0};
	return stage_note(r, id, late ? EX_DEADLINE : status,
	    late ? "it took too long" : NULL, e);
}

int
notify_step(struct runner *r, struct err *e)
{
	const struct request *q;

	if (r->notify.request != NULL && reap(r, e) < 0)
		return -1;
	if (r->notify.request != NULL)
		return 0;
	q = next_request(r);
	return q == NULL ? 0 : begin(r, q, e);
}

int
notify_check(const char *line, struct err *e)
{
	struct command c;

	if (line == NULL)
		return 0;
	if (command_parse(line, &c, e) < 0)
		return err_wrap(e, "--notify");
	command_free(&c);
	return 0;
}
