/* Rules against what a chain of bundles holds. */
#include <inttypes.h>
#include <string.h>

#include "agent/gatecalls.h"
#include "base/json.h"
#include "base/mem.h"
#include "bundle/diff.h"

#define STATE_MAX ((size_t)64 << 20)
/* How many paths or grants a verdict names. */
enum { NAMED = 20 };

static int
member(struct bundle *b, const char *path, struct json **out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};

	if (bundle_member(b, path, STATE_MAX, &text, e) < 0 ||
	    json_parse(buf_str(&text), text.len, out, e) < 0)
		return -1;
	return 0;
}

/* "A, B, C and 7 more", one at a time. */
static void
name_one(struct buf *out, const char *text, size_t len, size_t count)
{
	if (count > NAMED)
		return;
	if (count > 1)
		buf_puts(out, ", ");
	buf_add(out, text, len);
}

static void
name_rest(struct buf *out, size_t count)
{
	if (count > NAMED)
		buf_printf(out, " and %zu more", count - NAMED);
}

/* ---- what changed ----------------------------------------------------------------------- */

struct changes {
	const struct gate_rule *rule; /* NULL: count them all */
	size_t count;                 /* of paths that no pattern matches */
	struct buf *out;
};

/* Folders come and go with what is in them. */
static bool
counts(const struct diff_change *c)
{
	switch (c->kind) {
	case DIFF_ADDED:
		return c->after.type != ENTRY_DIR;
	case DIFF_REMOVED:
		return c->before.type != ENTRY_DIR;
	default:
		return true;
	}
}

static void
note_change(struct changes *x, struct slice path)
{
	size_t i, skip = sizeof(ENTRY_WORK);

	if (path.len < skip) /* the workspace's own mode */
		path = (struct slice){".", 1};
	else
		path = (struct slice){path.data + skip, path.len - skip};
	for (i = 0; x->rule != NULL && i < x->rule->patterns; i++)
		if (gate_glob(x->rule->pattern[i], path.data, path.len))
			return;
	x->count++;
	if (x->rule != NULL)
		name_one(x->out, path.data, path.len, x->count);
}

static int
nothing(void *arg, struct entry *out, struct err *e)
{
	(void)arg;
	(void)out;
	(void)e;
	return 0;
}

static int
compare_trees(struct tree_source before, struct chain *now, struct changes *x,
    struct err *e)
{
	struct chain_walk w CLEANUP(chain_walk_free) = {0};
	struct diff_change change;
	struct diff d = {.a = before};
	int got;

	if (chain_walk_init(&w, now, e) < 0)
		return -1;
	d.b = source_chain(&w);
	while ((got = diff_next(&d, &change, e)) == 1)
		if (counts(&change))
			note_change(x, change.kind == DIFF_REMOVED
					   ? change.before.path
					   : change.after.path);
	return got;
}

/* A chain that ends with another's first bundle; its layer is borrowed. */
static int
since_first(struct chain *c, struct changes *x, struct err *e)
{
	struct tree_source before = {nothing, NULL};
	struct chain_walk w CLEANUP(chain_walk_free) = {0};
	struct chain first = {.layer = c->layer, .count = 1};

	if (c->count > 1) {
		if (chain_walk_init(&w, &first, e) < 0)
			return -1;
		before = source_chain(&w);
	}
	return compare_trees(before, c, x, e);
}

static int
find_changes(const struct gate_subject *s, struct changes *x, struct err *e)
{
	struct chain_walk w CLEANUP(chain_walk_free) = {0};

	if (s->since == NULL)
		return since_first(s->chain, x, e);
	if (chain_walk_init(&w, s->since, e) < 0)
		return -1;
	return compare_trees(source_chain(&w), s->chain, x, e);
}

static int
judge_changed(const struct gate_rule *r, const struct gate_subject *s,
    struct gate_verdict *v, struct err *e)
{
	struct changes x = {r, 0, &v->found};

