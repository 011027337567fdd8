#include "audit/facts.h"

#include <string.h>

#include "base/mem.h"

/* ---- links ---------------------------------------------------------------- */

void
links_free(struct links *l)
{
	struct map_entry *m;
	size_t at = 0;

	while ((m = map_next(&l->tools, &at)) != NULL)
		free(m->value);
	map_free(&l->tools);
	buf_free(&l->call);
	buf_free(&l->model);
}

static void
set(struct buf *b, struct slice s)
{
	buf_clear(b);
	if (s.len > 0)
		buf_add(b, s.data, s.len);
}

void
links_note(
    struct links *l, const struct record *rec, const struct members *body)
{
	struct slice call = members_get(body, "call");
	struct buf tool = {0};
	void **place;

	if (call.data == NULL)
		return;
	if (rec->type == RECORD_MODEL_CALL) {
		set(&l->call, call);
		(void)members_text(body, "model", &l->model);
		l->sent = rec->time;
	} else if (rec->type == RECORD_TOOL_CALL &&
		   members_text(body, "tool", &tool)) {
		place = map_put(&l->tools, call);
		free(*place);
		*place = mem_dup(buf_str(&tool), tool.len);
	}
	buf_free(&tool);
}

struct slice
links_tool(const struct links *l, struct slice call)
{
	const char *tool = call.data == NULL ? NULL : map_get(&l->tools, call);

	return (struct slice){tool, tool == NULL ? 0 : strlen(tool)};
}

bool
links_model(const struct links *l, struct slice call, struct slice *model)
{
	if (call.data == NULL || call.len != l->call.len ||
	    memcmp(call.data, l->call.data, call.len) != 0)
		return false;
	*model = (struct slice){buf_str(&l->model), l->model.len};
	return true;
}

/* ---- lists of facts ------------------------------------------------------- */

void
fact_list_free(struct fact_list *l)
{
	size_t i;

	for (i = 0; i < l->made; i++)
		buf_free(&l->items[i].own);
	free(l->items);
	*l = (struct fact_list){0};
}

static struct fact *
add(struct fact_list *l)
{
	struct fact *f;

	mem_room(&l->items, l->count, &l->cap, sizeof(*l->items));
	f = &l->items[l->count++];
	if (l->count > l->made) {
		*f = (struct fact){0};
		l->made = l->count;
	}
	f->text = (struct slice){"", 0};
	f->is_number = false;
	return f;
}

static void
add_text(struct fact_list *l, struct slice text)
{
	if (text.data != NULL)
		add(l)->text = text;
}

static void
add_number(struct fact_list *l, double n)
{
	struct fact *f = add(l);

	f->is_number = true;
	f->number = n;
}

static void
add_string(struct fact_list *l, struct slice v)
{
	struct fact *f = add(l);

	f->text = (struct slice){v.data + 1, v.len - 2};
	if (memchr(v.data, '\\', v.len) == NULL)
		return;
	buf_clear(&f->own);
	json_unquote(&f->own, v);
	f->text = (struct slice){buf_str(&f->own), f->own.len};
}

/* A JSON value: a string is its text, an array each of its elements. */
static void
add_token(struct fact_list *l, struct slice v)
{
	struct slice one;
	struct fact *f;
	size_t at = 0;

	if (v.data == NULL)
		return;
	if (v.data[0] == '"') {
		add_string(l, v);
	} else if (v.data[0] == '[') {
		while (json_raw_next(v, &at, &one) == 1)
			if (one.data[0] != '[')
				add_token(l, one);
	} else {
		f = add(l);
		f->text = v;
		f->is_number = token_number(v, &f->number);
	}
}

static void
add_member(struct fact_list *l, const struct members *m, const char *key)
{
	add_token(l, members_get(m, key));
}

/* ---- keys ----------------------------------------------------------------- */

/* Follow the names of `path`; in an array a number is an element. */
static void
add_path(struct fact_list *l, const struct members *m, const char *path)
{
	size_t n = strcspn(path, "."), at = 0, i;
	char *name CLEANUP_FREE = mem_dup(path, n);
	struct slice v = members_get(m, name), one;

	while (v.data != NULL && path[n] == '.') {
		path += n + 1;
		n = strcspn(path, ".");
		free(name);
		name = mem_dup(path, n);
		if (v.data[0] != '[') {
			if (json_raw(v, name, &v) < 0)
				return;
			continue;
		}
		if (n == 0 || strspn(name, "0123456789") != n || n > 6)
			return;
		i = strtoul(name, NULL, 10);
		at = 0;
		do
			if (json_raw_next(v, &at, &one) != 1)
				return;
		while (i-- > 0);
		v = one;
	}
	add_token(l, v);
}

