/* agent-grant's grants: what an agent may do. */
#include <string.h>

#include "agent/session.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/grantverb.h"

int
grantverb_list(const struct grant_args *a, char *operands[])
{
	struct buf line CLEANUP_BUF = {0};
	char id[ULID_TEXT];
	const struct grant *g;
	struct session s;
	struct err e;
	size_t i;

	if (root_find(a->root, operands[0], id, &e) < 0 ||
	    session_read(a->root, id, true, &s, &e) < 0)
		die_err(&e);
	for (i = 0; i < s.state.policy.count; i++) {
		struct jsonw w = {.out = &line};

		g = &s.state.policy.grants[i];
		if (!a->json) {
			printf("%-6s %s\n", g->id, g->line);
			continue;
		}
		buf_clear(&line);
		jsonw_object(&w, NULL);
		jsonw_string(&w, "grant", g->id);
		jsonw_string(&w, "line", g->line);
		jsonw_maybe(&w, "from", g->from);
		jsonw_end(&w, '}');
		printf("%s\n", buf_str(&line));
	}
	session_close(&s);
	return 0;
}

int
grantverb_check(const struct grant_args *a, char *operands[])
{
	char id[ULID_TEXT], *path CLEANUP_FREE = NULL;
	struct grant_query q = {.now = clock_real()};
	struct decision d;
	struct session s;
	const char *body;
	struct err e;

	q.right = grant_right(operands[1]);
	if (q.right == 0)
		die_usage(a->program, "no right '%s'", operands[1]);
	if (grant_split(operands[2], &q.kind, &body) < 0)
		die_usage(
		    a->program, "want KIND:RESOURCE, got '%s'", operands[2]);
	if (root_find(a->root, operands[0], id, &e) < 0 ||
	    session_read(a->root, id, true, &s, &e) < 0)
		die_err(&e);
	if (q.kind == GRANT_FILE) /* by its text alone: nothing is probed */
		body = path = path_join(s.workspace, body);
	q.resource = body;
	q.workspace = s.workspace;
	policy_decide(&s.state.policy, &q, &d);
	printf("%s: %s\n", grant_effect_name(d.verdict), d.why);
	session_close(&s);
	return d.verdict == GRANT_ALLOW ? 0 : EX_NO;
}
