/* The authority of a cached state: the layers of grants, lowest last, and the
 * commands that were taken. */
#include <string.h>

#include "agent/cachefields.h"
#include "base/mem.h"

static bool
is_base(const struct grant *g)
{
	return g->from != NULL && strcmp(g->from, "base") == 0;
}

static void
put_grant(struct jsonw *w, const struct grant *g)
{
	size_t i;

	jsonw_object(w, NULL);
	jsonw_string(w, "line", is_base(g) ? "base" : g->line);
	jsonw_maybe(w, "id", g->id);
	jsonw_maybe(w, "from", g->from);
	field_put_integer(w, "given", g->given);
	field_put_integer(w, "uses", g->limits.uses);
	field_put_integer(w, "bytes", g->limits.bytes);
	if (g->revoked != 0)
		field_put_integer(w, "revoked", g->revoked);
	if (g->parent_count > 0) {
		jsonw_array(w, "parents");
		for (i = 0; i < g->parent_count; i++)
			jsonw_string(w, NULL, g->parents[i]);
		jsonw_end(w, ']');
	}
	jsonw_end(w, '}');
}

/* In their order, on which decisions between equals may rest.  The profile
 * base is one word, where its first line stands. */
static void
put_layer(struct jsonw *w, const struct policy *p)
{
	const struct grant *g, *first = NULL;
	size_t i;

	if (p->above != NULL)
		put_layer(w, p->above);
	jsonw_object(w, NULL);
	jsonw_bool(w, "base", p->base);
	jsonw_array(w, "grants");
	for (i = 0; i < p->count; i++) {
		g = &p->grants[i];
		if (is_base(g) && first == NULL)
			first = g;
		if (!is_base(g) || strcmp(g->line, first->line) == 0)
			put_grant(w, g);
	}
	jsonw_end(w, ']');
	jsonw_end(w, '}');
}

void
field_put_authority(struct jsonw *w, const struct state *s)
{
	size_t i;

	jsonw_array(w, "layers");
	put_layer(w, &s->policy);
	jsonw_end(w, ']');
	jsonw_array(w, "taken");
	for (i = 0; i < s->taken_count; i++) {
		jsonw_object(w, NULL);
		jsonw_string(w, "nonce", s->taken[i].nonce);
		field_put_integer(w, "expires", s->taken[i].expires);
		field_put_integer(w, "status", s->taken[i].status);
		jsonw_maybe(w, "why", s->taken[i].why);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void
get_parents(struct grant *g, const struct json *list)
{
	const struct json *v;

	g->parents = mem_new(json_count(list), sizeof(*g->parents));
	for (v = json_first(list); v != NULL; v = json_next(v))
		g->parents[g->parent_count++] = mem_strdup(json_string(v));
}

/* The profile as a whole is revoked, or not, and from one place. */
static void
get_base(struct policy *p, const struct json *g)
{
	size_t i = p->count;

	policy_add_base(p);
	for (; i < p->count; i++) {
		p->grants[i].revoked = field_get_integer(g, "revoked");
		get_parents(&p->grants[i], json_get(g, "parents"));
	}
}

static int
get_grant(struct policy *p, const struct json *g)
{
	const char *line = json_get_string(g, "line");
	const char *id = json_get_string(g, "id");
	const char *from = json_get_string(g, "from");
	struct grant *new;
	struct err e;

	if (line == NULL)
		return -1;
	if (strcmp(line, "base") == 0) {
		get_base(p, g);
		return 0;
	}
	if (policy_add(p, line, from == NULL ? "journal" : from, &e) < 0)
		return -1;
	new = &p->grants[p->count - 1];
	new->given = field_get_integer(g, "given");
	new->limits.uses = field_get_integer(g, "uses");
	new->limits.bytes = field_get_integer(g, "bytes");
	new->revoked = field_get_integer(g, "revoked");
	get_parents(new, json_get(g, "parents"));
	if (id != NULL) {
		free(new->id);
		new->id = mem_strdup(id);
	}
	return 0;
}

static int
get_layer(struct state *s, const struct json *j)
{
	const struct json *g;

	for (g = json_first(json_get(j, "grants")); g != NULL; g = json_next(g))
		if (get_grant(&s->policy, g) < 0)
			return -1;
	s->policy.base = json_get_bool(j, "base", false);
	return 0;
}

static void
get_taken(struct state *s, const struct json *v)
{
	const char *nonce = json_get_string(v, "nonce");
	struct taken t = {0};

	if (nonce == NULL || strlen(nonce) != sizeof(t.nonce) - 1)
		return;
	memcpy(t.nonce, nonce, sizeof(t.nonce));
	t.expires = field_get_integer(v, "expires");
	t.status = (int)field_get_integer(v, "status");
	t.why = mem_strdup(json_get_string(v, "why"));
	mem_room(&s->taken, s->taken_count, &s->taken_cap, sizeof(*s->taken));
	s->taken[s->taken_count++] = t;
}

int
field_get_authority(struct state *s, const struct json *j)
{
	const struct json *layers = json_get(j, "layers"), *v;

	for (v = json_first(layers); v != NULL; v = json_next(v)) {
		if (v != json_first(layers))
			state_push_layer(s);
		if (get_layer(s, v) < 0)
			return -1;
	}
	for (v = json_first(json_get(j, "taken")); v != NULL; v = json_next(v))
		get_taken(s, v);
	return 0;
}
