/*
 * A line that parses has a canonical form that parses to the same grant and
 * is its own canonical form; no line makes a decision about another kind.
 */
#include <assert.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "grant/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
check_same(const struct grant *a, const struct grant *b)
{
	const struct grant_limits *x = &a->limits, *y = &b->limits;
	size_t i;

	assert(a->labels == b->labels && x->release == y->release);
	assert(a->effect == b->effect && a->rights == b->rights &&
	       a->kind == b->kind && same_text(a->resource, b->resource));
	assert(x->uses == y->uses && x->for_ns == y->for_ns &&
	       x->until_ns == y->until_ns && x->bytes == y->bytes &&
	       x->delegable == y->delegable && x->wheres == y->wheres &&
	       same_text(x->via, y->via) && same_text(x->with, y->with) &&
	       x->unless_tainted == y->unless_tainted);
	for (i = 0; i < x->wheres; i++)
		assert(x->where[i].op == y->where[i].op &&
		       same_text(x->where[i].arg, y->where[i].arg) &&
		       same_text(x->where[i].value, y->where[i].value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line CLEANUP_FREE = mem_dup(data, size);
	struct grant g, again;
	struct err e;

	if (grant_parse(line, &g, &e) < 0) {
		assert(e.status == EX_CONFIG);
		return 0;
	}
	assert((g.rights != 0) != (g.labels != 0) && g.kind < GRANT_KINDS &&
	       g.resource[0] != '\0');
	if (g.kind == GRANT_FILE || g.kind == GRANT_EXEC)
		assert(strstr(g.resource, "/../") == NULL);
	assert(strpbrk(g.line, "\n\r\t") == NULL);
	assert(utf8_valid(g.line, strlen(g.line)) == strlen(g.line));
	assert(grant_parse(g.line, &again, &e) == 0);
	check_same(&g, &again);
	assert(strcmp(g.line, again.line) == 0);
	grant_free(&g);
	grant_free(&again);
	return 0;
}
