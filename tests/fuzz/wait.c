/*
 * What a call waits for, as a record has it: it is written as one that reads
 * the same, and ends, if ever, at no other time.
 */
#include <assert.h>
#include <string.h>

#include "agent/wait.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
nobody(void *arg, const char *id)
{
	(void)arg;
	(void)id;
	return false;
}

static void
check(const struct wait *a, const struct wait *b)
{
	const struct moment early = {.now = 1, .clock = 1, .uptime = 1};
	const struct moment late = {.now = INT64_MAX, .clock = INT64_MAX};
	struct state s;

	assert(a->agent_count == b->agent_count && a->mail == b->mail);
	assert(a->until == b->until && a->clock == b->clock);
	assert(wait_left(a, &early) == wait_left(b, &early));
	state_init(&s);
	assert(wait_look(&s, a, &early, nobody, NULL) ==
	       wait_look(&s, b, &early, nobody, NULL));
	assert(
	    a->until == 0 || wait_look(&s, a, &late, nobody, NULL) != WAIT_ON);
	state_free(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *body CLEANUP_JSON = NULL, *again CLEANUP_JSON = NULL;
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};
	struct wait *a, *b;
	struct err e;

	if (json_parse((const char *)data, size, &body, &e) < 0)
		return 0;
	a = wait_read(body);
	if (a == NULL)
		return 0;
	jsonw_object(&w, NULL);
	wait_write(&w, NULL, a);
	jsonw_end(&w, '}');
	assert(json_parse(buf_str(&out), out.len, &again, &e) == 0);
	b = wait_read(again);
	assert(b != NULL);
	check(a, b);
	wait_free(a);
	wait_free(b);
	return 0;
}
