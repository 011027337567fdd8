#include "agent/spend.h"

#include "agent/allot.h"

static int64_t
bytes_of(const struct runner *r, const struct account *a)
{
	return r->disk ? a->written : a->handed;
}

void
spend_deadline(struct runner *r)
{
	const struct state *s = &r->s->state;
	int64_t left = allot_left(s, BUDGET_TIME);
	int64_t since = journal_now(&r->s->journal) - s->time;

	if (left == INT64_MAX)
		r->deadline = CLOCK_NEVER;
	else
		r->deadline = clock_deadline(left > since ? left - since : 0);
}

/* What is up, or NULL. */
static const char *
met(const struct runner *r, struct tool_run *runs[], size_t n)
{
	const struct state *s = &r->s->state;
	int64_t cpu = 0, bytes = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (runs[i] == NULL)
			continue;
		tool_account(runs[i]);
		cpu += runs[i]->took.cpu_ns;
		bytes += bytes_of(r, &runs[i]->took);
	}
	if (cpu > allot_left(s, BUDGET_CPU))
		return budget_name(BUDGET_CPU);
	if (bytes > allot_left(s, BUDGET_BYTES))
		return "room to write";
	return NULL;
}

void
spend_look(struct runner *r, struct tool_run *runs[], size_t n)
{
	const struct state *s = &r->s->state;
	const char *why;
	size_t i;

	if (allot_left(s, BUDGET_CPU) == INT64_MAX &&
	    allot_left(s, BUDGET_BYTES) == INT64_MAX)
		return;
	why = met(r, runs, n);
	for (i = 0; why != NULL && i < n; i++)
		if (runs[i] != NULL && !runs[i]->timed_out) {
			runs[i]->over = why;
			runs[i]->deadline = clock_mono();
		}
}

void
spend_lost(struct runner *r, const struct tool_run *run)
{
	r->lost.cpu_ns += run->took.cpu_ns;
	r->lost.written += run->took.written;
	r->lost.handed += run->took.handed;
}

void
spend_write(struct jsonw *w, const struct runner *r, const struct account *took)
{
	int64_t bytes = bytes_of(r, took);

	if (took->cpu_ns > 0)
		jsonw_integer(
		    w, "cpu_us", took->cpu_ns / (CLOCK_SECOND / 1000000));
	if (bytes > 0)
		jsonw_integer(w, "bytes", bytes);
}

void
spend_write_lost(struct jsonw *w, const struct runner *r)
{
	if (r->lost.cpu_ns == 0 && bytes_of(r, &r->lost) == 0)
		return;
	jsonw_object(w, "lost");
	spend_write(w, r, &r->lost);
	jsonw_end(w, '}');
}
