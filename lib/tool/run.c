/* Calls under way, until there is a result. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "tool/process.h"
#include "tool/stream.h"

#define RUN_GRACE (2 * CLOCK_SECOND) /* between SIGTERM and SIGKILL */
#define RUN_FDS   3                  /* that are watched of each */

void
tool_result_init(struct tool_result *r)
{
	memset(r, 0, sizeof(*r));
	r->exit = -1;
}

void
tool_result_free(struct tool_result *r)
{
	buf_free(&r->text);
	buf_free(&r->net);
	labelled_free(&r->wrote);
}

void
tool_account(struct tool_run *run)
{
	struct account now;

	account_look(run->child.pid, &now);
	account_most(&run->took, &now);
}

/* Nobody waits for what a killed init leaves: it is seen now or never. */
static void
run_kill(struct tool_run *run)
{
	tool_account(run);
	spawn_kill(&run->child);
}

/* Take what has come, and end what prints without end. */
static void
run_read(struct tool_run *run)
{
	stream_read(&run->out);
	stream_read(&run->complaint);
	if (!run->flooded &&
	    run->out.bytes + run->complaint.bytes > TOOL_FLOOD) {
		run->flooded = true;
		run_kill(run);
	}
}

/* Everything that is left in pipes whose writers are dead. */
static void
run_drain(struct tool_run *run)
{
	uint64_t before;

	do {
		before = run->out.bytes + run->complaint.bytes;
		stream_read(&run->out);
		stream_read(&run->complaint);
	} while (run->out.bytes + run->complaint.bytes != before);
}

/* Do what is due; the next time at which something will be. */
static int64_t
run_tick(struct tool_run *run, int64_t now)
{
	if (!run->timed_out && now >= run->deadline) {
		run->timed_out = true;
		run->grace = now + RUN_GRACE;
		run->deadline = CLOCK_NEVER;
		spawn_terminate(&run->child);
	}
	if (now >= run->grace) {
		run->grace = CLOCK_NEVER;
		run_kill(run);
	}
	return run->deadline < run->grace ? run->deadline : run->grace;
}

/* poll(2) passes over entries that are -1. */
static int64_t
watch(struct tool_run *const runs[], size_t n, int stop_fd, struct pollfd *p)
{
	int64_t next = CLOCK_NEVER, due;
	size_t i;

	p[0] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
	for (i = 0; i < n; i++) {
		struct tool_run *r = runs[i];
		struct pollfd *at = p + 1 + RUN_FDS * i;

		at[0] = (struct pollfd){
		    .fd = r == NULL ? -1 : r->out.fd, .events = POLLIN};
		at[1] = (struct pollfd){
		    .fd = r == NULL ? -1 : r->complaint.fd, .events = POLLIN};
		at[2] = (struct pollfd){
		    .fd = r == NULL ? -1 : r->child.pidfd, .events = POLLIN};
		if (r == NULL)
			continue;
		due = run_tick(r, clock_mono());
		if (due < next)
			next = due;
	}
	return next;
}

int
tool_poll(struct tool_run *const runs[], size_t n, int stop_fd, struct err *e)
{
	size_t count = 1 + RUN_FDS * n, i;
	struct pollfd *p CLEANUP_FREE = mem_new(count, sizeof(*p));
	int64_t next;

	for (;;) {
		next = watch(runs, n, stop_fd, p);
		if (poll(p, (nfds_t)count, clock_poll_ms(next)) < 0 &&
		    errno != EINTR)
			return err_set(e, EX_OSERR, errno, "cannot poll");
		if (p[0].revents != 0)
			return -2;
		for (i = 0; i < n; i++) {
			if (runs[i] == NULL)
				continue;
			if (p[1 + RUN_FDS * i].revents != 0 ||
			    p[2 + RUN_FDS * i].revents != 0)
				run_read(runs[i]);
			if (p[3 + RUN_FDS * i].revents != 0)
				return (int)i;
		}
	}
}

/* What we add stands on a line of its own. */
static struct buf *
new_line(struct buf *b)
{
	if (b->len > 0 && b->data[b->len - 1] != '\n')
		buf_putc(b, '\n');
	return b;
}

/* What the end of its processes says of a call. */
static void
judge(const struct tool_run *run, const struct child_end *end,
    struct tool_result *out)
{
	bool ours = run->tool->kind == TOOL_INSIDE;

	if (!ours)
		out->exit = end->status;
	out->status = end->status == 0 ? TOOL_OK : TOOL_FAILED;
	if (end->status != 0 && run->complaint.bytes > 0) {
		if (out->text.len > 0)
			buf_puts(new_line(&out->text), "[stderr]\n");
		stream_text(&run->complaint, &out->text);
	}
	if (run->flooded) {
		out->status = TOOL_FAILED;
		buf_printf(new_line(&out->text),
		    "[ended: it printed more than %d MiB]",
		    (int)(TOOL_FLOOD >> 20));
	} else if (run->timed_out) {
		out->status = TOOL_TIMEOUT;
		if (run->over != NULL)
			buf_printf(new_line(&out->text),
			    "[ended: the %s of the run is up]", run->over);
		else
			buf_printf(new_line(&out->text),
			    "[ended: it ran longer than %" PRId64 " s]",
			    run->timeout / CLOCK_SECOND);
	} else if (end->status != 0 && (!ours || end->status != 1)) {
		buf_printf(new_line(&out->text), "[exit status %d%s%s]",
		    end->status, end->signal == 0 ? "" : ": ",
		    end->signal == 0 ? "" : sigdescr_np(end->signal));
	}
}

/* Nothing of what a call told that met something denied goes on. */
static void
look_again(const struct tool_run *run, struct tool_result *out)
{
	struct buf why CLEANUP_BUF = {0};

	if (!guard_check(&run->guard, run->quarantine, &why))
		return;
	out->status = TOOL_DENIED;
	out->exit = -1;
	buf_clear(&out->text);
	text_clean(&out->text, buf_str(&why), why.len);
	buf_puts(&out->text, "; the output of the call is withheld");
}

static void
tell_hidden(const struct tool_run *run, struct buf *text)
{
	if (run->hidden > 0)
		buf_printf(new_line(text),
		    "[%zu labelled %s hidden from this call: name it in the "
		    "arguments to use it]",
		    run->hidden, run->hidden == 1 ? "path is" : "paths are");
}

void
tool_finish(struct tool_run *run, struct tool_result *out)
{
	struct child_end end = {0};
	struct err e = {0};
	int r;

	tool_result_init(out);
	fd_cleanup(&run->go);
	r = child_wait(&run->child, &end, &e);
	account_most(&run->took, &end.took);
	out->took = run->took;
	out->labels = run->labels;
	wrote_find(&run->wrote, run->labels, &out->wrote);
	proxy_finish(&run->net, run->meter, &out->net);
	run_drain(run);
	stream_text(&run->out, &out->text);
	out->ns = clock_mono() - run->started;
	if (r == 0) {
		judge(run, &end, out);
	} else {
		out->status = TOOL_FAILED;
		buf_printf(new_line(&out->text), "[cannot run it: %s]", e.msg);
	}
	tell_hidden(run, &out->text);
	look_again(run, out);
	run_release(run);
}

void
tool_cancel(struct tool_run *run)
{
	struct buf why CLEANUP_BUF = {0};
	struct child_end end = {0};
	struct err e;

	run_kill(run);
	(void)child_wait(&run->child, &end, &e);
	account_most(&run->took, &end.took);
	(void)guard_check(&run->guard, run->quarantine, &why);
	run_release(run);
}
