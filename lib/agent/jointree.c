#include "agent/jointree.h"

#include "base/mem.h"

static void
add(const struct snapshot *s, size_t i, struct joinnode *n)
{
	ssize_t leader;

	n->entry = s->entry[i];
	n->layer = s->stamp[i].leader;
	if (n->entry.type != ENTRY_HARDLINK)
		return;
	leader = snapshot_find(s, n->entry.link);
	n->entry.type = ENTRY_FILE;
	n->entry.link = (struct slice){"", 0};
	if (leader < 0)
		return;
	n->entry.frame = s->entry[leader].frame;
	n->entry.offset = s->entry[leader].offset;
	n->layer = s->stamp[leader].leader;
}

/* From the last to the first, so that each one's siblings have theirs. */
static void
find_ends(struct jointree *t)
{
	size_t i = t->count, end;

	while (i-- > 0) {
		end = i + 1;
		while (end < t->count && entry_below(t->node[end].entry.path,
					     t->node[i].entry.path))
			end = t->node[end].end;
		t->node[i].end = end;
	}
}

void
jointree_make(const struct snapshot *s, struct jointree *out)
{
	struct jointree t = {.node = mem_new(s->count + 1, sizeof(*t.node))};
	size_t i;

	for (i = 0; i < s->count; i++)
		if (entry_stored(s->entry[i].type) ||
		    s->entry[i].type == ENTRY_WITHHELD)
			add(s, i, &t.node[t.count++]);
	find_ends(&t);
	*out = t;
}

void
jointree_free(struct jointree *t)
{
	free(t->node);
	*t = (struct jointree){0};
}

bool
jointree_same(
    const struct jointree *a, size_t i, const struct jointree *b, size_t j)
{
	size_t n;

	if (i == JOINTREE_NONE || j == JOINTREE_NONE)
		return i == j;
	n = a->node[i].end - i;
	if (b->node[j].end - j != n)
		return false;
	for (; n > 0; n--, i++, j++)
		if (entry_compare(
			a->node[i].entry.path, b->node[j].entry.path) != 0 ||
		    !entry_same(&a->node[i].entry, &b->node[j].entry))
			return false;
	return true;
}

bool
jointree_withholds(const struct jointree *t, size_t i)
{
	size_t end = i == JOINTREE_NONE ? i : t->node[i].end;

	for (; i < end; i++)
		if (t->node[i].entry.type == ENTRY_WITHHELD)
			return true;
	return false;
}