	buf_puts(&v->found, "changed: ");
	if (find_changes(s, &x, e) < 0)
		return -1;
	name_rest(&v->found, x.count);
	v->holds = x.count == 0;
	if (v->holds)
		buf_puts(&v->found, "nothing else");
	return 0;
}

/* ---- fields ----------------------------------------------------------------------------- */

static int
count_of(const struct gate_field *f, const struct gate_subject *s,
    const struct json *state, int64_t *out, struct err *e)
{
	const struct manifest *m = &chain_newest(s->chain)->manifest;
	const struct json *u = json_get(state, "usage");
	struct json *grants CLEANUP_JSON = NULL;
	struct changes x = {0};

	if (strcmp(f->name, "tokens") == 0)
		*out = json_get_integer(u, "input", 0) +
		       json_get_integer(u, "output", 0);
	else if (strcmp(f->name, "time") == 0)
		*out = json_get_integer(u, "milliseconds", 0);
	else if (f->usage)
		*out = json_get_integer(u, f->name, INT64_MAX);
	else if (strcmp(f->name, "pending") == 0)
		*out = (int64_t)json_count(json_get(state, "requests"));
	else if (strcmp(f->name, "open_calls") == 0)
		*out = (int64_t)json_count(json_get(state, "open_calls"));
	else if (strcmp(f->name, "messages") == 0)
		*out = json_get_integer(state, "messages", INT64_MAX);
	else if (strcmp(f->name, "files") == 0)
		*out = m->files;
	else if (strcmp(f->name, "bytes") == 0)
		*out = m->bytes;
	else if (strcmp(f->name, "seq") == 0)
		*out = m->seq;
	else if (strcmp(f->name, "grants") == 0) {
		if (member(chain_newest(s->chain), "agent/grants.json", &grants,
			e) < 0)
			return -1;
		*out = (int64_t)json_count(json_get(grants, "grants"));
	} else {
		if (find_changes(s, &x, e) < 0)
			return -1;
		*out = (int64_t)x.count;
	}
	return 0;
}

static bool
compare(enum gate_op op, int64_t a, int64_t b)
{
	switch (op) {
	case GATE_EQ:
		return a == b;
	case GATE_NE:
		return a != b;
	case GATE_LT:
		return a < b;
	case GATE_LE:
		return a <= b;
	case GATE_GT:
		return a > b;
	default:
		return a >= b;
	}
}

static int
judge_number(const struct gate_rule *r, const struct gate_subject *s,
    const struct json *state, struct gate_verdict *v, struct err *e)
{
	int64_t n;

	if (count_of(r->field, s, state, &n, e) < 0)
		return -1;
	v->holds = compare(r->op, n, r->number);
	buf_printf(&v->found, "%s is ", r->field->name);
	if (r->field->unit == UNIT_MONEY)
		buf_printf(&v->found, "%" PRId64 ".%06d", n / 1000000,
		    (int)(n % 1000000));
	else if (r->field->unit == UNIT_TIME)
		buf_printf(
		    &v->found, "%" PRId64 ".%03ds", n / 1000, (int)(n % 1000));
	else
		buf_printf(&v->found, "%" PRId64, n);
	return 0;
}

static void
judge_word(const struct gate_rule *r, const struct gate_subject *s,
    const struct json *state, struct gate_verdict *v)
{
	const struct manifest *m = &chain_newest(s->chain)->manifest;
	const char *is = json_get_string(state, r->field->name);

	if (strcmp(r->field->name, "agent") == 0)
		is = m->agent;
	else if (strcmp(r->field->name, "kind") == 0)
		is = m->full ? "full" : "delta";
	else if (strcmp(r->field->name, "tainted") == 0 ||
		 strcmp(r->field->name, "secret") == 0)
		is = json_get_bool(state, r->field->name, true) ? "true"
								: "false";
	v->holds =
	    is != NULL && (strcmp(is, r->word) == 0) == (r->op == GATE_EQ);
	if (is == NULL)
		buf_printf(&v->found, "there is no %s", r->field->name);
	else
		buf_printf(&v->found, "%s is '%s'", r->field->name, is);
}

