#include "audit/tally.h"

#include <string.h>

#include "base/mem.h"

static void
free_values(struct map *m)
{
	struct map_entry *entry;
	size_t at = 0;

	while ((entry = map_next(m, &at)) != NULL)
		free(entry->value);
	map_free(m);
}

void
tally_agent(struct tally *t, const char *id)
{
	links_free(&t->links);
	t->links = (struct links){0};
	free_values(&t->asks);
	t->agent = id;
}

void
tally_free(struct tally *t)
{
	enum tally_by by;

	tally_agent(t, NULL);
	for (by = 0; by < TALLY_BYS; by++)
		free_values(&t->parts[by]);
	members_free(&t->members);
	buf_free(&t->name);
}

static struct tally_sums *
part(struct tally *t, enum tally_by by, struct slice name)
{
	void **place;

	if (name.data == NULL)
		name = (struct slice){"?", 1};
	place = map_put(&t->parts[by], name);
	if (*place == NULL)
		*place = mem_new(1, sizeof(struct tally_sums));
	return *place;
}

/* ---- what a record adds --------------------------------------------------- */

/* To all parts that the record is in. */
struct adding {
	struct tally *t;
	const struct record *rec;
	struct tally_sums *to[4];
	size_t count;
};

/* Sums never wrap, whatever a record claims. */
static void
add_one(int64_t *sum, int64_t n)
{
	if (n > 0 && __builtin_add_overflow(*sum, n, sum))
		*sum = INT64_MAX;
}

static void
add(struct adding *a, size_t member, int64_t n)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		add_one((int64_t *)(void *)((char *)a->to[i] + member), n);
}

#define ADD(a, member, n) add((a), offsetof(struct tally_sums, member), (n))

static void
also(struct adding *a, enum tally_by by, struct slice name)
{
	a->to[a->count++] = part(a->t, by, name);
}

static int64_t
in_usage(const struct members *m, const char *key)
{
	struct slice usage = members_get(m, "usage"), v;
	double n;

	if (usage.data == NULL || json_raw(usage, key, &v) < 0 ||
	    !token_number(v, &n) || n < 0 || n > 1e15)
		return 0;
	return (int64_t)n;
}

/* Keep the slowest, sorted. */
static void
slow(struct tally *t, const struct record *rec, bool model, int64_t ns,
    struct slice name)
{
	struct tally_slow s = {.seq = rec->seq, .ns = ns, .model = model};
	size_t at = t->slow_count;

	while (at > 0 && t->slow[at - 1].ns < ns)
		at--;
	if (at == TALLY_SLOW || ns <= 0)
		return;
	if (t->slow_count < TALLY_SLOW)
		t->slow_count++;
	memmove(&t->slow[at + 1], &t->slow[at],
	    (t->slow_count - at - 1) * sizeof(s));
	(void)snprintf(s.agent, sizeof(s.agent), "%s", t->agent);
	(void)snprintf(s.name, sizeof(s.name), "%.*s", (int)name.len,
	    name.data == NULL ? "" : name.data);
	t->slow[at] = s;
}

static void
longest(struct adding *a, int64_t ns)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		if (a->to[i]->longest_ns < ns)
			a->to[i]->longest_ns = ns;
}

static void
model_call(struct adding *a, const struct members *m)
{
	bool retry = members_integer(m, "attempt", 1) > 1;

	if (members_text(m, "model", &a->t->name))
		also(a, TALLY_MODEL,
		    (struct slice){buf_str(&a->t->name), a->t->name.len});
	ADD(a, model_calls, retry ? 0 : 1);
	ADD(a, retries, retry ? 1 : 0);
}

static void
model_reply(struct adding *a, const struct members *m)
{
	struct slice model = {0};
	int64_t ns = 0;

	if (links_model(&a->t->links, members_get(m, "call"), &model))
		ns = a->rec->time - a->t->links.sent;
	also(a, TALLY_MODEL, model);
	ADD(a, replies, 1);
	ADD(a, bad, members_get(m, "bad").data != NULL);
	ADD(a, retries, members_integer(m, "attempts", 1) - 1);
	ADD(a, input, in_usage(m, "input"));
	ADD(a, output, in_usage(m, "output"));
	ADD(a, cached, in_usage(m, "cached"));
	ADD(a, cost, members_integer(m, "cost", 0));
	ADD(a, model_ns, ns);
	slow(a->t, a->rec, true, ns, model);
}

