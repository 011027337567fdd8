/* A join as its record and its message tell of it. */
#include "agent/join.h"

#include <string.h>

#include "agent/rework.h"
#include "agent/statelabels.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
	TOLD = 100,  /* paths that the message lists, of each kind */
	NAMED = 1000 /* that the record names */
};
#define LISTED     ((size_t)256 << 10) /* bytes of these, more or less */
#define REPORT_MAX ((size_t)32 << 10)

/* ---- the message ------------------------------------------------------------------------- */

/* A line break in a name must not look like one more line. */
static void
tell_path(struct buf *out, const char *path)
{
	for (; *path != '\0'; path++)
		if ((unsigned char)*path < ' ' || *path == 0x7f)
			buf_printf(out, "\\x%02x", (unsigned char)*path);
		else
			buf_putc(out, *path);
}

static void
tell_report(struct buf *out, const struct state *c)
{
	const char *text = c->report != NULL ? c->report : c->text;
	size_t len = text == NULL ? 0 : strlen(text);

	if (len == 0)
		return;
	buf_printf(out, "\n%s:\n", c->report != NULL ? "report" : "answer");
	buf_add(out, text, utf8_cut(text, len, REPORT_MAX));
	if (len > REPORT_MAX)
		buf_puts(out, "\n[cut]");
}

static void
tell_files(struct buf *out, const struct joinmerge *m)
{
	const struct restoreplan *p = &m->plan;
	struct buf list CLEANUP_BUF = {0};
	size_t i, files = 0;
	const char *path;

	for (i = 0; i < p->after.count; i++) {
		path = restoreplan_path(p, i);
		if (p->before.stamp[i].known ||
		    (p->after.entry[i].type == ENTRY_DIR &&
			p->before.entry[i].type == ENTRY_DIR))
			continue;
		if (files++ >= TOLD)
			continue;
		buf_printf(&list, "\n%s ",
		    p->after.stamp[i].known ? "merged"
					    : restoreplan_change(p, i));
		tell_path(&list, path);
	}
	buf_printf(out, "\nfiles: %zu changed", files);
	buf_add(out, list.data, list.len);
	if (files > TOLD)
		buf_printf(out, "\n... and %zu more", files - TOLD);
}

static void
tell_conflicts(struct buf *out, const struct joinmerge *m)
{
	const struct joinconflict *c;
	size_t i;

	if (m->conflict_count == 0)
		return;
	buf_printf(out, "\nconflicts: %zu; each file is as it was here",
	    m->conflict_count);
	for (i = 0; i < m->conflict_count && i < TOLD; i++) {
		c = &m->conflict[i];
		buf_putc(out, '\n');
		tell_path(out, c->path);
		buf_printf(out, ": %s", c->why);
		if (c->beside == NULL)
			continue;
		buf_puts(out, "; the child's version is ");
		tell_path(out, c->beside);
	}
	if (m->conflict_count > TOLD)
		buf_printf(out, "\n... and %zu more", m->conflict_count - TOLD);
}

char *
joinrecord_text(const struct joined *j)
{
	const struct state *c = &j->child->state;
	struct buf out = {0};

	buf_printf(&out, "[the work of agent %s", j->child->info.id);
	if (j->child->info.name != NULL)
		buf_printf(&out, " (%s)", j->child->info.name);
	buf_printf(&out, ", which is %s, has been joined]",
	    agent_status_name(c->status));
	tell_report(&out, c);
	tell_files(&out, j->merge);
	tell_conflicts(&out, j->merge);
	return buf_steal(&out);
}

/* ---- the record -------------------------------------------------------------------------- */

static void
put_merged(struct jsonw *w, const struct restoreplan *p)
{
	size_t i, n = 0;

	jsonw_array(w, "merged");
	for (i = 0; i < p->after.count && n < NAMED; i++)
		if (p->after.stamp[i].known) {
			jsonw_string(w, NULL, restoreplan_path(p, i));
			n++;
		}
	jsonw_end(w, ']');
}

