#include "audit/match.h"

#include <string.h>
#include <strings.h>

void
match_init(struct match *m, const struct expr *x, const char *agent,
    const char *name, const struct blob_source *blobs)
{
	*m = (struct match){
	    .expr = x, .agent = agent, .name = name, .blobs = *blobs};
}

void
match_free(struct match *m)
{
	links_free(&m->links);
	members_free(&m->members);
	fact_list_free(&m->facts);
	buf_free(&m->room);
}

/* Below 0, 0 or above 0, as the fact is to the value; false: they cannot be
 * compared. */
static bool
compare(const struct fact *f, const struct expr_value *v, int *out)
{
	size_t n = f->text.len < v->len ? f->text.len : v->len;

	if (f->is_number && v->is_number) {
		*out = f->number < v->number ? -1 : f->number > v->number;
		return true;
	}
	if (f->is_number && f->text.len == 0)
		return false;
	*out = memcmp(f->text.data, v->text, n);
	if (*out == 0 && f->text.len != v->len)
		*out = f->text.len < v->len ? -1 : 1;
	return true;
}

/* An agent is also known by the beginning of its id. */
static bool
is_agent(const struct fact *f, const struct expr_value *v)
{
	return v->len <= f->text.len && v->len >= 4 &&
	       strncasecmp(f->text.data, v->text, v->len) == 0;
}

static bool
holds(
    const struct expr_term *t, const struct fact *f, const struct expr_value *v)
{
	int c;

	if (t->op == EXPR_LIKE || t->op == EXPR_UNLIKE)
		return v->len == 0 ||
		       (f->text.len > 0 && memmem(f->text.data, f->text.len,
					       v->text, v->len) != NULL);
	if (t->key == KEY_AGENT && (t->op == EXPR_EQ || t->op == EXPR_NE) &&
	    is_agent(f, v))
		return true;
	if (!compare(f, v, &c))
		return false;
	if (t->key == KEY_SINCE)
		return c >= 0;
	switch (t->op) {
	case EXPR_LT:
		return c < 0;
	case EXPR_LE:
		return c <= 0;
	case EXPR_GT:
		return c > 0;
	case EXPR_GE:
		return c >= 0;
	default:
		return t->key == KEY_UNTIL ? c < 0 : c == 0;
	}
}

static bool
term_holds(struct match *m, const struct expr_term *t, const struct record *rec)
{
	struct subject s = {m->agent, m->name, rec, &m->members, &m->links};
	bool negative = t->op == EXPR_NE || t->op == EXPR_UNLIKE;
	size_t i, k;

	facts_of(&s, t, &m->facts);
	if (t->op == EXPR_HAS || t->op == EXPR_LACKS)
		return (m->facts.count > 0) == (t->op == EXPR_HAS);
	for (i = 0; i < m->facts.count; i++)
		for (k = 0; k < t->count; k++)
			if (holds(t, &m->facts.items[i], &t->values[k]))
				return !negative;
	return negative && m->facts.count > 0;
}

/* The terms that the header alone answers, or the others. */
static bool
terms_hold(struct match *m, const struct record *rec, bool header)
{
	const struct expr_term *t;
	size_t i;

	for (i = 0; i < m->expr->count; i++) {
		t = &m->expr->terms[i];
		if ((t->key == KEY_AGENT || t->key == KEY_SEQ ||
			t->key == KEY_SINCE || t->key == KEY_TIME ||
			t->key == KEY_TYPE || t->key == KEY_UNTIL) == header &&
		    !term_holds(m, t, rec))
			return false;
	}
	return true;
}

int
match_record(struct match *m, const struct record *rec, struct err *e)
{
	bool linked = (m->expr->tools && rec->type == RECORD_TOOL_CALL) ||
		      (m->expr->models && rec->type == RECORD_MODEL_CALL);
	bool wanted;
	struct slice body = rec->body;

	m->members.count = 0;
	wanted = m->expr->types[rec->type] && terms_hold(m, rec, true);
	if (!linked && (!wanted || !m->expr->body))
		return wanted;
	if ((wanted && m->expr->blobs &&
		blob_expand(&m->blobs, rec->body, &m->room, &body, e) < 0) ||
	    members_read(&m->members, body, e) < 0)
		return err_wrap(e, "record %lld", (long long)rec->seq);
	if (linked)
		links_note(&m->links, rec, &m->members);
	return wanted && terms_hold(m, rec, false);
}
