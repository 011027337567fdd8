/*
 * A file of rules: what is refused is refused with 78 and its line; what is
 * taken says the same again.  Patterns: two stars match everything, every
 * pattern overlaps itself, and overlapping is mutual.
 */
#include <assert.h>
#include <string.h>

#include "agent/gate.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_patterns(const char *text, size_t size)
{
	char *half CLEANUP_FREE = mem_dup(text, size / 2);
	char *rest CLEANUP_FREE = mem_dup(text + size / 2, size - size / 2);

	if (size > 512)
		return;
	assert(gate_glob("**", rest, strlen(rest)));
	assert(gate_overlap(half, half));
	assert(gate_overlap(half, rest) == gate_overlap(rest, half));
	if (strpbrk(half, "*?") == NULL)
		assert(gate_glob(half, rest, strlen(rest)) ==
		       (strcmp(half, rest) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gate g = {0}, again = {0};
	struct err e = {0};
	size_t i;

	if (gate_add_file(&g, (const char *)data, size, "rules", &e) < 0) {
		assert(e.status == EX_CONFIG);
		assert(strncmp(e.msg, "rules:", 6) == 0);
	}
	for (i = 0; i < g.count; i++) {
		assert(gate_add(&again, g.rule[i].text, &e) == 0);
		assert(again.rule[i].kind == g.rule[i].kind);
		assert(again.rule[i].number == g.rule[i].number);
		assert(strcmp(again.rule[i].text, g.rule[i].text) == 0);
	}
	gate_free(&g);
	gate_free(&again);
	try_patterns((const char *)data, size);
	return 0;
}
