#include "cli/showuse.h"

#include "agent/allot.h"
#include "cli/show.h"

void
showuse_json(struct jsonw *w, const struct state *s)
{
	const struct usage *u = &s->usage;
	struct limits left = {0};

	jsonw_integer(w, "turns", u->turns);
	jsonw_object(w, "usage");
	jsonw_integer(w, "tool_calls", u->tool_calls);
	jsonw_integer(w, "input", u->input);
	jsonw_integer(w, "output", u->output);
	jsonw_integer(w, "cached", u->cached);
	jsonw_integer(w, "seconds", u->time_ns / CLOCK_SECOND);
	jsonw_integer(w, "cpu_milliseconds", u->cpu_ns / CLOCK_MILLI);
	jsonw_integer(w, "bytes", u->bytes);
	jsonw_integer(w, "children", u->children);
	jsonw_end(w, '}');
	jsonw_integer(w, "cost", u->cost);
	limits_write(w, "limits", &s->limits);
	allot_limits_left(s, &left);
	if (!limits_none(&left))
		limits_write(w, "left", &left);
}

static void
amount(enum budget_kind k, int64_t n, char text[32])
{
	char count[16];

	if (k == BUDGET_COST)
		show_money(n, text);
	else if (k == BUDGET_TIME || k == BUDGET_CPU)
		show_time(n, count);
	else
		show_count(n, count);
	if (k != BUDGET_COST)
		(void)snprintf(text, 32, "%s", count);
}

void
showuse_left(const struct state *s, struct buf *out)
{
	static const char *const units[BUDGET_KINDS] = {
	    [BUDGET_TURNS] = "turns",
	    [BUDGET_TOOL_CALLS] = "calls",
	    [BUDGET_TOKENS] = "tokens",
	    [BUDGET_COST] = "cost",
	    [BUDGET_TIME] = "awake",
	    [BUDGET_CPU] = "cpu",
	    [BUDGET_BYTES] = "bytes",
	    [BUDGET_CHILDREN] = "children"};
	const char *sep = "";
	enum budget_kind k;
	char text[32];

	for (k = 0; k < BUDGET_KINDS; k++) {
		if (allot_left(s, k) == INT64_MAX)
			continue;
		amount(k, allot_left(s, k), text);
		buf_printf(out, "%s%s %s", sep, text, units[k]);
		sep = ", ";
	}
	if (sep[0] == '\0')
		buf_putc(out, '-');
}
