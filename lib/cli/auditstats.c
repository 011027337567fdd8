/* The verb stats. */
#include <inttypes.h>
#include <string.h>

#include "audit/tally.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/auditverb.h"
#include "cli/show.h"

struct counting {
	struct tally tally;
	int64_t agents;
	bool all; /* what an agent has of its ancestors is theirs */
};

static const char *const names[TALLY_BYS] = {
    [TALLY_MODEL] = "model",
    [TALLY_TOOL] = "tool",
    [TALLY_AGENT] = "agent",
    [TALLY_DAY] = "day",
};

/* ---- JSON ----------------------------------------------------------------- */

static void
put_seconds(struct jsonw *w, const char *key, int64_t ns)
{
	char text[40];

	(void)snprintf(text, sizeof(text), "%" PRId64 ".%03d",
	    ns / CLOCK_SECOND, (int)(ns % CLOCK_SECOND / CLOCK_MILLI));
	jsonw_raw(w, key, text, strlen(text));
}

static void
put_sums(struct jsonw *w, const struct tally_sums *s)
{
	const struct {
		const char *key;
		int64_t value;
	} counts[] = {{"records", s->records}, {"runs", s->runs},
	    {"model_calls", s->model_calls}, {"replies", s->replies},
	    {"retries", s->retries}, {"bad", s->bad}, {"input", s->input},
	    {"output", s->output}, {"cached", s->cached}, {"cost", s->cost},
	    {"tool_calls", s->tool_calls}, {"ok", s->ok}, {"failed", s->failed},
	    {"denied", s->denied}, {"other", s->other}, {"asked", s->asked},
	    {"answered", s->answered}};
	const struct {
		const char *key;
		int64_t ns;
	} times[] = {{"model_seconds", s->model_ns},
	    {"tool_seconds", s->tool_ns}, {"longest_seconds", s->longest_ns},
	    {"waited_seconds", s->wait_ns}};
	char first[CLOCK_TEXT], last[CLOCK_TEXT];
	size_t i;

	for (i = 0; i < COUNT_OF(counts); i++)
		jsonw_integer(w, counts[i].key, counts[i].value);
	for (i = 0; i < COUNT_OF(times); i++)
		put_seconds(w, times[i].key, times[i].ns);
	clock_text(s->first, first);
	clock_text(s->last, last);
	jsonw_string(w, "first", first);
	jsonw_string(w, "last", last);
}

