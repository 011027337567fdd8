#include "audit/flat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"

enum column {
	AGENT,
	NAME,
	SEQ,
	TIME,
	TYPE,
	CALL,
	TOOL,
	EFFECT,
	VERDICT,
	STATUS,
	EXIT,
	MODEL,
	INPUT,
	OUTPUT,
	CACHED,
	COST,
	SECONDS,
	DIGEST,
	ARGUMENTS,
	TEXT,
	COLUMNS
};

static const char *const names[COLUMNS] = {"agent", "name", "seq", "time",
    "type", "call", "tool", "effect", "verdict", "status", "exit", "model",
    "input", "output", "cached", "cost", "seconds", "digest", "arguments",
    "text"};

/* A value as JSON; `data` NULL: none. */
struct cells {
	struct slice at[COLUMNS];
	struct buf own[COLUMNS]; /* what had to be made */
};

static enum column
last(const struct flat *f)
{
	return f->content ? COLUMNS : ARGUMENTS;
}

void
flat_free(struct flat *f)
{
	links_free(&f->links);
	members_free(&f->members);
	buf_free(&f->room);
}

void
flat_agent(struct flat *f, const char *id, const char *name)
{
	links_free(&f->links);
	f->links = (struct links){0};
	f->agent = id;
	f->name = name;
}

/* ---- cells ----------------------------------------------------------------------------- */

static void
put_text(struct cells *c, enum column at, const char *s, size_t len)
{
	json_quote(&c->own[at], s, len);
	c->at[at] = (struct slice){c->own[at].data, c->own[at].len};
}

/* A string, true or false, or a number as it stands. */
static void
put_member(
    struct cells *c, enum column at, const struct members *m, const char *key)
{
	struct slice v = members_get(m, key);

	if (v.data != NULL && v.data[0] != '{' && v.data[0] != '[' &&
	    v.data[0] != 'n')
		c->at[at] = v;
}

static void
put_nested(struct cells *c, enum column at, const struct members *m,
    const char *object, const char *key)
{
	struct slice o = members_get(m, object), v;

	if (o.data != NULL && o.data[0] == '{' && json_raw(o, key, &v) == 0 &&
	    v.data[0] != '{' && v.data[0] != '[')
		c->at[at] = v;
}

static void
put_links(struct flat *f, struct cells *c)
{
	struct slice call = members_get(&f->members, "call");
	struct slice found, model;

	if (call.data == NULL)
		return;
	found = links_tool(&f->links, call);
	if (c->at[TOOL].data == NULL && found.data != NULL)
		put_text(c, TOOL, found.data, found.len);
	if (c->at[MODEL].data == NULL && links_model(&f->links, call, &model) &&
	    model.data != NULL)
		put_text(c, MODEL, model.data, model.len);
}

static void
fill(struct flat *f, const struct record *r, struct cells *c)
{
	const struct members *m = &f->members;
	char text[DIGEST_HEX + 1];

	put_text(c, AGENT, f->agent, strlen(f->agent));
	if (f->name != NULL)
		put_text(c, NAME, f->name, strlen(f->name));
	buf_printf(&c->own[SEQ], "%" PRId64, r->seq);
	c->at[SEQ] = (struct slice){c->own[SEQ].data, c->own[SEQ].len};
	clock_text(r->time, text);
	put_text(c, TIME, text, strlen(text));
	put_text(c, TYPE, record_type_name(r->type),
	    strlen(record_type_name(r->type)));
	digest_hex(&r->digest, text);
	put_text(c, DIGEST, text, DIGEST_HEX);
	put_member(c, CALL, m, "call");
	put_member(c, TOOL, m, "tool");
	put_member(c, EFFECT, m, "effect");
	put_member(c, EXIT, m, "exit");
	put_member(c, MODEL, m, "model");
	put_member(c, COST, m, "cost");
	put_member(c, SECONDS, m, "seconds");
	put_member(c, STATUS, m,
	    r->type == RECORD_MODEL_REPLY ? "stop"
	    : r->type == RECORD_EXIT      ? "state"
					  : "status");
	put_member(c, VERDICT, m, "verdict");
	put_nested(c, VERDICT, m, "decision", "verdict");
	put_nested(c, INPUT, m, "usage", "input");
	put_nested(c, OUTPUT, m, "usage", "output");
	put_nested(c, CACHED, m, "usage", "cached");
	if (f->content) {
		put_member(c, ARGUMENTS, m, "arguments");
		put_member(c, TEXT, m, "text");
	}
	put_links(f, c);
}

/* ---- lines ----------------------------------------------------------------------------- */

void
flat_head(const struct flat *f, struct buf *out)
{
	enum column i;

	if (!f->csv)
		return;
	for (i = 0; i < last(f); i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ",", names[i]);
	buf_puts(out, "\r\n");
}

/*
 * A cell that begins with = + - @ or a tab is a formula to a spreadsheet, and
 * models write what they like: an apostrophe before it keeps it a text (OWASP,
 * CSV injection).  Numbers are no strings and stay as they are.
 */
static void
put_cell(struct flat *f, struct buf *out, struct slice token)
{
	const char *s;
	size_t i;

	if (token.data == NULL)
		return;
	if (token.data[0] != '"') {
		buf_add(out, token.data, token.len);
		return;
	}
	buf_clear(&f->room);
	json_unquote(&f->room, token);
	s = buf_str(&f->room);
	buf_putc(out, '"');
	if (f->room.len > 0 && strchr("=+-@\t\r", s[0]) != NULL)
		buf_putc(out, '\'');
	for (i = 0; i < f->room.len; i++) {
		if (s[i] == '"')
			buf_putc(out, '"');
		buf_putc(out, s[i]);
	}
	buf_putc(out, '"');
}

static void
put_csv(struct flat *f, const struct cells *c, struct buf *out)
{
	enum column i;

	for (i = 0; i < last(f); i++) {
		if (i > 0)
			buf_putc(out, ',');
		put_cell(f, out, c->at[i]);
	}
	buf_puts(out, "\r\n");
}

static void
put_json(const struct flat *f, const struct cells *c, struct buf *out)
{
	struct jsonw w = {.out = out};
	enum column i;

	jsonw_object(&w, NULL);
	for (i = 0; i < last(f); i++)
		if (c->at[i].data != NULL)
			jsonw_raw(&w, names[i], c->at[i].data, c->at[i].len);
	jsonw_end(&w, '}');
	buf_putc(out, '\n');
}

int
flat_row(struct flat *f, const struct record *r, struct slice body,
    struct buf *out, struct err *e)
{
	struct cells c = {0};
	size_t i;

	if (members_read(&f->members, body, e) < 0)
		return err_wrap(e, "record %" PRId64, r->seq);
	links_note(&f->links, r, &f->members);
	fill(f, r, &c);
	if (f->csv)
		put_csv(f, &c, out);
	else
		put_json(f, &c, out);
	for (i = 0; i < COLUMNS; i++)
		buf_free(&c.own[i]);
	return 0;
}
