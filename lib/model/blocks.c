#include "model/blocks.h"

#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "model/raw.h"

enum { BLOCKS_MAX = 1024 };

void
block_list_free(struct block_list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		buf_free(&l->items[i].text);
		buf_free(&l->items[i].signature);
		buf_free(&l->items[i].input);
	}
	free(l->items);
	memset(l, 0, sizeof(*l));
}

struct block *
block_add(struct block_list *l, int64_t index)
{
	struct block *b;

	if (l->count == BLOCKS_MAX)
		return NULL;
	mem_room(&l->items, l->count, &l->cap, sizeof(*l->items));
	b = &l->items[l->count++];
	memset(b, 0, sizeof(*b));
	b->index = index;
	return b;
}

struct block *
block_find(struct block_list *l, int64_t index)
{
	size_t i;

	for (i = l->count; i > 0; i--)
		if (l->items[i - 1].index == index)
			return &l->items[i - 1];
	return NULL;
}

void
block_list_settle(const struct block_list *l, struct call_list *calls)
{
	const struct block *b;
	struct call *c;
	size_t i;

	for (i = 0; i < l->count; i++) {
		b = &l->items[i];
		if (b->type != BLOCK_CALL)
			continue;
		c = &calls->items[b->call];
		if (c->arguments.len == 0)
			buf_add(
			    &c->arguments, buf_str(&b->input), b->input.len);
	}
}

/* Thinking that was cut has no signature, and would be refused. */
static bool
must_go_back(const struct block *b)
{
	return b->type == BLOCK_OTHER ||
	       (b->type == BLOCK_THINKING && b->signature.len > 0);
}

static void
write_call(struct jsonw *w, const struct call *c)
{
	bool usable = raw_object(buf_str(&c->arguments), c->arguments.len);

	jsonw_object(w, NULL);
	jsonw_string(w, "type", "tool_use");
	jsonw_text(w, "id", buf_str(&c->id), c->id.len);
	jsonw_text(w, "name", buf_str(&c->name), c->name.len);
	if (usable)
		jsonw_raw(w, "input", c->arguments.data, c->arguments.len);
	else
		jsonw_raw(w, "input", "{}", 2);
	jsonw_end(w, '}');
}

static void
write_block(struct jsonw *w, const struct block *b, const struct call_list *l)
{
	switch (b->type) {
	case BLOCK_CALL:
		write_call(w, &l->items[b->call]);
		return;
	case BLOCK_OTHER:
		jsonw_raw(w, NULL, buf_str(&b->text), b->text.len);
		return;
	case BLOCK_TEXT:
		if (b->text.len == 0)
			return;
		jsonw_object(w, NULL);
		jsonw_string(w, "type", "text");
		jsonw_text(w, "text", buf_str(&b->text), b->text.len);
		jsonw_end(w, '}');
		return;
	case BLOCK_THINKING:
		if (!must_go_back(b))
			return;
		jsonw_object(w, NULL);
		jsonw_string(w, "type", "thinking");
		jsonw_text(w, "thinking", buf_str(&b->text), b->text.len);
		jsonw_text(
		    w, "signature", buf_str(&b->signature), b->signature.len);
		jsonw_end(w, '}');
	}
}

void
block_list_write(
    const struct block_list *l, const struct call_list *calls, struct buf *out)
{
	struct jsonw w = {out, false};
	bool any = false;
	size_t i;

	for (i = 0; i < l->count; i++)
		any |= must_go_back(&l->items[i]);
	if (!any)
		return;
	jsonw_object(&w, NULL);
	jsonw_array(&w, "anthropic");
	for (i = 0; i < l->count; i++)
		write_block(&w, &l->items[i], calls);
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
}
