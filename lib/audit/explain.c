#include "audit/explain.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"

struct walking {
	struct trail trail;
	const struct explain_options *opt;
	bool *seen; /* by seq - 1: taken apart */
};

void
explain_free(struct explain_node *n)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		explain_free(&n->kids[i]);
	free(n->kids);
	free(n->said);
	free(n->unsaid);
	free(n->cause.agent);
	free(n->cause.grant);
	free(n->cause.note);
	buf_free(&n->line);
	*n = (struct explain_node){0};
}

/* ---- other agents' records ------------------------------------------------ */

static bool
makes(const struct json *body, const char *child)
{
	const struct json *v = json_first(json_get(body, "children"));
	const char *id;

	for (; v != NULL; v = json_next(v)) {
		id = json_get_string(v, "id");
		if (id != NULL && strcmp(id, child) == 0)
			return true;
	}
	return false;
}

static bool
is_meant(const struct cause *c, const char *child, const struct record *rec)
{
	struct json *body CLEANUP_JSON = NULL;
	const char *id;
	struct err e;

	if (c->seq > 0)
		return rec->seq == c->seq;
	if (rec->type != (c->fork ? RECORD_FORK : RECORD_GRANT) ||
	    json_parse(rec->body.data, rec->body.len, &body, &e) < 0)
		return false;
	if (c->fork)
		return makes(body, child);
	id = json_get_string(body, "grant");
	return id != NULL && strcmp(id, c->grant) == 0 &&
	       json_get(body, "to") == NULL;
}

/* The record in the other's journal, if that is here and whole. */
static void
look_elsewhere(struct root *root, const char *child, struct explain_node *n)
{
	struct source_walk w;
	struct source s;
	struct record rec;
	struct err e;

	if (root == NULL || strcmp(n->cause.agent, child) == 0 ||
	    source_open_agent(root, n->cause.agent, &s, &e) < 0)
		return;
	source_walk_init(&s, &w);
	while (source_walk_next(&w, &rec, &e) == 1)
		if (is_meant(&n->cause, child, &rec)) {
			n->cause.seq = rec.seq;
			buf_add(&n->line, rec.line.data, rec.line.len);
			break;
		}
	source_walk_free(&w);
	source_close(&s);
}

/* ---- this one's ----------------------------------------------------------- */

static int
expand(struct walking *, struct explain_node *, int64_t, struct err *);

/* Oldest first. */
static void
take_said(struct walking *w, struct explain_node *n)
{
	int64_t at = -2, seq;
	size_t cap = 0, i;

	if (w->trail.unsaid.status != 0) {
		n->unsaid = mem_strdup(w->trail.unsaid.msg);
		return;
	}
	while ((seq = trail_said(&w->trail, n->cause.seq, &at)) > 0) {
		mem_room(&n->said, n->said_count, &cap, sizeof(*n->said));
		n->said[n->said_count++] = seq;
	}
	for (i = 0; i < n->said_count / 2; i++) {
		seq = n->said[i];
		n->said[i] = n->said[n->said_count - 1 - i];
		n->said[n->said_count - 1 - i] = seq;
	}
}

/* The records that the request holds are causes like others. */
static void
add_said(struct walking *w, const struct explain_node *n, struct causes *c)
{
	size_t most = (size_t)w->opt->messages, i = 0;

	if (n->said_count > most)
		i = n->said_count - most;
	for (; i < n->said_count; i++) {
		mem_room(&c->items, c->count, &c->cap, sizeof(*c->items));
		c->items[c->count++] =
		    (struct cause){.link = "message", .seq = n->said[i]};
	}
}

/* The causes become nodes. */
static int
grow(struct walking *w, struct explain_node *n, struct causes *c, int64_t left,
    struct err *e)
{
	size_t i;

	n->kids = mem_new(c->count + 1, sizeof(*n->kids));
	n->count = c->count;
	for (i = 0; i < c->count; i++) {
		n->kids[i].cause = c->items[i];
		c->items[i] = (struct cause){0};
	}
	for (i = 0; i < n->count; i++) {
		struct explain_node *k = &n->kids[i];

		if (k->cause.agent != NULL)
			look_elsewhere(
			    w->trail.source->root, w->trail.source->id, k);
		else if (k->cause.seq > 0 && expand(w, k, left - 1, e) < 0)
			return -1;
	}
	return 0;
}

static int
expand(struct walking *w, struct explain_node *n, int64_t left, struct err *e)
{
	struct causes c = {0};
	struct record rec;
	int got;

	if (trail_record(&w->trail, n->cause.seq, &rec, e) < 0)
		return -1;
	buf_add(&n->line, rec.line.data, rec.line.len);
	n->above = w->seen[n->cause.seq - 1];
	if (n->above)
		return 0;
	if (rec.type == RECORD_MODEL_CALL)
		take_said(w, n);
	/* Reading other records takes the line away. */
	got = record_parse(n->line.data, n->line.len, &rec, e);
	if (got == 0)
		got = causes_of(&w->trail, &rec, &c, e);
	add_said(w, n, &c);
	n->cut = left <= 0 && c.count > 0;
	if (got == 0 && !n->cut) {
		w->seen[n->cause.seq - 1] = true;
		got = grow(w, n, &c, left, e);
	}
	causes_free(&c);
	return got;
}

int
explain(struct source *s, int64_t seq, const struct explain_options *opt,
    struct explain_node *out, struct err *e)
{
	struct explain_node root = {.cause = {.seq = seq}};
	struct walking w = {.opt = opt};
	int got;

	if (trail_open(s, seq, &w.trail, e) < 0)
		return -1;
	w.seen = mem_new(w.trail.count + 1, sizeof(*w.seen));
	got = expand(&w, &root, opt->depth, e);
	free(w.seen);
	trail_close(&w.trail);
	if (got < 0)
		explain_free(&root);
	else
		*out = root;
	return got;
}
