/*
 * What a call takes of finite grants.  A use of each that it rests on is taken
 * by its record; of a net grant that it may use while it runs, everything that
 * is left: its result gives back what was not used, and after a crash nothing
 * is given back, since nobody knows.
 */
#include <string.h>

#include "agent/runner.h"
#include "base/mem.h"

static void
add(struct grant_ids *list, const char *id)
{
	if (callgrants_has(list, id))
		return;
	mem_room(&list->id, list->count, &list->cap, sizeof(*list->id));
	list->id[list->count++] = mem_strdup(id);
}

bool
callgrants_has(const struct grant_ids *list, const char *id)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->id[i], id) == 0)
			return true;
	return false;
}

static void
ids_free(struct grant_ids *list)
{
	while (list->count > 0)
		free(list->id[--list->count]);
	free(list->id);
}

void
callgrants_free(struct plan *p)
{
	policy_approved_free(&p->approved);
	ids_free(&p->uses);
	ids_free(&p->reserved);
}

static bool
uses_network(const struct tool *t)
{
	return t->kind == TOOL_COMMAND || t->kind == TOOL_PROGRAM ||
	       t->kind == TOOL_FETCH;
}

static void
reserve(struct runner *r, struct plan *p)
{
	const struct policy *own = &r->s->state.policy, *q;
	const struct decision none = {0};
	size_t i;

	for (q = own; q != NULL; q = q->above)
		for (i = 0; i < q->count; i++)
			if (grant_metered(&q->grants[i], p->tool->name))
				add(&p->reserved, q->grants[i].id);
	if (p->reserved.count > 0 && p->approval == NULL)
		policy_approved(own, &none, &p->approved);
}

/* Native code may use every file that its sandbox shows, and nobody counts how
 * often: the call takes one use of each. */
static void
use_files(const struct policy *q, struct plan *p)
{
	const struct grant *g;
	size_t i;

	for (; q != NULL; q = q->above)
		for (i = 0; i < q->count; i++) {
			g = &q->grants[i];
			if (g->kind == GRANT_FILE && g->revoked == 0 &&
			    g->effect == GRANT_ALLOW && g->limits.uses > 0 &&
			    (g->limits.via == NULL ||
				strcmp(g->limits.via, p->tool->name) == 0))
				add(&p->uses, g->id);
		}
}

void
callgrants_note(struct runner *r, struct plan *p)
{
	size_t i;

	if (p->decision.verdict != GRANT_ALLOW)
		return;
	for (i = 0; i < p->decision.used_count; i++)
		add(&p->uses, p->decision.used[i]->id);
	if (p->tool->kind == TOOL_COMMAND || p->tool->kind == TOOL_PROGRAM)
		use_files(&r->s->state.policy, p);
	if (uses_network(p->tool) && !p->recorded)
		reserve(r, p);
}

bool
callgrants_alone(const struct runner *r, const struct tool *t)
{
	const struct policy *q;
	size_t i;

	for (q = &r->s->state.policy; q != NULL && uses_network(t);
	     q = q->above)
		for (i = 0; i < q->count; i++)
			if (grant_metered(&q->grants[i], t->name))
				return true;
	return false;
}

void
callgrants_reserved(struct jsonw *w, const struct plan *p)
{
	size_t i;

	if (p->reserved.count == 0)
		return;
	jsonw_array(w, "reserved");
	for (i = 0; i < p->reserved.count; i++)
		jsonw_string(w, NULL, p->reserved.id[i]);
	jsonw_end(w, ']');
}

static void
put_left(struct jsonw *w, const char *id, int64_t uses, int64_t bytes)
{
	if (uses <= 0 && bytes <= 0)
		return;
	jsonw_object(w, NULL);
	jsonw_string(w, "grant", id);
	if (uses > 0)
		jsonw_integer(w, "uses", uses);
	if (bytes > 0)
		jsonw_integer(w, "bytes", bytes);
	jsonw_end(w, '}');
}

void
callgrants_unused(struct jsonw *w, const struct plan *p)
{
	const struct policy *q;
	const struct grant *g;
	size_t i;

	if (p->reserved.count == 0 && !p->unstarted)
		return;
	jsonw_array(w, "unused");
	for (q = &p->approved; q != NULL; q = q->above)
		for (i = 0; i < q->count; i++) {
			g = &q->grants[i];
			if (callgrants_has(&p->reserved, g->id))
				put_left(
				    w, g->id, g->limits.uses, g->limits.bytes);
		}
	for (i = 0; p->unstarted && i < p->uses.count; i++)
		put_left(w, p->uses.id[i], 1, 0);
	jsonw_end(w, ']');
}