/* ---- grants ----------------------------------------------------------------------------- */

/* Does a denial take away all of what the grant gives of the resource? */
static bool
denied(const struct policy *p, const struct grant *g, const char *body)
{
	bool concrete = strchr(body, '*') == NULL;
	size_t i;

	for (i = 0; i < p->count; i++) {
		const struct grant *d = &p->grants[i];

		if (d->effect == GRANT_DENY && d->kind == g->kind &&
		    (d->rights & g->rights) == g->rights &&
		    d->limits.wheres == 0 && d->limits.via == NULL &&
		    d->limits.for_ns == 0 && d->limits.until_ns == 0 &&
		    (concrete ? gate_overlap(d->resource, body)
			      : strcmp(d->resource, body) == 0))
			return true;
	}
	return false;
}

static bool
touches(const struct grant *g, enum grant_kind kind, const char *body)
{
	if (g->rights == 0 || g->effect == GRANT_DENY || g->kind != kind)
		return false;
	/* Relative to the workspace, whose place a bundle does not tell. */
	if (kind == GRANT_FILE && (g->resource[0] == '/') != (body[0] == '/'))
		return false;
	return gate_overlap(g->resource, body);
}

static int
load_policy(struct bundle *b, struct policy *p, struct err *e)
{
	struct json *j CLEANUP_JSON = NULL;
	const struct json *g;

	if (member(b, "agent/grants.json", &j, e) < 0)
		return -1;
	if (json_get_bool(j, "base", true))
		policy_add_base(p);
	for (g = json_first(json_get(j, "grants")); g != NULL; g = json_next(g))
		if (json_get_string(g, "line") == NULL ||
		    policy_add(p, json_get_string(g, "line"), "bundle", e) < 0)
			return err_set(e, EX_DATAERR, 0,
			    "a grant of the bundle is of no known form");
	return 0;
}

static int
judge_grant(const struct gate_rule *r, const struct gate_subject *s,
    struct gate_verdict *v, struct err *e)
{
	struct policy p CLEANUP(policy_free);
	enum grant_kind kind = GRANT_KINDS;
	const char *body = NULL;
	size_t i, count = 0;

	policy_init(&p);
	(void)grant_split(r->word, &kind, &body);
	if (load_policy(chain_newest(s->chain), &p, e) < 0)
		return -1;
	for (i = 0; i < p.count; i++) {
		const struct grant *g = &p.grants[i];

		if (!touches(g, kind, body) || denied(&p, g, body))
			continue;
		if (count == 0)
			buf_puts(&v->found, "granted: ");
		name_one(&v->found, g->line, strlen(g->line), ++count);
	}
	name_rest(&v->found, count);
	v->holds = count == 0;
	if (v->holds)
		buf_puts(&v->found, "not granted");
	return 0;
}

int
gate_judge(const struct gate_rule *r, const struct gate_subject *s,
    struct gate_verdict *out, struct err *e)
{
	struct json *state CLEANUP_JSON = NULL;
	struct gate_verdict v = {0};
	int got = 0;

	if (member(chain_newest(s->chain), "agent/state.json", &state, e) < 0)
		return -1;
	switch (r->kind) {
	case GATE_WORD:
		judge_word(r, s, state, &v);
		break;
	case GATE_NUMBER:
		got = judge_number(r, s, state, &v, e);
		break;
	case GATE_CHANGED_ONLY:
		got = judge_changed(r, s, &v, e);
		break;
	case GATE_NO_GRANT:
		got = judge_grant(r, s, &v, e);
		break;
	default:
		got = gate_judge_call(r, s, &v, e);
	}
	if (got < 0)
		buf_free(&v.found);
	else
		*out = v;
	return got;
}
