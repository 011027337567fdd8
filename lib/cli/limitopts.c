#include "cli/limitopts.h"

#include "base/num.h"
#include "cli/value.h"

bool
limitopts_take(
    const struct program *p, int letter, const char *v, struct limits *l)
{
	switch (letter) {
	case LIMITOPT_BYTES:
		l->bytes = value_size(p, "max-bytes", v, INT64_MAX / 4);
		return true;
	case LIMITOPT_CALLS:
		l->tool_calls = value_integer(p, "max-tool-calls", v);
		return true;
	case LIMITOPT_CHILDREN:
		limits_set(
		    l, BUDGET_CHILDREN, value_count(p, "max-children", v));
		return true;
	case LIMITOPT_COST:
		if (num_money(v, &l->cost) < 0 || l->cost == 0)
			die_usage(p, "--max-cost: '%s' is no amount", v);
		return true;
	case LIMITOPT_CPU:
		l->cpu_ns = value_duration(p, "max-cpu", v);
		return true;
	case LIMITOPT_TIME:
		l->time_ns = value_duration(p, "max-time", v);
		return true;
	case LIMITOPT_TOKENS:
		l->tokens = value_integer(p, "max-tokens", v);
		return true;
	case LIMITOPT_TURNS:
		l->turns = value_integer(p, "max-turns", v);
		return true;
	default:
		return false;
	}
}
