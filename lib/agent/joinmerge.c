#include "agent/joinmerge.h"

#include <string.h>

#include "agent/joinput.h"
#include "base/mem.h"

#define NONE JOINTREE_NONE

static const struct entry *
at(const struct jointree *t, size_t i)
{
	return i == NONE ? NULL : &t->node[i].entry;
}

static bool
is(const struct jointree *t, size_t i, enum entry_type type)
{
	return i != NONE && t->node[i].entry.type == type;
}

static const char both_modes[] = "both changed its mode";

/* ---- files --------------------------------------------------------------------------------------- */

static bool
same_contents(const struct entry *a, const struct entry *b)
{
	return a != NULL && b != NULL && a->size == b->size &&
	       digest_equal(&a->sha256, &b->sha256);
}

/* `b` NULL: it is in neither tree by then. */
static bool
merge_mode(const struct entry *b, const struct entry *o, const struct entry *t,
    unsigned *out)
{
	if (o->mode != t->mode &&
	    (b == NULL || (b->mode != o->mode && b->mode != t->mode)))
		return false;
	*out = b != NULL && b->mode == o->mode ? t->mode : o->mode;
	return true;
}

/* Both changed the contents: 1 they are merged, 0 a conflict, -1. */
static int
merge_text(struct merging *m, struct three p, unsigned mode, const char **why,
    struct err *e)
{
	const struct entry *t = at(&m->theirs, p.theirs);
	struct entry want = *t;
	struct buf text CLEANUP_BUF = {0}, *made;
	int got = m->texts->merge(m->texts->arg, at(&m->base, p.base),
	    at(&m->ours, p.ours), t, &text, why, e);

	if (got <= 0)
		return got;
	want.mode = mode;
	want.size = (int64_t)text.len;
	digest_of(buf_str(&text), text.len, &want.sha256);
	made = mem_new(1, sizeof(*made));
	*made = text;
	text = (struct buf){0};
	joinput_pair(m, at(&m->ours, p.ours), &want, 0)->made = made;
	return 1;
}

/* Both have a file, and both changed it. */
static int
merge_files(struct merging *m, struct three p, struct err *e)
{
	const struct entry *b =
	    is(&m->base, p.base, ENTRY_FILE) ? at(&m->base, p.base) : NULL;
	const struct entry *o = at(&m->ours, p.ours);
	const struct entry *t = at(&m->theirs, p.theirs);
	bool keeps = same_contents(o, t) || same_contents(b, t);
	const char *why = b == NULL ? "both added it" : both_modes;
	struct entry want = keeps ? *o : *t;
	int got = 0;

	if (merge_mode(b, o, t, &want.mode)) {
		if (!keeps && !same_contents(b, o)) {
			if (b != NULL)
				got = merge_text(m, p, want.mode, &why, e);
		} else {
			if (!keeps || want.mode != o->mode)
				(void)joinput_pair(m, o, &want,
				    m->theirs.node[p.theirs].layer);
			got = 1;
		}
	}
	if (got == 0)
		(void)joinput_conflict(m, p, why);
	return got < 0 ? -1 : 0;
}

/* ---- one path ------------------------------------------------------------------------------------ */

/* Not a folder on both sides. */
static int
merge_thing(struct merging *m, struct three p, bool *stands, struct err *e)
{
	*stands = p.ours != NONE;
	if (is(&m->theirs, p.theirs, ENTRY_WITHHELD)) {
		if (!is(&m->ours, p.ours, ENTRY_WITHHELD))
			joinput_list(m, at(&m->theirs, p.theirs)->path,
			    joinput_withheld);
	} else if (jointree_withholds(&m->ours, p.ours)) {
		*stands = joinput_conflict(m, p, joinput_withheld);
	} else if (jointree_same(&m->ours, p.ours, &m->base, p.base)) {
		*stands = joinput_take(m, p);
	} else if (p.theirs == NONE) {
		*stands = joinput_conflict(
		    m, p, "the parent changed it, the child removed it");
	} else if (p.ours == NONE) {
		*stands = joinput_conflict(
		    m, p, "the parent removed it, the child changed it");
	} else if (is(&m->ours, p.ours, ENTRY_FILE) &&
		   is(&m->theirs, p.theirs, ENTRY_FILE)) {
		return merge_files(m, p, e);
	} else {
		(void)joinput_conflict(m, p,
		    at(&m->ours, p.ours)->type == at(&m->theirs, p.theirs)->type
			? "both changed it"
			: "it became another kind of file on one side");
	}
	return 0;
}

