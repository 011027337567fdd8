/* The verb log. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cli/auditverb.h"
#include "cli/show.h"

static bool
print_new(struct source_walk *w, const struct audit_args *a, bool colour)
{
	struct record rec;
	bool any = false;
	struct err e;
	int got;

	while ((got = source_walk_next(w, &rec, &e)) == 1) {
		if (a->typed && !a->types[rec.type])
			continue;
		any = true;
		if (a->json)
			show_json(stdout, rec.line.data, rec.line.len);
		else
			show_record(stdout, &rec, colour);
	}
	if (got < 0)
		die_err(&e);
	return any;
}

static void
follow(struct source_walk *w, const struct audit_args *a)
{
	char events[4096];
	struct pollfd out = {.fd = STDOUT_FILENO};
	int watch = inotify_init1(IN_CLOEXEC);

	if (watch < 0 || inotify_add_watch(watch, ".", IN_MODIFY) < 0)
		die(EX_OSERR, "cannot watch '%s': %s", w->source->id,
		    strerror(errno));
	do {
		(void)print_new(w, a, show_colour(stdout));
		if (fflush(stdout) != 0 ||
		    (poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0))
			return; /* nobody reads any more */
	} while (read(watch, events, sizeof(events)) > 0);
}

int
auditverb_log(const struct audit_args *a, char *args[])
{
	struct source s;
	struct source_walk w;
	bool any;

	auditverb_open(a, args[0], &s);
	if (a->follow && !s.live)
		die_usage(a->program, "log: nothing is added to a bundle");
	source_walk_init(&s, &w);
	if (a->follow && fchdir(s.history.dir) == 0)
		follow(&w, a);
	any = print_new(&w, a, show_colour(stdout));
	source_walk_free(&w);
	source_close(&s);
	return any || a->follow ? 0 : EX_NO;
}
