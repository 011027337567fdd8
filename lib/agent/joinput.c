#include "agent/joinput.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define NONE     JOINTREE_NONE
#define NAME_LEN ((size_t)255)

const char joinput_withheld[] = "it holds a secret, so no bundle has it";

/* ---- what to do ------------------------------------------------------------------------------ */

/* Either is NULL: nothing is there. */
struct joinpair *
joinput_pair(struct merging *m, const struct entry *before,
    const struct entry *after, size_t layer)
{
	struct entry none = {.type = ENTRY_GONE};
	struct joinpair *p;

	none.path = before != NULL ? before->path : after->path;
	mem_room(&m->pair, m->count, &m->cap, sizeof(*m->pair));
	p = &m->pair[m->count++];
	*p = (struct joinpair){before != NULL ? *before : none,
	    after != NULL ? *after : none, layer, NULL, false};
	return p;
}

/* As people write it. */
static const char *
shown(struct slice path, char *room)
{
	size_t n =
	    path.len > sizeof(ENTRY_WORK) ? path.len - sizeof(ENTRY_WORK) : 0;

	if (n == 0)
		return ".";
	memcpy(room, path.data + sizeof(ENTRY_WORK), n);
	room[n] = '\0';
	return room;
}

void
joinmerge_conflict(
    struct joinmerge *j, const char *path, const char *beside, const char *why)
{
	mem_room(&j->conflict, j->conflict_count, &j->conflict_cap,
	    sizeof(*j->conflict));
	j->conflict[j->conflict_count++] = (struct joinconflict){
	    mem_strdup(path), mem_strdup(beside), mem_strdup(why)};
}

static void
list(struct merging *m, struct slice path, const char *why, struct slice beside)
{
	char room[2][ENTRY_PATH_MAX + 1];

	joinmerge_conflict(m->out, shown(path, room[0]),
	    beside.len == 0 ? NULL : shown(beside, room[1]), why);
}

void
joinput_list(struct merging *m, struct slice path, const char *why)
{
	list(m, path, why, (struct slice){0});
}

static bool
is_taken(const struct merging *m, struct slice path)
{
	return snapshot_find(m->is, path) >= 0 ||
	       snapshot_find(m->want, path) >= 0;
}

/* A name beside `path` that nothing has; {0} when it would be too long. */
static struct slice
find_beside(struct merging *m, struct slice path)
{
	size_t dir = path.len, keep, n;
	struct buf b CLEANUP_BUF = {0};
	char end[64];

	while (dir > 0 && path.data[dir - 1] != '/')
		dir--;
	for (n = 1;; n++) {
		(void)snprintf(end, sizeof(end),
		    n == 1 ? ".%.32s.theirs" : ".%.32s.theirs.%zu", m->label,
		    n);
		keep = utf8_cut(
		    path.data + dir, path.len - dir, NAME_LEN - strlen(end));
		buf_clear(&b);
		buf_add(&b, path.data, dir + keep);
		buf_puts(&b, end);
		if (b.len > ENTRY_PATH_MAX)
			return (struct slice){0};
		if (!is_taken(m, (struct slice){b.data, b.len}))
			return snapshot_keep(&m->names, b.data, b.len);
	}
}

/* Does all below find room there? */
static bool
fits(const struct merging *m, size_t i, size_t len)
{
	const struct joinnode *n = m->theirs.node;
	size_t j;

	for (j = i; j < n[i].end; j++)
		if (n[j].entry.path.len - n[i].entry.path.len + len >
		    ENTRY_PATH_MAX)
			return false;
	return true;
}

/* What the child has there is made as `to`, `before` being in its place. */
static void
put_tree(
    struct merging *m, size_t i, const struct entry *before, struct slice to)
{
	const struct joinnode *n = m->theirs.node;
	struct slice old = n[i].entry.path;
	struct buf path CLEANUP_BUF = {0};
	struct entry copy;
	size_t j;

	for (j = i; j < n[i].end; j++) {
		copy = n[j].entry;
		if (copy.type == ENTRY_WITHHELD) {
			joinput_list(m, copy.path, joinput_withheld);
			continue;
		}
		if (to.data != old.data) {
			buf_clear(&path);
			buf_add(&path, to.data, to.len);
			buf_add(&path, copy.path.data + old.len,
			    copy.path.len - old.len);
			copy.path =
			    snapshot_keep(&m->names, path.data, path.len);
		}
		joinput_pair(m, j == i ? before : NULL, &copy, n[j].layer)
		    ->beside = to.data != old.data;
	}
}

/* What the parent has stays; what the child has goes beside it.  Is anything
 * there then? */
bool
joinput_conflict(struct merging *m, struct three p, const char *why)
{
	struct slice to = {0};

	if (p.theirs != NONE)
		to = find_beside(m, m->theirs.node[p.theirs].entry.path);
	if (to.len > 0 && !fits(m, p.theirs, to.len))
		to = (struct slice){0};
	list(m,
	    p.ours != NONE ? m->ours.node[p.ours].entry.path
			   : m->theirs.node[p.theirs].entry.path,
	    why, to);
	if (to.len > 0)
		put_tree(m, p.theirs, NULL, to);
	return p.ours != NONE || to.len > 0;
}

/* Only the child changed it. */
bool
joinput_take(struct merging *m, struct three p)
{
	const struct joinnode *o = m->ours.node;
	const struct entry *ours = p.ours == NONE ? NULL : &o[p.ours].entry;
	size_t i;

	for (i = p.ours; p.ours != NONE && ++i < o[p.ours].end;)
		(void)joinput_pair(m, &o[i].entry, NULL, 0);
	if (p.theirs == NONE)
		(void)joinput_pair(m, ours, NULL, 0);
	else
		put_tree(
		    m, p.theirs, ours, m->theirs.node[p.theirs].entry.path);
	return p.theirs != NONE;
}

static int
compare_pairs(const void *x, const void *y)
{
	const struct joinpair *a = x, *b = y;

	return entry_compare(a->after.path, b->after.path);
}

static int
compare_conflicts(const void *x, const void *y)
{
	const struct joinconflict *a = x, *b = y;

	return strcmp(a->path, b->path);
}

void
joinput_finish(struct merging *m)
{
	struct joinmerge *o = m->out;
	size_t i;

	if (m->count > 0)
		qsort(m->pair, m->count, sizeof(*m->pair), compare_pairs);
	for (i = 0; i < m->count; i++) {
		struct joinpair *p = &m->pair[i];

		restoreplan_add(
		    &o->plan, &p->before, &p->after, p->layer, p->made);
		free(p->made);
		o->plan.before.stamp[i].known = p->beside;
	}
	m->count = 0;
	if (o->conflict_count > 0)
		qsort(o->conflict, o->conflict_count, sizeof(*o->conflict),
		    compare_conflicts);
}

void
merging_free(struct merging *m)
{
	while (m->count > 0) {
		struct joinpair *p = &m->pair[--m->count];

		if (p->made != NULL)
			buf_free(p->made);
		free(p->made);
	}
	free(m->pair);
	snapshot_free(&m->names);
	jointree_free(&m->base);
	jointree_free(&m->ours);
	jointree_free(&m->theirs);
}