static void
put_parts(struct jsonw *w, const struct tally *t, enum tally_by by)
{
	struct tally_part *parts CLEANUP_FREE = NULL;
	char key[16];
	size_t n = tally_parts(t, by, &parts), i;

	(void)snprintf(key, sizeof(key), "%ss", names[by]);
	jsonw_array(w, key);
	for (i = 0; i < n; i++) {
		jsonw_object(w, NULL);
		jsonw_string(w, names[by], parts[i].name);
		put_sums(w, parts[i].sums);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void
put_slow(struct jsonw *w, const struct tally *t)
{
	const struct tally_slow *s;
	size_t i;

	jsonw_array(w, "slowest");
	for (i = 0; i < t->slow_count; i++) {
		s = &t->slow[i];
		jsonw_object(w, NULL);
		jsonw_string(w, "agent", s->agent);
		jsonw_integer(w, "seq", s->seq);
		jsonw_string(w, s->model ? "model" : "tool", s->name);
		put_seconds(w, "seconds", s->ns);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void
print_json(const struct counting *c)
{
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};

	jsonw_object(&w, NULL);
	jsonw_integer(&w, "agents", c->agents);
	put_sums(&w, &c->tally.all);
	put_parts(&w, &c->tally, TALLY_MODEL);
	put_parts(&w, &c->tally, TALLY_TOOL);
	put_slow(&w, &c->tally);
	jsonw_end(&w, '}');
	show_json(stdout, out.data, out.len);
}

static void
print_json_by(const struct tally *t, enum tally_by by)
{
	struct tally_part *parts CLEANUP_FREE = NULL;
	size_t n = tally_parts(t, by, &parts), i;

	for (i = 0; i < n; i++) {
		struct buf out CLEANUP_BUF = {0};
		struct jsonw w = {.out = &out};

		jsonw_object(&w, NULL);
		jsonw_string(&w, names[by], parts[i].name);
		put_sums(&w, parts[i].sums);
		jsonw_end(&w, '}');
		show_json(stdout, out.data, out.len);
	}
}

/* ---- tables --------------------------------------------------------------- */

static void
cell_count(struct table *t, int64_t n)
{
	char text[16];

	show_count(n, text);
	table_add(t, text);
}

static void
cell_money(struct table *t, int64_t n)
{
	char text[32];

	show_money(n, text);
	table_add(t, text);
}

/* Calls are often shorter than a second. */
static void
short_time(int64_t ns, char out[16])
{
	if (ns < 60 * CLOCK_SECOND)
		(void)snprintf(out, 16, "%d.%03ds", (int)(ns / CLOCK_SECOND),
		    (int)(ns % CLOCK_SECOND / CLOCK_MILLI));
	else
		show_time(ns, out);
}

static void
cell_time(struct table *t, int64_t ns)
{
	char text[16];

	short_time(ns, text);
	table_add(t, text);
}

static void
heads(struct table *t, const char *const *head)
{
	for (; *head != NULL; head++)
		table_add(t, *head);
}

static void
models_row(struct table *t, const char *name, const struct tally_sums *s)
{
	table_add(t, name);
	cell_count(t, s->model_calls);
	cell_count(t, s->retries);
	cell_count(t, s->bad);
	cell_count(t, s->input);
	cell_count(t, s->output);
	cell_count(t, s->cached);
	cell_money(t, s->cost);
	cell_time(t, s->model_ns);
}

static void
tools_row(struct table *t, const char *name, const struct tally_sums *s)
{
	table_add(t, name);
	cell_count(t, s->tool_calls);
	cell_count(t, s->ok);
	cell_count(t, s->failed);
	cell_count(t, s->denied);
	cell_count(t, s->other);
	cell_time(t, s->tool_ns);
	cell_time(t, s->longest_ns);
}

static void
both_row(struct table *t, const char *name, const struct tally_sums *s)
{
	table_add(t, name);
	cell_count(t, s->records);
	cell_count(t, s->model_calls);
	cell_count(t, s->retries);
	cell_count(t, s->bad);
	cell_count(t, s->input);
	cell_count(t, s->output);
	cell_money(t, s->cost);
	cell_time(t, s->model_ns);
	cell_count(t, s->tool_calls);
	cell_count(t, s->denied);
	cell_time(t, s->tool_ns);
	cell_time(t, s->wait_ns);
}

static const struct {
	unsigned columns;
	void (*row)(struct table *, const char *, const struct tally_sums *);
	const char *head[16];
} tables[TALLY_BYS] = {
    [TALLY_MODEL] = {9, models_row,
	{"model", "calls", "retries", "bad", "input", "output", "cached",
	    "cost", "time"}},
    [TALLY_TOOL] = {8, tools_row,
	{"tool", "calls", "ok", "failed", "denied", "other", "time",
	    "longest"}},
    [TALLY_AGENT] = {13, both_row,
	{"agent", "records", "calls", "retries", "bad", "input", "output",
	    "cost", "time", "tools", "denied", "time", "waited"}},
    [TALLY_DAY] = {13, both_row,
	{"day", "records", "calls", "retries", "bad", "input", "output", "cost",
	    "time", "tools", "denied", "time", "waited"}},
};

static void
print_table(const struct tally *t, enum tally_by by)
{
	struct tally_part *parts CLEANUP_FREE = NULL;
	struct table rows = {.columns = tables[by].columns, .right = ~1u};
	size_t n = tally_parts(t, by, &parts), i;

	if (n == 0)
		return;
	heads(&rows, tables[by].head);
	for (i = 0; i < n; i++)
		tables[by].row(&rows, parts[i].name, parts[i].sums);
	if (n > 1)
		tables[by].row(&rows, "total", &t->all);
	table_print(&rows, stdout);
}

static void
print_slow(const struct tally *t)
{
	struct table rows = {.columns = 4, .right = 1 | 4};
	char text[32];
	size_t i;

	if (t->slow_count == 0)
		return;
	printf("\nslowest\n");
	for (i = 0; i < t->slow_count; i++) {
		cell_time(&rows, t->slow[i].ns);
		table_add(&rows, t->slow[i].agent);
		(void)snprintf(text, sizeof(text), "%" PRId64, t->slow[i].seq);
		table_add(&rows, text);
		table_add(&rows, t->slow[i].name);
	}
	table_print(&rows, stdout);
}

static void
print_all(const struct counting *c)
{
	const struct tally_sums *s = &c->tally.all;
	char span[16], waited[16];

	show_time(s->last - s->first, span);
	short_time(s->wait_ns, waited);
	printf("%" PRId64 " agent%s, %" PRId64 " runs, %" PRId64
	       " records in %s\n",
	    c->agents, c->agents == 1 ? "" : "s", s->runs, s->records, span);
	if (s->asked > 0)
		printf("%" PRId64 " requests, %" PRId64
		       " answered, waited %s for them\n",
		    s->asked, s->answered, waited);
	printf("\n");
	print_table(&c->tally, TALLY_MODEL);
	if (c->tally.parts[TALLY_TOOL].count > 0)
		printf("\n");
	print_table(&c->tally, TALLY_TOOL);
	print_slow(&c->tally);
}

/* ---- the verb ------------------------------------------------------------- */

static int
count_one(void *arg, struct source *s, struct err *e)
{
	struct counting *c = arg;
	struct source_walk w;
	struct record rec;
	int64_t own = c->all ? auditverb_own(s) : 1;
	int got;

	tally_agent(&c->tally, s->id);
	source_walk_init(s, &w);
	while ((got = source_walk_next(&w, &rec, e)) == 1)
		if (rec.seq >= own && tally_record(&c->tally, &rec, e) < 0) {
			got = -1;
			break;
		}
	source_walk_free(&w);
	if (got == 0)
		c->agents++;
	return got;
}

static enum tally_by
read_by(const struct audit_args *a)
{
	enum tally_by by;

	for (by = 0; a->by != NULL && by < TALLY_BYS; by++)
		if (strcmp(names[by], a->by) == 0)
			return by;
	if (a->by != NULL)
		die_usage(a->program, "--by: want model, tool, agent or day");
	return TALLY_BYS;
}

int
auditverb_stats(const struct audit_args *a, char *args[])
{
	enum tally_by by = read_by(a);
	struct counting c = {.all = a->all};
	struct audit_each each = {count_one, &c};
	int status = auditverb_each(a, args, &each);

	if (a->json && by < TALLY_BYS)
		print_json_by(&c.tally, by);
	else if (a->json)
		print_json(&c);
	else if (by < TALLY_BYS)
		print_table(&c.tally, by);
	else
		print_all(&c);
	tally_free(&c.tally);
	return status;
}
