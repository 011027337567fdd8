#include "cli/policy.h"

#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/opt.h"

#define POLICY_MAX ((size_t)1 << 20)

void
policy_arg(struct policy_args *a, const char *effect, const char *value)
{
	if (a->count == COUNT_OF(a->value))
		die(EX_USAGE,
		    "too many grants on the command line; use a file");
	a->effect[a->count] = effect;
	a->value[a->count++] = value;
}

static void
add_file(struct policy *p, const char *path)
{
	struct buf text CLEANUP_BUF = {0};
	struct err e;

	if (file_read(AT_FDCWD, path, POLICY_MAX, &text, &e) < 0 ||
	    policy_parse(p, buf_str(&text), text.len, path, &e) < 0)
		die_err(&e);
}

static void
add_line(struct policy *p, const char *effect, const char *rest)
{
	char *line CLEANUP_FREE = mem_printf("%s %s", effect, rest);
	char *from CLEANUP_FREE = mem_printf("--%s", effect);
	struct err e;

	if (policy_add(p, line, from, &e) < 0) {
		err_wrap(&e, "--%s", effect);
		die_err(&e);
	}
}

/* What this version cannot keep is refused, not passed over. */
static void
check_kept(const struct policy *p)
{
	const struct grant *g;
	size_t i;

	for (i = 0; i < p->count; i++) {
		g = &p->grants[i];
		if (g->kind == GRANT_NET)
			continue;
		if (g->limits.with != NULL)
			die(EX_CONFIG,
			    "%s: 'with' is for grants to the network", g->from);
	}
}

void
policy_args_build(const struct policy_args *a, struct policy *out)
{
	bool file = false;
	size_t i;

	policy_init(out);
	for (i = 0; i < a->count; i++)
		if (a->effect[i][0] == '\0') {
			add_file(out, a->value[i]);
			file = true;
		}
	if (!file) {
		out->base = true;
		policy_add_workspace(out);
	}
	for (i = 0; i < a->count; i++)
		if (a->effect[i][0] != '\0')
			add_line(out, a->effect[i], a->value[i]);
	check_kept(out);
	if (out->base)
		policy_add_base(out);
	policy_given(out, clock_real());
}
