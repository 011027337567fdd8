/* The children of a cached state. */
#include "agent/cachefields.h"

#include "base/mem.h"

static const struct {
	const char *name;
	size_t at;
} integers[] = {
    {"seq", offsetof(struct family_child, seq)},
    {"limit_turns", offsetof(struct family_child, limits.turns)},
    {"limit_calls", offsetof(struct family_child, limits.tool_calls)},
    {"limit_tokens", offsetof(struct family_child, limits.tokens)},
    {"limit_cost", offsetof(struct family_child, limits.cost)},
    {"limit_time", offsetof(struct family_child, limits.time_ns)},
    {"limit_cpu", offsetof(struct family_child, limits.cpu_ns)},
    {"limit_bytes", offsetof(struct family_child, limits.bytes)},
    {"limit_children", offsetof(struct family_child, limits.children)},
    {"turns", offsetof(struct family_child, used.turns)},
    {"tool_calls", offsetof(struct family_child, used.tool_calls)},
    {"input", offsetof(struct family_child, used.input)},
    {"output", offsetof(struct family_child, used.output)},
    {"cached", offsetof(struct family_child, used.cached)},
    {"cost", offsetof(struct family_child, used.cost)},
    {"time_used", offsetof(struct family_child, used.time_ns)},
    {"cpu_used", offsetof(struct family_child, used.cpu_ns)},
    {"bytes_written", offsetof(struct family_child, used.bytes)},
    {"children_made", offsetof(struct family_child, used.children)},
};

static int64_t *
member(struct family_child *c, size_t i)
{
	return (void *)((char *)c + integers[i].at);
}

/* What is 0 is left out: there may be a thousand of them. */
static void
put_child(struct jsonw *w, struct family_child c)
{
	size_t i;

	jsonw_object(w, NULL);
	jsonw_string(w, "id", c.id);
	jsonw_maybe(w, "name", c.name);
	jsonw_maybe(w, "call", c.call);
	for (i = 0; i < COUNT_OF(integers); i++)
		if (*member(&c, i) != 0)
			field_put_integer(w, integers[i].name, *member(&c, i));
	if (c.state != AGENT_READY || c.status != 0) {
		field_put_integer(w, "state", c.state);
		field_put_integer(w, "status", c.status);
	}
	if (c.ended)
		jsonw_bool(w, "ended", true);
	if (c.joined)
		jsonw_bool(w, "joined", true);
	if (c.has_base)
		jsonw_digest(w, "base", &c.base);
	jsonw_end(w, '}');
}

void
field_put_family(struct jsonw *w, const struct state *s)
{
	size_t i;

	jsonw_array(w, "children");
	for (i = 0; i < s->child_count; i++)
		put_child(w, s->children[i]);
	jsonw_end(w, ']');
}

void
field_get_family(struct state *s, const struct json *j)
{
	const struct json *v = json_first(json_get(j, "children"));
	size_t i;

	for (; v != NULL; v = json_next(v)) {
		struct family_child c = {0};

		c.id = mem_strdup(json_get_string(v, "id"));
		c.name = mem_strdup(json_get_string(v, "name"));
		c.call = mem_strdup(json_get_string(v, "call"));
		for (i = 0; i < COUNT_OF(integers); i++)
			*member(&c, i) = field_get_integer(v, integers[i].name);
		c.state = (enum agent_status)field_get_integer(v, "state");
		c.status = (int)field_get_integer(v, "status");
		c.ended = json_get_bool(v, "ended", false);
		c.joined = json_get_bool(v, "joined", false);
		c.has_base = json_get(v, "base") != NULL;
		field_get_digest(v, "base", &c.base);
		mem_room(&s->children, s->child_count, &s->child_cap,
		    sizeof(*s->children));
		s->children[s->child_count++] = c;
	}
}
