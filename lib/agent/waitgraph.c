#include "agent/waitgraph.h"

#include <string.h>

#include "agent/wait.h"
#include "base/mem.h"

/* Agents looked at before a wait is recorded, and named in a ring. */
#define LOOK_MOST 1000
#define RING_MOST 20

static struct waitnode *
add(struct waitgraph *g, const char *id)
{
	struct waitnode n = {0};

	(void)snprintf(n.id, sizeof(n.id), "%s", id);
	mem_room(&g->node, g->count, &g->cap, sizeof(*g->node));
	g->node[g->count] = n;
	return &g->node[g->count++];
}

/* Can it end by what agents do alone, as far as is looked ahead? */
static bool
is_bound(const struct waitgraph *g, const struct wait *w)
{
	return w != NULL && w->agent_count > 0 && !w->mail &&
	       (w->until == 0 || (g->ahead != 0 && w->until >= g->ahead));
}

static void
add_wait(struct waitnode *n, struct wait *w)
{
	mem_room(&n->waits, n->count, &n->cap, sizeof(struct wait *));
	n->waits[n->count++] = w;
}

void
waitgraph_take(struct waitgraph *g, const char *id, struct state *s)
{
	struct waitnode *n = NULL;
	size_t i;

	if (s->awake || s->held_count > 0 || state_waits(s))
		return;
	for (i = 0; i < s->call_count; i++) {
		if (!is_bound(g, s->calls[i].wait))
			continue;
		if (n == NULL)
			n = add(g, id);
		add_wait(n, s->calls[i].wait);
		s->calls[i].wait = NULL;
	}
}

void
waitgraph_suppose(struct waitgraph *g, const char *id, const struct wait *w)
{
	struct waitnode *n;

	/* Limits are often all alike, and then the first to wait gives up
	 * first: what lasts half as long counts. */
	if (w->until != 0)
		g->ahead = w->clock + (w->until - w->clock) / 2;
	if (!is_bound(g, w))
		return;
	n = add(g, id);
	n->borrowed = true;
	add_wait(n, (struct wait *)(uintptr_t)w);
}

void
waitgraph_free(struct waitgraph *g)
{
	struct waitnode *n;

	while (g->count > 0) {
		n = &g->node[--g->count];
		while (!n->borrowed && n->count > 0)
			wait_free(n->waits[--n->count]);
		free(n->waits);
	}
	free(g->node);
	*g = (struct waitgraph){0};
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(
	    ((const struct waitnode *)a)->id, ((const struct waitnode *)b)->id);
}

const struct waitnode *
waitgraph_find(const struct waitgraph *g, const char *id)
{
	size_t low = 0, high = g->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(g->node[middle].id, id);

		if (order == 0)
			return &g->node[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const struct waitnode *
stuck(const struct waitgraph *g, const char *id)
{
	const struct waitnode *n = waitgraph_find(g, id);

	return n != NULL && n->stuck ? n : NULL;
}

static bool
wait_blocked(const struct waitgraph *g, const struct wait *w)
{
	size_t i, n = 0;

	for (i = 0; i < w->agent_count; i++)
		n += stuck(g, w->agents[i].id) != NULL;
	return w->all ? n > 0 : n == w->agent_count;
}

static bool
node_blocked(const struct waitgraph *g, const struct waitnode *n)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		if (wait_blocked(g, n->waits[i]))
			return true;
	return false;
}

/* The largest set in which each waits for others of it. */
size_t
waitgraph_solve(struct waitgraph *g)
{
	size_t i, left = g->count, before;

	if (g->count > 0)
		qsort(g->node, g->count, sizeof(*g->node), by_id);
	for (i = 0; i < g->count; i++)
		g->node[i].stuck = true;
	do {
		before = left;
		for (i = 0; i < g->count; i++)
			if (g->node[i].stuck && !node_blocked(g, &g->node[i])) {
				g->node[i].stuck = false;
				left--;
			}
	} while (left < before);
	return left;
}

static const struct waitnode *
next_stuck(const struct waitgraph *g, const struct waitnode *n)
{
	const struct waitnode *to;
	size_t i, k;

	for (i = 0; i < n->count; i++)
		for (k = 0; k < n->waits[i]->agent_count; k++) {
			to = stuck(g, n->waits[i]->agents[k].id);
			if (to != NULL)
				return to;
		}
	return NULL;
}

char *
waitgraph_ring(const struct waitgraph *g, const struct waitnode *from)
{
	bool *seen CLEANUP_FREE = mem_new(g->count, sizeof(*seen));
	struct buf text = {0};
	const struct waitnode *n = from;
	size_t named = 1;

	buf_puts(&text, n->id);
	while (!seen[n - g->node] && (n->stuck) && named++ < RING_MOST) {
		seen[n - g->node] = true;
		n = next_stuck(g, n);
		if (n == NULL)
			break;
		buf_printf(&text, " waits for %s", n->id);
	}
	return buf_steal(&text);
}

/* ---- what is on the disk ---------------------------------------------------- */

struct look {
	struct waitgraph graph;
	char (*seen)[ULID_TEXT];
	size_t count, cap;
};

/* Remember whom this waits for, to be looked at once. */
static void
queue(struct look *l, const struct wait *w)
{
	size_t i, k;

	for (i = 0; i < w->agent_count && l->count < LOOK_MOST; i++) {
		for (k = 0; k < l->count; k++)
			if (strcmp(l->seen[k], w->agents[i].id) == 0)
				break;
		if (k < l->count)
			continue;
		mem_room(&l->seen, l->count, &l->cap, sizeof(*l->seen));
		(void)snprintf(
		    l->seen[l->count++], ULID_TEXT, "%s", w->agents[i].id);
	}
}

static void
look_at(struct look *l, struct root *root, const char *id)
{
	size_t at = l->graph.count, i;
	struct session s;
	struct err e;

	if (session_read(root, id, true, &s, &e) < 0)
		return;
	waitgraph_take(&l->graph, id, &s.state);
	session_close(&s);
	if (at == l->graph.count)
		return;
	for (i = 0; i < l->graph.node[at].count; i++)
		queue(l, l->graph.node[at].waits[i]);
}

bool
wait_stuck(struct root *root, const char *id, const struct wait *w, char **ring)
{
	struct look l = {0};
	const struct waitnode *self;
	size_t i;
	bool got;

	waitgraph_suppose(&l.graph, id, w);
	if (l.graph.count > 0)
		queue(&l, w);
	for (i = 0; i < l.count; i++)
		if (strcmp(l.seen[i], id) != 0)
			look_at(&l, root, l.seen[i]);
	(void)waitgraph_solve(&l.graph);
	self = waitgraph_find(&l.graph, id);
	got = self != NULL && self->stuck;
	if (got)
		*ring = waitgraph_ring(&l.graph, self);
	waitgraph_free(&l.graph);
	free(l.seen);
	return got;
}
