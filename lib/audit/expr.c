#include "audit/expr.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define TYPE(t)       (1u << RECORD_##t)
#define EVERY         ((1u << RECORD_TYPES) - 1)
#define CALL_TYPES    (TYPE(TOOL_CALL) | TYPE(TOOL_RESULT))
#define MODEL_TYPES   (TYPE(MODEL_CALL) | TYPE(MODEL_REPLY))
#define VERDICT_TYPES (TYPE(TOOL_CALL) | TYPE(ANSWER))

enum kind { TEXT, NUMBER, MONEY, SECONDS, INSTANT, LENGTH, RECORD };

/* By enum expr_key: the records that can have it, and what is needed. */
static const struct {
	const char *name;
	enum kind kind;
	unsigned types;
	bool body;
} keys[] = {
    [KEY_AGENT] = {"agent", TEXT, EVERY, false},
    [KEY_ARGUMENTS] = {"arguments", TEXT, TYPE(TOOL_CALL) | TYPE(ASK), true},
    [KEY_BY] = {"by", TEXT, EVERY, true},
    [KEY_CALL] = {"call", TEXT, EVERY, true},
    [KEY_COST] = {"cost", MONEY, TYPE(MODEL_REPLY), true},
    [KEY_EFFECT] = {"effect", TEXT, TYPE(TOOL_CALL) | TYPE(ASK), true},
    [KEY_EXIT] = {"exit", NUMBER, TYPE(TOOL_RESULT), true},
    [KEY_GRANT] = {"grant", TEXT, EVERY, true},
    [KEY_LABEL] = {"label", TEXT, EVERY, true},
    [KEY_MODEL] = {"model", TEXT, EVERY, true},
    [KEY_REQUEST] = {"request", TEXT, EVERY, true},
    [KEY_SECONDS] = {"seconds", SECONDS, TYPE(TOOL_RESULT) | TYPE(MODEL_REPLY),
	true},
    [KEY_SEQ] = {"seq", NUMBER, EVERY, false},
    [KEY_SINCE] = {"since", LENGTH, EVERY, false},
    [KEY_STATUS] = {"status", TEXT, EVERY, true},
    [KEY_TEXT] = {"text", TEXT, EVERY, true},
    [KEY_TIME] = {"time", INSTANT, EVERY, false},
    [KEY_TOKENS] = {"tokens", NUMBER, TYPE(MODEL_REPLY), true},
    [KEY_TOOL] = {"tool", TEXT, CALL_TYPES | TYPE(ASK), true},
    [KEY_TYPE] = {"type", RECORD, EVERY, false},
    [KEY_UNTIL] = {"until", LENGTH, EVERY, false},
    [KEY_VERDICT] = {"verdict", TEXT, VERDICT_TYPES, true},
    [KEY_BODY] = {"body.", TEXT, EVERY, true},
};

