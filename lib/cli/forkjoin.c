#include "cli/forkjoin.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "cli/show.h"

/* Longer than anybody waits for a parent that runs. */
#define LASTS (24 * 60 * 60 * CLOCK_SECOND)

/* ---- what came of it ------------------------------------------------------------------------ */

static const char *
change(const struct restoreplan *p, size_t i)
{
	return p->after.stamp[i].known ? "merged" : restoreplan_change(p, i);
}

static void
print_json(const char *parent, const char *child, const struct jointold *t)
{
	const struct restoreplan *p = &t->merge.plan;
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "agent", parent);
	jsonw_string(&w, "child", child);
	jsonw_integer(&w, "seq", t->seq);
	jsonw_array(&w, "changed");
	for (i = 0; i < p->after.count; i++) {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "change", change(p, i));
		jsonw_string(&w, "path", restoreplan_path(p, i));
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
	jsonw_array(&w, "conflicts");
	for (i = 0; i < t->merge.conflict_count; i++) {
		const struct joinconflict *c = &t->merge.conflict[i];

		jsonw_object(&w, NULL);
		jsonw_string(&w, "path", c->path);
		jsonw_maybe(&w, "beside", c->beside);
		jsonw_string(&w, "why", c->why);
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

static void
print_lines(const struct jointold *t)
{
	const struct restoreplan *p = &t->merge.plan;
	struct buf text CLEANUP_BUF = {0};
	size_t i;

	for (i = 0; i < p->after.count; i++) {
		buf_clear(&text);
		buf_printf(
		    &text, "%s %s", change(p, i), restoreplan_path(p, i));
		show_line("", buf_str(&text));
	}
	for (i = 0; i < t->merge.conflict_count; i++) {
		const struct joinconflict *c = &t->merge.conflict[i];

		buf_clear(&text);
		buf_printf(&text, "%s: %s", c->path, c->why);
		if (c->beside != NULL)
			buf_printf(&text, "; the child's is %s", c->beside);
		show_line("conflict ", buf_str(&text));
	}
}

/* ---- one child ---------------------------------------------------------------------------------- */

/* The last record of an agent, and whose child it is (NULL: nobody's). */
static int64_t
look(struct root *root, const char *id, char parent[ULID_TEXT])
{
	struct session s;
	struct err e;
	int64_t seq;

	if (session_read(root, id, true, &s, &e) < 0)
		die_err(&e);
	seq = s.mark.seq;
	if (parent != NULL)
		(void)snprintf(parent, ULID_TEXT, "%s",
		    s.info.parent == NULL ? "" : s.info.parent);
	session_close(&s);
	return seq;
}

int
forkjoin_child(const struct join_args *a, const char *parent, const char *child,
    int64_t at)
{
	struct buf members CLEANUP_BUF = {0};
	struct jsonw w = {.out = &members};
	struct order order CLEANUP_ORDER = {0};
	struct jointold told = {0};
	int64_t before = look(a->root, parent, NULL);
	struct err e;
	int status;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "child", child);
	if (at > 0)
		jsonw_integer(&w, "at", at);
	jsonw_end(&w, '}');
	if (order_make(a->root, parent, "join",
		(struct slice){members.data, members.len}, LASTS, NULL, &order,
		&e) < 0 ||
	    order_commit(a->root, &order, clock_deadline(a->wait), &e) < 0 ||
	    jointold_read(a->root, parent, child, before, &told, &e) < 0)
		die_err(&e);
	if (a->json)
		print_json(parent, child, &told);
	else
		print_lines(&told);
	status = told.merge.conflict_count > 0 ? EX_NO : 0;
	joinmerge_free(&told.merge);
	return status;
}

int
forkjoin_one(const struct join_args *a)
{
	char child[ULID_TEXT], parent[ULID_TEXT], into[ULID_TEXT];
	struct err e;

	if (root_find(a->root, a->child, child, &e) < 0)
		die_err(&e);
	(void)look(a->root, child, parent);
	if (a->into != NULL && root_find(a->root, a->into, into, &e) < 0)
		die_err(&e);
	if (parent[0] == '\0' || (a->into != NULL && strcmp(into, parent) != 0))
		die(EX_NOPERM, "agent '%s' is no child of %s%s%s", child,
		    a->into == NULL ? "any agent" : "agent '",
		    a->into == NULL ? "" : into, a->into == NULL ? "" : "'");
	return forkjoin_child(a, parent, child, 0);
}
