#include "agent/authority.h"

#include <string.h>

#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"

/* ---- revocations ------------------------------------------------------------------ */

const struct revocation *
authority_revoked(const struct session *s, const struct grant *g)
{
	const struct revocation *v;
	size_t i;

	v = g->effect != GRANT_ALLOW
		? NULL /* authority_lift */
		: revoked_find(&s->revoked, s->info.id, g->id);
	for (i = 0; v == NULL && i < g->parent_count; i++)
		v = revoked_key(&s->revoked, g->parents[i]);
	return v;
}

static int
stage_revoke(struct session *s, const char *grant, const struct revocation *v,
    struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	char time[CLOCK_TEXT];

	clock_text(v->time, time);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "grant", grant);
	jsonw_string(&w, "by", v->by);
	jsonw_string(&w, "revoked", v->key);
	jsonw_string(&w, "at", time);
	jsonw_maybe(&w, "because", v->because);
	jsonw_end(&w, '}');
	return session_stage(
	    s, RECORD_REVOKE, (struct slice){body.data, body.len}, e);
}

/* Each grant that is revoked and not marked so: to the journal, or here. */
static int
mark(struct session *s, bool journal, struct err *e)
{
	const struct revocation *v;
	struct policy *p;
	struct grant *g;
	int count = 0;
	size_t i;

	for (p = &s->state.policy; p != NULL; p = p->above)
		for (i = 0; i < p->count; i++) {
			g = &p->grants[i];
			v = g->revoked != 0 ? NULL : authority_revoked(s, g);
			if (v == NULL)
				continue;
			if (!journal)
				g->revoked = INT64_MAX;
			else if (stage_revoke(s, g->id, v, e) < 0)
				return -1;
			count++;
		}
	return count;
}

/* The same of what people approved for a while: under its request's id. */
static int
mark_approvals(struct session *s, bool journal, struct err *e)
{
	struct state *t = &s->state;
	const struct revocation *v;
	int count = 0;
	size_t i;

	for (i = t->approval_count; i-- > 0;) {
		char *id CLEANUP_FREE = mem_strdup(t->approvals[i].request);

		v = revoked_find(&s->revoked, s->info.id, id);
		if (v == NULL)
			continue;
		if (!journal)
			state_drop_approval(t, id);
		else if (stage_revoke(s, id, v, e) < 0)
			return -1;
		count++;
	}
	return count;
}

static int
mark_all(struct session *s, bool journal, struct err *e)
{
	int grants = mark(s, journal, e), approvals;

	if (grants < 0)
		return -1;
	approvals = mark_approvals(s, journal, e);
	return approvals < 0 ? -1 : grants + approvals;
}

int
authority_sync(struct session *s, struct err *e)
{
	int got = revoked_read(s->root, &s->revoked, e);

	return got <= 0 ? got : mark_all(s, true, e);
}

int
authority_look(struct session *s, struct err *e)
{
	int got = revoked_read(s->root, &s->revoked, e);

	return got <= 0 ? got : mark_all(s, false, e);
}

int
authority_lift(struct session *s, const struct order *c, struct err *e)
{
	const char *id = json_get_string(c->body, "grant");
	char *key CLEANUP_FREE = mem_printf("%s/%s", c->agent, id);
	struct revocation v = {.key = key,
	    .by = mem_strdup(c->human ? c->key : "user"),
	    .because = mem_strdup(json_get_string(c->body, "because")),
	    .time = clock_real()};
	const struct policy *p;
	const struct grant *g = NULL;
	int got;

	for (p = &s->state.policy; p != NULL && g == NULL && id != NULL;
	     p = p->above)
		g = policy_find(p, id);
	if (g == NULL || g->effect == GRANT_ALLOW)
		got = err_set(e, EX_NOINPUT, 0, "no denial or ask '%s'", id);
	else
		got = g->revoked != 0 ? 0 : stage_revoke(s, id, &v, e);
	free(v.by);
	free(v.because);
	return got;
}

/* ---- give ------------------------------------------------------------------------- */

void
authority_id(const struct order *c, char out[AUTHORITY_ID])
{
	(void)snprintf(out, AUTHORITY_ID, "g%.8s", c->nonce);
}

static bool
id_taken(const struct session *s, const char *id)
{
	const struct policy *p;

	for (p = &s->state.policy; p != NULL; p = p->above)
		if (policy_find(p, id) != NULL)
			return true;
	return false;
}

/* The lineage must be alive. */
static int
check_parents(const struct session *s, const struct json *list, struct err *e)
{
	const struct json *v;

	for (v = json_first(list); v != NULL; v = json_next(v)) {
		if (json_string(v) == NULL)
			return err_set(e, EX_DATAERR, 0, "bad parents");
		if (revoked_key(&s->revoked, json_string(v)) != NULL)
			return err_set(e, EX_NOPERM, 0,
			    "it rests on grant '%s', which is revoked",
			    json_string(v));
	}
	return 0;
}

static void
put_parents(struct jsonw *w, const struct json *list)
{
	const struct json *v;

	if (json_count(list) == 0)
		return;
	jsonw_array(w, "parents");
	for (v = json_first(list); v != NULL; v = json_next(v))
		jsonw_string(w, NULL, json_string(v));
	jsonw_end(w, ']');
}

static void
put_from(struct jsonw *w, const struct order *c)
{
	char *from CLEANUP_FREE =
	    c->human ? mem_printf("key %s", c->key) : mem_strdup("user");
	const char *delegated = json_get_string(c->body, "from");

	jsonw_string(w, "from", delegated != NULL ? delegated : from);
	jsonw_string(w, "by", c->human ? c->key : "user");
	jsonw_string(w, "command", c->nonce);
}

int
authority_give(struct session *s, const struct order *c, struct err *e)
{
	const struct json *parents = json_get(c->body, "parents");
	const char *line = json_get_string(c->body, "line");
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	char id[AUTHORITY_ID];
	struct grant g;

	authority_id(c, id);
	if (line == NULL)
		return err_set(e, EX_DATAERR, 0, "no line");
	if (id_taken(s, id))
		return err_set(e, EX_NO, 0, "its id is taken; give it again");
	if (revoked_read(s->root, &s->revoked, e) < 0 ||
	    check_parents(s, parents, e) < 0 || grant_parse(line, &g, e) < 0)
		return -1;
	jsonw_object(&w, NULL);
	jsonw_string(&w, "grant", id);
	put_from(&w, c);
	put_parents(&w, parents);
	jsonw_string(&w, "line", g.line);
	jsonw_end(&w, '}');
	grant_free(&g);
	return session_stage(
	    s, RECORD_GRANT, (struct slice){body.data, body.len}, e);
}
