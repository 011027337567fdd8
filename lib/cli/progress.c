#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cc.h"

void
progress_start(struct progress *p, const char *what, int64_t total)
{
	*p = (struct progress){.what = what,
	    .total = total,
	    .started = clock_mono(),
	    .terminal = isatty(STDERR_FILENO) == 1};
}

void
progress_add(void *arg, int64_t bytes)
{
	struct progress *p = arg;
	int64_t now;

	p->done += bytes;
	if (!p->terminal)
		return;
	now = clock_mono();
	if (now - p->started < CLOCK_SECOND ||
	    now - p->shown < CLOCK_SECOND / 10)
		return;
	p->shown = now;
	fprintf(stderr, "\r%s %lld MiB", p->what, (long long)(p->done >> 20));
	if (p->total > 0)
		fprintf(stderr, " of %lld", (long long)(p->total >> 20));
	fprintf(stderr, ", %lld MiB/s \033[K",
	    (long long)((p->done >> 20) * 1000 /
			((now - p->started) / CLOCK_MILLI + 1)));
}

void
progress_end(struct progress *p)
{
	if (p->shown != 0)
		fprintf(stderr, "\r\033[K");
}