static void
add_tokens(struct fact_list *l, const struct members *m)
{
	static const char *const parts[] = {"input", "output"};
	struct slice usage = members_get(m, "usage"), v;
	double sum = 0, n;
	size_t i;

	if (usage.data == NULL || usage.data[0] != '{')
		return;
	for (i = 0; i < COUNT_OF(parts); i++)
		if (json_raw(usage, parts[i], &v) == 0 && token_number(v, &n))
			sum += n;
	add_number(l, sum);
}

/* The word; compared with a number it is the exit status, and one of a result
 * without a command is 0 when it is ok, else 1. */
static void
add_status(struct fact_list *l, const struct subject *s)
{
	struct fact *f;

	add_member(l, s->body, "status");
	if (l->count == 0 || s->rec->type != RECORD_TOOL_RESULT)
		return;
	f = &l->items[0];
	f->is_number = true;
	if (!members_number(s->body, "exit", &f->number))
		f->number =
		    f->text.len == 2 && memcmp(f->text.data, "ok", 2) == 0 ? 0
									   : 1;
}

static void
add_seconds(struct fact_list *l, const struct subject *s)
{
	struct slice model;

	if (s->rec->type == RECORD_TOOL_RESULT)
		add_member(l, s->body, "seconds");
	else if (links_model(s->links, members_get(s->body, "call"), &model))
		add_number(l, (double)(s->rec->time - s->links->sent) /
				  (double)CLOCK_SECOND);
}

static void
add_tool(struct fact_list *l, const struct subject *s)
{
	if (s->rec->type == RECORD_TOOL_RESULT)
		add_text(l, links_tool(s->links, members_get(s->body, "call")));
	else
		add_member(l, s->body, "tool");
}

static void
add_model(struct fact_list *l, const struct subject *s)
{
	struct slice model;

	if (s->rec->type != RECORD_MODEL_REPLY)
		add_member(l, s->body, "model");
	else if (links_model(s->links, members_get(s->body, "call"), &model))
		add_text(l, model);
}

static void
add_in(struct fact_list *l, const struct members *m, const char *object,
    const char *key)
{
	struct slice o = members_get(m, object), v;

	if (o.data != NULL && json_raw(o, key, &v) == 0)
		add_token(l, v);
}

static void
add_words(struct fact_list *l, const struct subject *s)
{
	static const char *const keys[] = {
	    "text", "arguments", "line", "note", "why"};
	size_t i;

	for (i = 0; i < COUNT_OF(keys); i++)
		add_member(l, s->body, keys[i]);
}

/* Keys that are no member of the body by their own name. */
static bool
add_special(
    struct fact_list *l, const struct subject *s, const struct expr_term *t)
{
	const char *type = record_type_name(s->rec->type);

	switch (t->key) {
	case KEY_AGENT:
		add_text(l, (struct slice){s->agent, strlen(s->agent)});
		if (s->name != NULL)
			add_text(l, (struct slice){s->name, strlen(s->name)});
		return true;
	case KEY_BODY:
		add_path(l, s->body, t->path);
		return true;
	case KEY_GRANT:
		add_member(l, s->body, "grant");
		add_in(l, s->body, "decision", "grants");
		return true;
	case KEY_LABEL:
		add_member(l, s->body, "labels");
		return true;
	case KEY_MODEL:
		add_model(l, s);
		return true;
	case KEY_SECONDS:
		add_seconds(l, s);
		return true;
	case KEY_SEQ:
		add_number(l, (double)s->rec->seq);
		return true;
	case KEY_SINCE:
	case KEY_TIME:
	case KEY_UNTIL:
		add_number(l, (double)(s->rec->time / 1000));
		return true;
	case KEY_STATUS:
		add_status(l, s);
		return true;
	case KEY_TEXT:
		add_words(l, s);
		return true;
	case KEY_TOKENS:
		add_tokens(l, s->body);
		return true;
	case KEY_TOOL:
		add_tool(l, s);
		return true;
	case KEY_TYPE:
		add_text(l, (struct slice){type, strlen(type)});
		return true;
	case KEY_VERDICT:
		add_member(l, s->body, "verdict");
		add_in(l, s->body, "decision", "verdict");
		return true;
	default:
		return false;
	}
}

void
facts_of(
    const struct subject *s, const struct expr_term *t, struct fact_list *out)
{
	static const char *const plain[] = {
	    [KEY_ARGUMENTS] = "arguments",
	    [KEY_BY] = "by",
	    [KEY_CALL] = "call",
	    [KEY_COST] = "cost",
	    [KEY_EFFECT] = "effect",
	    [KEY_EXIT] = "exit",
	    [KEY_REQUEST] = "request",
	};

	out->count = 0;
	if (!add_special(out, s, t))
		add_member(out, s->body, plain[t->key]);
}