static const struct {
	const char *text;
	enum expr_op op;
} ops[] = {
    /* longer ones before those that they begin with */
    {"!=", EXPR_NE},
    {"!~", EXPR_UNLIKE},
    {"<=", EXPR_LE},
    {">=", EXPR_GE},
    {"=", EXPR_EQ},
    {"<", EXPR_LT},
    {">", EXPR_GT},
    {"~", EXPR_LIKE},
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static void
term_free(struct expr_term *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		free(t->values[i].text);
	free(t->values);
	free(t->path);
}

void
expr_free(struct expr *x)
{
	size_t i;

	for (i = 0; i < x->count; i++)
		term_free(&x->terms[i]);
	free(x->terms);
	*x = (struct expr){0};
}

/* ---- values --------------------------------------------------------------- */

static int
bad_value(const struct expr_term *t, const char *text, const char *want,
    struct err *e)
{
	return err_set(e, EX_USAGE, 0, "%s: '%s' is not %s", keys[t->key].name,
	    text, want);
}

/* An instant in microseconds: RFC 3339, a date, or so long before `now`. */
static bool
read_instant(const char *text, int64_t now, double *out)
{
	char *day CLEANUP_FREE = NULL;
	int64_t ns, ago;

	if (strlen(text) == 10)
		day = mem_printf("%sT00:00:00Z", text);
	if (clock_parse(day == NULL ? text : day, &ns) == 0) {
		*out = (double)(ns / 1000);
		return true;
	}
	if (num_duration(text, &ago) < 0)
		return false;
	*out = (double)((now - ago) / 1000);
	return true;
}

/* What the text means as a value of this key. */
static int
read_value(
    const struct expr_term *t, int64_t now, struct expr_value *v, struct err *e)
{
	int64_t n;

	v->is_number = true;
	switch (keys[t->key].kind) {
	case RECORD:
		v->is_number = false;
		if (record_type_parse(v->text, v->len) == RECORD_TYPES)
			return bad_value(t, v->text, "a record's type", e);
		return 0;
	case MONEY:
		if (num_money(v->text, &n) < 0)
			return bad_value(t, v->text, "an amount", e);
		v->number = (double)n;
		return 0;
	case SECONDS:
		if (num_duration(v->text, &n) < 0)
			return bad_value(t, v->text, "a length of time", e);
		v->number = (double)n / (double)CLOCK_SECOND;
		return 0;
	case INSTANT:
	case LENGTH:
		if (!read_instant(v->text, now, &v->number))
			return bad_value(t, v->text,
			    "a length of time or an RFC 3339 instant", e);
		return 0;
	case NUMBER:
		if (num_double(v->text, &v->number) < 0)
			return bad_value(t, v->text, "a number", e);
		return 0;
	default:
		v->is_number = num_double(v->text, &v->number) == 0;
		return 0;
	}
}

/* One value up to a space or `|` outside quotes. */
static int
take_value(const char **at, struct buf *out, struct err *e)
{
	const char *p = *at, *end;

	for (; *p != '\0' && *p != '|' && !is_space(*p); p++) {
		if (*p != '\'' && *p != '"') {
			buf_putc(out, *p);
			continue;
		}
		end = strchr(p + 1, *p);
		if (end == NULL)
			return err_set(
			    e, EX_USAGE, 0, "a %c is not closed", *p);
		buf_add(out, p + 1, (size_t)(end - p) - 1);
		p = end;
	}
	*at = p;
	return 0;
}

static int
take_values(const char **at, int64_t now, struct expr_term *t, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct expr_value v;
	size_t cap = 0;

	for (;; ++*at) {
		const char *from = *at;

		buf_clear(&text);
		if (take_value(at, &text, e) < 0)
			return -1;
		if (*at == from)
			return err_set(e, EX_USAGE, 0, "%s: a value is missing",
			    keys[t->key].name);
		v = (struct expr_value){
		    .text = mem_dup(buf_str(&text), text.len), .len = text.len};
		mem_room(&t->values, t->count, &cap, sizeof(*t->values));
		t->values[t->count++] = v;
		if (t->op != EXPR_LIKE && t->op != EXPR_UNLIKE &&
		    read_value(t, now, &t->values[t->count - 1], e) < 0)
			return -1;
		if (**at != '|')
			return 0;
	}
}

/* ---- terms ---------------------------------------------------------------- */

static bool
key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static int
find_key(const char *name, size_t len, struct expr_term *t, struct err *e)
{
	size_t i;

	if (len > 5 && memcmp(name, "body.", 5) == 0) {
		t->key = KEY_BODY;
		t->path = mem_dup(name + 5, len - 5);
		return 0;
	}
	for (i = 0; i < KEY_BODY; i++)
		if (strlen(keys[i].name) == len &&
		    memcmp(keys[i].name, name, len) == 0) {
			t->key = (enum expr_key)i;
			return 0;
		}
	if (len == 0)
		return err_set(e, EX_USAGE, 0,
		    "want KEY OP VALUE without spaces, at '%.20s'", name);
	return err_set(e, EX_USAGE, 0, "no key '%.*s' (body.NAME takes any)",
	    (int)(len > 60 ? 60 : len), name);
}

static int
check_op(const struct expr_term *t, struct err *e)
{
	enum kind kind = keys[t->key].kind;

	if ((kind == LENGTH && t->op != EXPR_EQ) ||
	    (kind == RECORD && t->op != EXPR_EQ && t->op != EXPR_NE) ||
	    (kind != TEXT && (t->op == EXPR_LIKE || t->op == EXPR_UNLIKE)))
		return err_set(e, EX_USAGE, 0, "%s: takes %s",
		    keys[t->key].name,
		    kind == LENGTH   ? "= alone"
		    : kind == RECORD ? "= or !="
				     : "no ~");
	return 0;
}

static int
take_term(const char **at, int64_t now, struct expr_term *t, struct err *e)
{
	const char *p = *at, *name;
	size_t i, n = 0;

	t->op = EXPR_HAS;
	if (*p == '!') {
		t->op = EXPR_LACKS;
		p++;
	}
	for (name = p; key_char(*p); p++)
		;
	if (find_key(name, (size_t)(p - name), t, e) < 0)
		return -1;
	for (i = 0; i < COUNT_OF(ops) && n == 0; i++)
		if (strncmp(p, ops[i].text, strlen(ops[i].text)) == 0) {
			if (t->op == EXPR_LACKS)
				return err_set(e, EX_USAGE, 0,
				    "'!%s' takes no value", keys[t->key].name);
			t->op = ops[i].op;
			n = strlen(ops[i].text);
		}
	*at = p + n;
	if (n == 0 && *p != '\0' && !is_space(*p))
		return err_set(e, EX_USAGE, 0,
		    "want = != < <= > >= ~ or !~ at '%.20s'", p);
	if (check_op(t, e) < 0)
		return -1;
	return n == 0 ? 0 : take_values(at, now, t, e);
}

/* ---- what they need ------------------------------------------------------- */

/* Narrow the types to those that a term on `type` lets through. */
static void
narrow(struct expr *x, const struct expr_term *t)
{
	bool named[RECORD_TYPES] = {false};
	size_t i;

	for (i = 0; i < t->count; i++)
		named[record_type_parse(t->values[i].text, t->values[i].len)] =
		    true;
	for (i = 0; i < RECORD_TYPES; i++)
		if (named[i] != (t->op == EXPR_EQ))
			x->types[i] = false;
}

static void
plan(struct expr *x)
{
	const struct expr_term *t;
	size_t i, type;

	for (type = 0; type < RECORD_TYPES; type++)
		x->types[type] = true;
	for (i = 0; i < x->count; i++) {
		t = &x->terms[i];
		if (t->key == KEY_TYPE && t->count > 0)
			narrow(x, t);
		for (type = 0; type < RECORD_TYPES; type++)
			if (t->op != EXPR_LACKS &&
			    (keys[t->key].types >> type & 1) == 0)
				x->types[type] = false;
		x->body = x->body || keys[t->key].body;
		x->blobs = x->blobs || t->key == KEY_TEXT ||
			   t->key == KEY_ARGUMENTS || t->key == KEY_BODY;
		x->tools = x->tools || t->key == KEY_TOOL;
		x->models =
		    x->models || t->key == KEY_MODEL || t->key == KEY_SECONDS;
	}
	x->tools = x->tools && x->types[RECORD_TOOL_RESULT];
	x->models = x->models && x->types[RECORD_MODEL_REPLY];
}

int
expr_parse(const char *text, int64_t now, struct expr *out, struct err *e)
{
	struct expr x = {0};
	int r = 0;

	for (;;) {
		while (is_space(*text))
			text++;
		if (*text == '\0' || r < 0)
			break;
		mem_room(&x.terms, x.count, &x.cap, sizeof(*x.terms));
		x.terms[x.count] = (struct expr_term){0};
		r = take_term(&text, now, &x.terms[x.count++], e);
	}
	if (r < 0) {
		expr_free(&x);
		return -1;
	}
	plan(&x);
	*out = x;
	return 0;
}