static void
put_conflicts(struct jsonw *w, const struct joinmerge *m)
{
	const struct joinconflict *c;
	size_t i;

	if (m->conflict_count > 0)
		jsonw_integer(w, "conflict_count", (int64_t)m->conflict_count);
	jsonw_array(w, "conflicts");
	for (i = 0; i < m->conflict_count && i < NAMED; i++) {
		c = &m->conflict[i];
		if (w->out->len > LISTED)
			break;
		jsonw_object(w, NULL);
		jsonw_string(w, "path", c->path);
		jsonw_maybe(w, "beside", c->beside);
		jsonw_string(w, "why", c->why);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

/* A path of the workspace: as a record names it, or the folder it is in. */
static void
label(struct labelled_list *l, const struct joined *j, const char *path,
    bool tree, unsigned labels)
{
	const char *workspace = j->child->workspace;
	char *full CLEANUP_FREE = path_join(workspace, path);

	labelled_add_path(l, workspace, full, tree, labels);
}

/* What a mark makes of a path in the child's workspace. */
static unsigned
mark_of(const struct joined *j, const char *path)
{
	char *full CLEANUP_FREE = path_join(j->child->workspace, path);
	const struct grant_query q = {.right = RIGHT_READ,
	    .kind = GRANT_FILE,
	    .resource = full,
	    .workspace = j->child->workspace};

	return policy_labels(&j->child->state.policy, &q);
}

/* The child's marks are not the parent's: files take their labels along. */
static void
label_marked(struct labelled_list *l, const struct joined *j)
{
	const struct restoreplan *p = &j->merge->plan;
	size_t i;

	for (i = 0; i < p->after.count; i++)
		if (p->after.entry[i].type != ENTRY_DIR &&
		    p->after.entry[i].type != ENTRY_GONE)
			label(l, j, restoreplan_path(p, i), false,
			    mark_of(j, restoreplan_path(p, i)));
}

/* What is put beside something has the labels of all that the child wrote, and
 * those of its own path; a folder those of any. */
static void
label_beside(struct labelled_list *l, const struct joined *j, unsigned wrote,
    unsigned marks)
{
	const struct snapshot *after = &j->merge->plan.after;
	const struct joinconflict *c;
	ssize_t at;
	size_t i;
	bool tree;

	for (i = 0; i < j->merge->conflict_count; i++) {
		char *path CLEANUP_FREE = NULL;

		c = &j->merge->conflict[i];
		if (c->beside == NULL)
			continue;
		path = mem_printf(ENTRY_WORK "/%s", c->beside);
		at = snapshot_find(after, (struct slice){path, strlen(path)});
		tree = at >= 0 && after->entry[at].type == ENTRY_DIR;
		label(l, j, c->beside, tree,
		    wrote | (tree || marks == 0 ? marks : mark_of(j, c->path)));
	}
}

/* What the child wrote keeps its labels. */
static void
put_labels(struct jsonw *w, const struct joined *j)
{
	const struct labelled_list *l = &j->child->state.files;
	unsigned marks = policy_labels_of(&j->child->state.policy, GRANT_FILE);
	struct labelled_list files = {0};
	unsigned wrote = 0;
	size_t i;

	labels_put(w, "labels", j->child->state.labels);
	for (i = 0; i < l->count; i++) {
		labelled_add(&files, l->items[i].body, l->items[i].labels);
		wrote |= l->items[i].labels;
	}
	if (marks != 0)
		label_marked(&files, j);
	if ((wrote | marks) != 0)
		label_beside(&files, j, wrote, marks);
	if (files.count > 0)
		labels_put_files(w, "wrote", &files);
	labelled_free(&files);
}

int
joinrecord_stage(
    struct session *s, const struct joined *j, const char *text, struct err *e)
{
	const struct state *c = &j->child->state;
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "child", j->child->info.id);
	jsonw_string(
	    &w, "phase", j->merge->plan.after.count > 0 ? "plan" : "done");
	jsonw_maybe(&w, "call", j->call);
	jsonw_string(&w, "state", agent_status_name(c->status));
	jsonw_integer(&w, "seq", j->bundle->manifest.seq);
	jsonw_digest(&w, "head", &j->bundle->manifest.head);
	jsonw_digest(&w, "bundle", &j->bundle->id);
	jsonw_digest(&w, "base", &j->fork->base);
	jsonw_digest(&w, "saved", j->saved);
	if (rework_put(s, &j->merge->plan, &w, e) < 0)
		return -1;
	put_merged(&w, &j->merge->plan);
	put_conflicts(&w, j->merge);
	put_labels(&w, j);
	if (text != NULL)
		jsonw_text(&w, "text", text, strlen(text));
	jsonw_end(&w, '}');
	return session_stage(
	    s, RECORD_JOIN, (struct slice){body.data, body.len}, e);
}
