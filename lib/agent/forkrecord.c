/* What a fork writes: into the parent's journal, and into the children's. */
#include <inttypes.h>
#include <string.h>

#include "agent/birthrecord.h"
#include "agent/forking.h"
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
	jsonw_bool(&w, "inherit", f->fork->policy == NULL && f->files == NULL);
	jsonw_maybe(&w, "note", text);
	jsonw_end(&w, '}');
	birthrecord_stage(f->parent->root, j, RECORD_BORN, &body);
}

/*
 * Above it stands what its parent had then.  Its own layer is what its parent
 * has now, so that it may do what both allow: all of it; when it is narrowed,
 * what keeps back, since each of its grants is within one of these.
 */
static void
stage_present(const struct forking *f, struct journal *j)
{
	const struct policy *p = &f->parent->state.policy;
	int64_t now = journal_now(&f->parent->journal);
	struct buf body CLEANUP_BUF = {0};
	bool base = f->fork->policy != NULL;
	size_t i;

	for (i = 0; i < p->count; i++) {
		const struct grant *g = &p->grants[i];
		struct jsonw w = {.out = &body};
		char *id CLEANUP_FREE = mem_printf("now-%s", g->id);
		char *parent CLEANUP_FREE =
		    mem_printf("%s/%s", f->parent->info.id, g->id);
		bool is_base = strcmp(g->from, "base") == 0;

		if (!grant_stands(g, now) || (is_base && base) ||
		    (g->effect == GRANT_ALLOW &&
			(f->fork->policy != NULL || g->limits.uses >= 0 ||
			    g->limits.bytes >= 0)))
			continue;
		base = base || is_base;
		jsonw_object(&w, NULL);
		jsonw_string(&w, "grant", is_base ? "base" : id);
		jsonw_string(&w, "from", is_base ? "base" : f->parent->info.id);
		jsonw_array(&w, "parents");
		jsonw_string(&w, NULL, parent);
		jsonw_end(&w, ']');
		jsonw_string(&w, "line", is_base ? "base" : g->line);
		jsonw_end(&w, '}');
		birthrecord_stage(f->parent->root, j, RECORD_GRANT, &body);
	}
}

/* Its files are those of this bundle, which its next one builds on. */
static void
stage_bundle(const struct forking *f, struct journal *j)
{
	const struct bundle *b = chain_newest(f->files);
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_digest(&w, "bundle", &b->id);
	jsonw_digest(&w, "head", &b->manifest.head);
	jsonw_digest(&w, "state", &b->manifest.state);
	jsonw_digest(&w, "work", &b->manifest.work);
	jsonw_integer(&w, "covers", b->manifest.seq);
	jsonw_bool(&w, "full", b->manifest.full);
	jsonw_integer(&w, "files", b->manifest.files);
	jsonw_end(&w, '}');
	birthrecord_stage(f->parent->root, j, RECORD_CKPT, &body);
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
	const struct state *s = f->then;
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
	if (f->files != NULL) {
		stage_present(f, &j);
		stage_bundle(f, &j);
	}
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
