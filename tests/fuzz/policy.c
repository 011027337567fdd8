/*
 * The bytes are a policy and, after a line "?", a right and a resource.  A
 * policy that fails adds nothing; a decision is one that its winner explains:
 * no winner is a denial, and no grant that denies is passed over.
 */
#include <assert.h>

#include "base/mem.h"
#include "grant/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_decision(const struct policy *p, const struct grant_query *q)
{
	struct verdict all[RIGHT_BITS];
	struct grant_query every = *q;
	struct decision d;
	bool denied = false, matched = false;
	size_t i;

	policy_decide(p, q, &d);
	for (i = 0; i < p->count; i++) {
		if (!grant_matches(&p->grants[i], q))
			continue;
		matched = true;
		if (p->grants[i].effect == GRANT_DENY)
			denied = true;
	}
	assert(matched == (d.winner != NULL));
	assert(matched || d.verdict == GRANT_DENY);
	assert(!denied || d.verdict == GRANT_DENY);
	assert(d.winner == NULL || d.verdict <= d.winner->effect);
	assert(d.winner == NULL || grant_matches(d.winner, q));
	every.right = (1U << RIGHT_BITS) - 1;
	policy_verdicts(p, &every, all);
	for (i = 0; i < RIGHT_BITS; i++)
		if (q->right == 1U << i)
			assert(all[i].effect == d.verdict &&
			       all[i].winner == d.winner);
	assert(memchr(d.why, '\0', sizeof(d.why)) != NULL);
}

static void
ask(const struct policy *p, char *line)
{
	struct grant_query q = {.workspace = "/srv/dir", .now = 1000};
	char *resource = strchr(line, ' ');
	const char *body;

	line[strcspn(line, "\n")] = '\0';
	resource = strchr(line, ' ');
	if (resource == NULL)
		return;
	*resource++ = '\0';
	q.right = grant_right(line);
	if (grant_split(resource, &q.kind, &body) < 0)
		return;
	q.resource = body;
	check_decision(p, &q);
	q.labels = LABEL_TAINTED | LABEL_SECRET;
	q.tool = "t";
	q.workspace = "/";
	check_decision(p, &q);
	q.workspace = NULL;
	check_decision(p, &q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text CLEANUP_FREE = mem_dup(data, size);
	char *query = memmem(text, size, "\n?\n", 3);
	size_t len = query == NULL ? size : (size_t)(query - text);
	struct policy p;
	struct err e;

	policy_init(&p);
	if (policy_parse(&p, text, len, "p", &e) < 0) {
		assert(e.status == EX_CONFIG && p.count == 0 && !p.base);
		assert(strncmp(e.msg, "p:", 2) == 0);
	} else if (query != NULL) {
		ask(&p, query + 3);
	}
	policy_free(&p);
	return 0;
}