/* The folder itself, once it is known whether anything is in it. */
static bool
settle_folder(struct merging *m, struct three p, bool holds)
{
	const struct entry *o = at(&m->ours, p.ours);
	const struct entry *t = at(&m->theirs, p.theirs);
	bool was = is(&m->base, p.base, ENTRY_DIR);
	struct entry want;

	if (t == NULL) {
		if (was && !holds)
			(void)joinput_pair(m, o, NULL, 0);
		return !was || holds;
	}
	if (o == NULL) {
		if (!was || holds)
			(void)joinput_pair(
			    m, NULL, t, m->theirs.node[p.theirs].layer);
		return !was || holds;
	}
	want = *o;
	if (!merge_mode(was ? at(&m->base, p.base) : NULL, o, t, &want.mode))
		joinput_list(m, o->path, both_modes);
	else if (want.mode != o->mode)
		(void)joinput_pair(m, o, &want, 0);
	return true;
}

static int
merge_path(struct merging *, struct three, bool *stands, struct err *);

/* A folder's first child; its end when there is none. */
static size_t
child_of(size_t i)
{
	return i == NONE ? NONE : i + 1;
}

static size_t
end_of(const struct jointree *t, size_t i)
{
	return i == NONE ? NONE : t->node[i].end;
}

/* A tree's next child, when it is the least of those that the trees have. */
static void
consider(const struct jointree *t, size_t next, size_t end,
    const struct entry **least)
{
	if (next != end &&
	    (*least == NULL ||
		entry_compare(t->node[next].entry.path, (*least)->path) < 0))
		*least = &t->node[next].entry;
}

static size_t
pass(const struct jointree *t, size_t *next, size_t end,
    const struct entry *least)
{
	size_t i = *next;

	if (i == end || entry_compare(t->node[i].entry.path, least->path) != 0)
		return NONE;
	*next = t->node[i].end;
	return i;
}

/* Folders, or one that is on one side only. */
static int
merge_folder(struct merging *m, struct three p, bool *stands, struct err *e)
{
	struct three next = {
	    child_of(p.base), child_of(p.ours), child_of(p.theirs)};
	const struct three end = {end_of(&m->base, p.base),
	    end_of(&m->ours, p.ours), end_of(&m->theirs, p.theirs)};
	bool holds = false, child;
	const struct entry *least;
	struct three q;

	for (;;) {
		least = NULL;
		consider(&m->base, next.base, end.base, &least);
		consider(&m->ours, next.ours, end.ours, &least);
		consider(&m->theirs, next.theirs, end.theirs, &least);
		if (least == NULL)
			break;
		q.base = pass(&m->base, &next.base, end.base, least);
		q.ours = pass(&m->ours, &next.ours, end.ours, least);
		q.theirs = pass(&m->theirs, &next.theirs, end.theirs, least);
		if (merge_path(m, q, &child, e) < 0)
			return -1;
		holds = holds || child;
	}
	*stands = settle_folder(m, p, holds);
	return 0;
}

/* `stands`: something is there then. */
static int
merge_path(struct merging *m, struct three p, bool *stands, struct err *e)
{
	bool o = is(&m->ours, p.ours, ENTRY_DIR);
	bool t = is(&m->theirs, p.theirs, ENTRY_DIR);

	if (jointree_same(&m->theirs, p.theirs, &m->base, p.base) ||
	    jointree_same(&m->theirs, p.theirs, &m->ours, p.ours)) {
		*stands = p.ours != NONE;
		return 0;
	}
	if ((o && t) || (o && p.theirs == NONE) || (t && p.ours == NONE))
		return merge_folder(m, p, stands, e);
	return merge_thing(m, p, stands, e);
}

/* ---- all ----------------------------------------------------------------------------------------- */

int
join_merge(const struct snapshot *base, const struct snapshot *ours,
    const struct snapshot *theirs, const char *label,
    const struct jointexts *texts, struct joinmerge *out, struct err *e)
{
	struct joinmerge o = {0};
	struct merging m CLEANUP(merging_free) = {.is = ours,
	    .want = theirs,
	    .label = label,
	    .texts = texts,
	    .out = &o};
	struct three top;
	bool stands;

	jointree_make(base, &m.base);
	jointree_make(ours, &m.ours);
	jointree_make(theirs, &m.theirs);
	top.base = m.base.count > 0 ? 0 : NONE;
	top.ours = m.ours.count > 0 ? 0 : NONE;
	top.theirs = m.theirs.count > 0 ? 0 : NONE;
	if (merge_path(&m, top, &stands, e) < 0) {
		joinmerge_free(&o);
		return -1;
	}
	joinput_finish(&m);
	*out = o;
	return 0;
}

void
joinmerge_free(struct joinmerge *j)
{
	restoreplan_free(&j->plan);
	while (j->conflict_count > 0) {
		free(j->conflict[--j->conflict_count].path);
		free(j->conflict[j->conflict_count].beside);
		free(j->conflict[j->conflict_count].why);
	}
	free(j->conflict);
	*j = (struct joinmerge){0};
}
