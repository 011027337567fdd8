/* The verb query. */
#include <inttypes.h>
#include <string.h>

#include "audit/match.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/auditverb.h"
#include "cli/show.h"

struct asking {
	const struct audit_args *args;
	const struct expr *expr;
	bool many, colour;
	int64_t found, limit; /* 0: no limit */
};

/* The line as it stands, with whose it is before the rest. */
static void
print_json(const char *agent, const struct record *rec)
{
	struct buf line CLEANUP_BUF = {0};

	buf_printf(&line, "{\"agent\":\"%s\",", agent);
	buf_add(&line, rec->line.data + 1, rec->line.len - 1);
	show_json(stdout, line.data, line.len);
}

static void
print(const struct asking *q, const struct match *m, const struct record *rec)
{
	const char *label = m->name == NULL ? m->agent : m->name;
	struct buf safe CLEANUP_BUF = {0};

	if (q->args->count)
		return;
	if (q->args->json) {
		print_json(m->agent, rec);
		return;
	}
	if (q->many) {
		utf8_safe(&safe, label, strlen(label), false);
		printf("%s ", buf_str(&safe));
	}
	show_record(stdout, rec, q->colour);
}

static int
walk(struct asking *q, struct match *m, struct source *s, struct err *e)
{
	struct source_walk w;
	struct record rec;
	int64_t own;
	int got, is = 0;

	source_walk_init(s, &w);
	own = q->args->all ? auditverb_own(s) : 1;
	while ((q->limit == 0 || q->found < q->limit) &&
	       (got = source_walk_next(&w, &rec, e)) != 0) {
		is = got < 0 ? -1 : match_record(m, &rec, e);
		if (is < 0)
			break;
		if (is == 0 || rec.seq < own)
			continue;
		q->found++;
		print(q, m, &rec);
	}
	source_walk_free(&w);
	return is < 0 ? -1 : 0;
}

static int
ask_one(void *arg, struct source *s, struct err *e)
{
	struct blob_source blobs = source_blobs(s);
	struct asking *q = arg;
	struct match m;
	int got;

	match_init(
	    &m, q->expr, s->id, s->live ? s->history.info.name : NULL, &blobs);
	got = walk(q, &m, s, e);
	match_free(&m);
	return got;
}

int
auditverb_query(const struct audit_args *a, char *args[])
{
	struct asking q = {.args = a,
	    .limit = a->limit,
	    .many = auditverb_many(a, args + 1),
	    .colour = show_colour(stdout)};
	struct audit_each each = {ask_one, &q};
	struct expr x;
	struct err e;
	int status;

	if (expr_parse(args[0], clock_real(), &x, &e) < 0)
		die_err(&e);
	q.expr = &x;
	status = auditverb_each(a, args + 1, &each);
	if (a->count)
		printf("%" PRId64 "\n", q.found);
	expr_free(&x);
	return status != 0 ? status : q.found > 0 ? 0 : EX_NO;
}
