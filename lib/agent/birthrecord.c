#include "agent/birthrecord.h"

#include <string.h>

#include "agent/statelabels.h"
#include "base/jsonw.h"

void
birthrecord_stage(const struct root *root, struct journal *j,
    enum record_type type, struct buf *body)
{
	struct buf clean CLEANUP_BUF = {0};
	struct slice text = {body->data, body->len};
	struct record rec;

	text = secrets_scrub_json(root->secrets, text, &clean);
	journal_stage(j, type, text, &rec);
	buf_clear(body);
}

void
birthrecord_grants(
    const struct root *root, struct journal *j, const struct policy *p)
{
	struct buf body CLEANUP_BUF = {0};
	const struct grant *g;
	struct jsonw w;
	bool base = false;
	size_t i;

	for (i = 0; i < p->count; i++) {
		g = &p->grants[i];
		if (g->from != NULL && strcmp(g->from, "base") == 0) {
			if (base)
				continue;
			base = true; /* one record for the whole profile */
		}
		w = (struct jsonw){.out = &body};
		jsonw_object(&w, NULL);
		jsonw_string(&w, "grant",
		    base && g->from != NULL && strcmp(g->from, "base") == 0
			? "base"
			: g->id);
		jsonw_maybe(&w, "from", g->from);
		jsonw_string(&w, "line",
		    g->from != NULL && strcmp(g->from, "base") == 0 ? "base"
								    : g->line);
		jsonw_end(&w, '}');
		birthrecord_stage(root, j, RECORD_GRANT, &body);
	}
}

int
birthrecord_goal(const struct root *r, struct journal *j, const char *from,
    const char *goal, unsigned labels, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	struct buf text CLEANUP_BUF = {0};
	struct digest d;

	if (goal == NULL)
		return 0;
	buf_puts(&text, goal);
	secrets_scrub_buf(r->secrets, &text);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "from", from);
	if (labels != 0)
		labels_put(&w, "labels", labels);
	if (text.len > BLOB_OVER) {
		if (blob_put(r, text.data, text.len, &d, e) < 0)
			return -1;
		jsonw_digest(&w, "blob", &d);
	} else {
		jsonw_string(&w, "text", buf_str(&text));
	}
	jsonw_end(&w, '}');
	birthrecord_stage(r, j, RECORD_GOAL, &body);
	return 0;
}
