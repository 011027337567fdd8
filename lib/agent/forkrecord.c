/* What a fork writes: into the parent's journal, and into the children's. */
#include <inttypes.h>
#include <string.h>

#include "agent/birthrecord.h"
#include "agent/fork.h"
#include "base/jsonw.h"
#include "base/mem.h"

/* ---- a child's ------------------------------------------------------------------ */

static char *
who(const struct forking *f, const struct info *i, size_t number)
{
	return f->fork->count == 1 ? mem_printf("agent %s", i->id)
				   : mem_printf("agent %s, number %zu of %zu",
					 i->id, number, f->fork->count);
}

/* What a child is told that no call asked for. */
static char *
note(const struct forking *f, const struct info *i, size_t number)
{
	char *name CLEANUP_FREE = who(f, i, number);

	return mem_printf("[you are %s: a fork of agent %s, which did what "
			  "stands above. Your workspace is a copy of its.]",
	    name, i->parent);
}

static void
stage_born(const struct forking *f, const struct info *i, size_t number,
    struct journal *j)
{
	char *text CLEANUP_FREE =
	    f->fork->call != NULL ? NULL : note(f, i, number);
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_digest(&w, "info", &i->digest);
	jsonw_object(&w, "fork");
	jsonw_string(&w, "agent", i->parent);
	jsonw_integer(&w, "seq", f->point.seq);
	jsonw_digest(&w, "head", &f->point.head);
	jsonw_end(&w, '}');
	limits_write(&w, "limits", &f->limits);
	jsonw_bool(&w, "inherit", f->fork->policy == NULL);
	jsonw_maybe(&w, "note", text);
	jsonw_end(&w, '}');
	birthrecord_stage(f->parent->root, j, RECORD_BORN, &body);
}

static void
stage_result(const struct forking *f, const struct call *c, const char *status,
    const char *text, struct journal *j)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "call", c->id);
	jsonw_string(&w, "status", status);
	jsonw_string(&w, "text", text);
	jsonw_end(&w, '}');
	birthrecord_stage(f->parent->root, j, RECORD_TOOL_RESULT, &body);
}

/* Each call that has no result gets one: providers refuse a conversation in
 * which it is missing. */
static void
stage_results(const struct forking *f, const struct info *i, size_t number,
    struct journal *j)
{
	const struct state *s = &f->parent->state;
	char *name CLEANUP_FREE = who(f, i, number);
	char *self CLEANUP_FREE = mem_printf(
	    "you are %s: the child that this call made of agent %s. Your "
	    "workspace is a copy of its; what you do in it is your own.%s",
	    name, i->parent,
	    f->fork->goal == NULL ? "" : " Your goal follows.");
	char *other CLEANUP_FREE = mem_printf(
	    "this was a call of agent %s, which you were forked from: what "
	    "came of it you do not learn",
	    i->parent);
	size_t k;

	for (k = 0; k < s->call_count; k++) {
		const struct call *c = &s->calls[k];

		if (c->phase == CALL_CLOSED)
			continue;
		if (f->fork->call != NULL && strcmp(c->id, f->fork->call) == 0)
			stage_result(f, c, "ok", self, j);
		else
			stage_result(f, c, "interrupted",
			    c->phase == CALL_WANTED
				? "not made: you were forked before it; make "
				  "it again if it is still needed"
				: other,
			    j);
	}
}

int
forkrecord_child(const struct forking *f, const struct info *i, int dir,
    size_t number, struct err *e)
{
	const struct fork *k = f->fork;
	struct journal j;
	int got;

	if (journal_create(dir, &f->point.head, &j, e) < 0)
		return -1;
	j.mark.seq = f->point.seq;
	j.mark.time = f->point.time;
	stage_born(f, i, number, &j);
	if (k->policy != NULL)
		birthrecord_grants(f->parent->root, &j, k->policy);
	stage_results(f, i, number, &j);
	got = birthrecord_goal(
	    f->parent->root, &j, k->from, k->goal, k->labels, e);
	if (got == 0)
		got = journal_commit(&j, e);
	journal_close(&j);
	return got;
}

/* ---- the parent's ---------------------------------------------------------------- */

static void
put_child(struct jsonw *w, const struct forking *f, const struct info *i)
{
	jsonw_object(w, NULL);
	jsonw_string(w, "id", i->id);
	jsonw_maybe(w, "name", i->name);
	if (!limits_none(&f->limits))
		limits_write(w, "limits", &f->limits);
	jsonw_end(w, '}');
}

int
forkrecord_parent(
    const struct forking *f, const struct info *children, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_integer(&w, "at", f->point.seq);
	jsonw_digest(&w, "head", &f->point.head);
	jsonw_maybe(&w, "call", f->fork->call);
	jsonw_maybe(&w, "command", f->fork->command);
	jsonw_digest(&w, "base", &f->base);
	jsonw_array(&w, "children");
	for (i = 0; i < f->fork->count; i++)
		put_child(&w, f, &children[i]);
	jsonw_end(&w, ']');
	jsonw_maybe(&w, "text", f->fork->goal);
	jsonw_end(&w, '}');
	return session_stage(
	    f->parent, RECORD_FORK, (struct slice){body.data, body.len}, e);
}
