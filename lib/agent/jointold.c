/* What records say of a join. */
#include "agent/join.h"

#include <fcntl.h>
#include <string.h>

#include "agent/lineage.h"
#include "base/file.h"
#include "base/json.h"

static void
add_conflicts(struct joinmerge *m, const struct json *body)
{
	const struct json *v = json_first(json_get(body, "conflicts"));
	const char *path, *why;

	for (; v != NULL; v = json_next(v)) {
		path = json_get_string(v, "path");
		why = json_get_string(v, "why");
		if (path != NULL && why != NULL)
			joinmerge_conflict(
			    m, path, json_get_string(v, "beside"), why);
	}
}

static void
mark_merged(struct restoreplan *p, const struct json *body)
{
	const struct json *v = json_first(json_get(body, "merged"));
	size_t i = 0;

	/* Both lists are in order. */
	for (; v != NULL && json_string(v) != NULL; v = json_next(v)) {
		while (i < p->after.count &&
		       strcmp(restoreplan_path(p, i), json_string(v)) != 0)
			i++;
		if (i < p->after.count)
			p->after.stamp[i].known = true;
	}
}

/* The record that staged it, or the one that says it is done. */
static int
add_record(struct jointold *t, const struct root *root, const char *child,
    const struct record *rec, struct err *e)
{
	struct json *body CLEANUP_JSON = NULL;
	struct buf text CLEANUP_BUF = {0};
	const char *id, *paths;
	struct digest d;

	if (json_parse(rec->body.data, rec->body.len, &body, e) < 0)
		return -1;
	id = json_get_string(body, "child");
	if (id == NULL || strcmp(id, child) != 0)
		return 0;
	add_conflicts(&t->merge, body);
	if (json_get(body, "done") != NULL)
		return 0;
	t->seq = rec->seq;
	paths = json_get_string(body, "paths");
	if (paths == NULL)
		return 0;
	if (digest_parse(paths, strlen(paths), &d) < 0 ||
	    blob_get(root, &d, &text, e) < 0 ||
	    restoreplan_parse(buf_str(&text), text.len, &t->merge.plan, e) < 0)
		return -1;
	mark_merged(&t->merge.plan, body);
	return 0;
}

int
jointold_read(struct root *root, const char *parent, const char *child,
    int64_t after, struct jointold *out, struct err *e)
{
	struct lineage l CLEANUP_LINEAGE = {0};
	struct lineage_reader r CLEANUP_LINEAGE_READER = {0};
	struct jointold t = {0};
	int dir CLEANUP_FD = -1, got;
	struct record rec;

	if (file_open(
		root->agents, parent, O_RDONLY | O_DIRECTORY, 0, &dir, e) < 0 ||
	    lineage_open(dir, NULL, &l, e) < 0)
		return -1;
	lineage_reader_init(&r, &l, NULL);
	while ((got = lineage_next(&r, &rec, e)) == 1)
		if (rec.seq > after && rec.type == RECORD_JOIN &&
		    !record_redacted(&rec) &&
		    add_record(&t, root, child, &rec, e) < 0) {
			got = -1;
			break;
		}
	if (got < 0)
		joinmerge_free(&t.merge);
	else
		*out = t;
	return got;
}