static void
tool_call(struct adding *a, const struct members *m)
{
	struct slice decision = members_get(m, "decision"), verdict;

	if (members_text(m, "tool", &a->t->name))
		also(a, TALLY_TOOL,
		    (struct slice){buf_str(&a->t->name), a->t->name.len});
	ADD(a, tool_calls, 1);
	if (decision.data != NULL &&
	    json_raw(decision, "verdict", &verdict) == 0 && verdict.len == 6 &&
	    memcmp(verdict.data, "\"deny\"", 6) == 0)
		ADD(a, denied, 1);
}

static void
tool_result(struct adding *a, const struct members *m)
{
	struct slice tool = links_tool(&a->t->links, members_get(m, "call"));
	struct slice status = members_word(m, "status");
	double seconds;
	int64_t ns = 0;

	if (members_number(m, "seconds", &seconds) && seconds > 0 &&
	    seconds < 1e9)
		ns = (int64_t)(seconds * (double)CLOCK_SECOND);
	also(a, TALLY_TOOL, tool);
	if (status.len == 2 && memcmp(status.data, "ok", 2) == 0)
		ADD(a, ok, 1);
	else if (status.len == 6 && memcmp(status.data, "failed", 6) == 0)
		ADD(a, failed, 1);
	else if (status.len != 6 || memcmp(status.data, "denied", 6) != 0)
		ADD(a, other, 1);
	ADD(a, tool_ns, ns);
	longest(a, ns);
	slow(a->t, a->rec, false, ns, tool);
}

static void
ask_or_answer(struct adding *a, const struct members *m)
{
	struct slice id = members_get(m, "request");
	int64_t *asked;
	void **place;

	if (id.data == NULL)
		return;
	if (a->rec->type == RECORD_ASK) {
		ADD(a, asked, 1);
		place = map_put(&a->t->asks, id);
		if (*place == NULL)
			*place = mem_new(1, sizeof(*asked));
		*(int64_t *)*place = a->rec->time;
		return;
	}
	asked = map_get(&a->t->asks, id);
	ADD(a, answered, 1);
	if (asked != NULL)
		ADD(a, wait_ns, a->rec->time - *asked);
}

static void
add_record(struct adding *a, const struct members *m)
{
	switch (a->rec->type) {
	case RECORD_MODEL_CALL:
		model_call(a, m);
		break;
	case RECORD_MODEL_REPLY:
		model_reply(a, m);
		break;
	case RECORD_TOOL_CALL:
		tool_call(a, m);
		break;
	case RECORD_TOOL_RESULT:
		tool_result(a, m);
		break;
	case RECORD_ASK:
	case RECORD_ANSWER:
		ask_or_answer(a, m);
		break;
	default:
		break;
	}
}

static void
add_time(struct adding *a)
{
	size_t i;

	for (i = 0; i < a->count; i++) {
		if (a->to[i]->records++ == 0 || a->rec->time < a->to[i]->first)
			a->to[i]->first = a->rec->time;
		if (a->rec->time > a->to[i]->last)
			a->to[i]->last = a->rec->time;
	}
	ADD(a, runs, a->rec->type == RECORD_WAKE);
}

int
tally_record(struct tally *t, const struct record *rec, struct err *e)
{
	struct adding a = {.t = t, .rec = rec, .to = {&t->all}, .count = 1};
	bool body =
	    rec->type == RECORD_MODEL_CALL || rec->type == RECORD_MODEL_REPLY ||
	    rec->type == RECORD_TOOL_CALL || rec->type == RECORD_TOOL_RESULT ||
	    rec->type == RECORD_ASK || rec->type == RECORD_ANSWER;
	char day[CLOCK_TEXT];

	t->members.count = 0;
	if (body && members_read(&t->members, rec->body, e) < 0)
		return err_wrap(e, "record %lld", (long long)rec->seq);
	clock_text(rec->time, day);
	also(&a, TALLY_AGENT, (struct slice){t->agent, strlen(t->agent)});
	also(&a, TALLY_DAY, (struct slice){day, 10});
	links_note(&t->links, rec, &t->members);
	add_record(&a, &t->members);
	add_time(&a);
	return 0;
}

/* ---- parts ---------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	const struct tally_part *p = a, *q = b;

	return strcmp(p->name, q->name);
}

size_t
tally_parts(const struct tally *t, enum tally_by by, struct tally_part **out)
{
	const struct map *m = &t->parts[by];
	struct map_entry *entry;
	size_t at = 0, n = 0;

	*out = mem_new(m->count + 1, sizeof(**out));
	while ((entry = map_next(m, &at)) != NULL)
		(*out)[n++] = (struct tally_part){entry->name, entry->value};
	qsort(*out, n, sizeof(**out), by_name);
	return n;
}
