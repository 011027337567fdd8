#include "grant/limits.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsontext.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/num.h"

enum { DEPTH_MOST = 1000 };

void
limits_init(struct grant_limits *l)
{
	memset(l, 0, sizeof(*l));
	l->uses = l->bytes = -1;
}

void
limits_free(struct grant_limits *l)
{
	size_t i;

	for (i = 0; i < l->wheres; i++) {
		free(l->where[i].arg);
		free(l->where[i].value);
	}
	free(l->where);
	free(l->via);
	free(l->with);
	memset(l, 0, sizeof(*l));
}

/* The next word's text unless it is quoted or missing: then "". */
static const char *
plain(const struct words *w)
{
	const struct word *next = words_peek(w);

	return next == NULL || next->quoted ? "" : next->text;
}

static int
parse_uses(struct words *w, struct grant_limits *l, struct err *e)
{
	if (num_int(plain(w), 0, (int64_t)1 << 53, &l->uses) < 0)
		return words_expected(w, "how many uses", e);
	w->next++;
	return 0;
}

static int
parse_for(struct words *w, struct grant_limits *l, struct err *e)
{
	if (num_duration(plain(w), &l->for_ns) < 0 || l->for_ns == 0)
		return words_expected(w, "a duration such as '90s' or '1h'", e);
	w->next++;
	return 0;
}

static int
parse_until(struct words *w, struct grant_limits *l, struct err *e)
{
	int64_t t;

	if (clock_parse(plain(w), &t) < 0 || t < CLOCK_SECOND)
		return words_expected(
		    w, "a time such as '2030-01-31T12:00:00Z'", e);
	l->until_ns = t - t % 1000; /* as clock_text writes it */
	w->next++;
	return 0;
}

static int
parse_bytes(struct words *w, struct grant_limits *l, struct err *e)
{
	if (num_size(plain(w), &l->bytes) < 0)
		return words_expected(w, "a size such as '64K'", e);
	w->next++;
	return 0;
}

static int
parse_delegable(struct words *w, struct grant_limits *l, struct err *e)
{
	const char *text = plain(w);
	int64_t depth = -1;

	if ((text[0] >= '0' && text[0] <= '9') || text[0] == '-') {
		if (num_int(text, 1, DEPTH_MOST, &depth) < 0)
			return words_expected(w, "a depth of 1 to 1000", e);
		w->next++;
	}
	l->delegable = (int)depth;
	return 0;
}

static bool
is_identifier(const char *s)
{
	return s[0] != '\0' &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] == '\0';
}

static int
parse_via(struct words *w, struct grant_limits *l, struct err *e)
{
	const char *text = plain(w);

	if (strncmp(text, "tool:", 5) != 0 || !is_identifier(text + 5))
		return words_expected(w, "tool:NAME", e);
	l->via = mem_strdup(text + 5);
	w->next++;
	return 0;
}

static int
parse_unless(struct words *w, struct grant_limits *l, struct err *e)
{
	if (!words_take(w, "tainted"))
		return words_expected(w, "'tainted'", e);
	l->unless_tainted = true;
	return 0;
}

static int
parse_release(struct words *w, struct grant_limits *l, struct err *e)
{
	if (!words_take(w, "secret"))
		return words_expected(w, "'secret'", e);
	l->release = true;
	return 0;
}

static int
parse_with(struct words *w, struct grant_limits *l, struct err *e)
{
	if (!is_identifier(plain(w)))
		return words_expected(w, "the name of a secret", e);
	l->with = mem_strdup(plain(w));
	w->next++;
	return 0;
}

/* A scalar as JSON text; strings in json_quote's form. */
static char *
scalar(const struct word *w, enum grant_op op)
{
	struct buf out CLEANUP_BUF = {0};
	struct err ignored;

	if (w->quoted) {
		json_quote(&out, w->text, strlen(w->text));
		return op == WHERE_AT_MOST ? NULL : buf_steal(&out);
	}
	if (op == WHERE_PREFIX ||
	    json_check(w->text, strlen(w->text), &ignored) < 0 ||
	    strpbrk(w->text, "n[{\"\r\n\t ") != NULL)
		return NULL; /* 'n': null, which is no value to compare */
	if (op == WHERE_AT_MOST && (w->text[0] == 't' || w->text[0] == 'f'))
		return NULL;
	return mem_strdup(w->text);
}

static int
parse_where(struct words *w, struct grant_limits *l, struct err *e)
{
	static const char *const values[] = {
	    "a JSON string, number or boolean", "a number", "a string"};
	const struct word *arg = words_peek(w), *value;
	struct grant_where *item;
	enum grant_op op;
	char *text;

	if (arg == NULL)
		return words_expected(w, "an argument's name", e);
	w->next++;
	if (words_take(w, "="))
		op = WHERE_EQUAL;
	else if (words_take(w, "<="))
		op = WHERE_AT_MOST;
	else if (words_take(w, "prefix"))
		op = WHERE_PREFIX;
	else
		return words_expected(w, "'=', '<=' or 'prefix'", e);
	value = words_peek(w);
	text = value == NULL ? NULL : scalar(value, op);
	if (text == NULL)
		return words_expected(w, values[op], e);
	w->next++;
	l->where = mem_grow(l->where, l->wheres + 1, sizeof(*l->where));
	item = &l->where[l->wheres++];
	item->arg = mem_strdup(arg->text);
	item->op = op;
	item->value = text;
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(struct words *, struct grant_limits *, struct err *);
	bool deny;  /* means something on a deny */
	bool again; /* may stand more than once */
	bool net;   /* only where bytes go through our hands */
	bool out;   /* only where data leaves for one that is named */
} keys[] = {
    {"uses", parse_uses, false, false, false, false},
    {"for", parse_for, true, false, false, false},
    {"until", parse_until, true, false, false, false},
    {"bytes", parse_bytes, false, false, true, false},
    {"delegable", parse_delegable, false, false, false, false},
    {"where", parse_where, true, true, false, false},
    {"via", parse_via, true, false, false, false},
    {"unless", parse_unless, false, false, false, false},
    {"release", parse_release, false, false, false, true},
    {"with", parse_with, false, false, true, false},
};

/* One party, and no more: a host with its port, one name. */
static bool
is_exact(const struct grant *g)
{
	return grant_leaves(g->kind) && strchr(g->resource, '*') == NULL;
}

static int
parse_one(struct words *w, struct grant *g, unsigned *seen, struct err *e)
{
	size_t i;

	for (i = 0; i < COUNT_OF(keys); i++)
		if (strcmp(plain(w), keys[i].name) == 0)
			break;
	if (i == COUNT_OF(keys))
		return words_expected(w,
		    "a limit (uses, for, until, bytes, "
		    "delegable, where, via, unless tainted, "
		    "release secret, with)",
		    e);
	if ((*seen & 1u << i) != 0 && !keys[i].again)
		return words_expected(w, "each limit once", e);
	if (g->effect == GRANT_MARK)
		return words_expected(w, "no limit on a mark", e);
	if (g->effect == GRANT_DENY && !keys[i].deny)
		return words_expected(
		    w, "for, until, where or via on a deny", e);
	if (keys[i].again && g->kind != GRANT_TOOL && g->kind != GRANT_MCP)
		return words_expected(w, "'where' on tool: and mcp: only", e);
	if (keys[i].net && g->kind != GRANT_NET)
		return words_expected(w, "'bytes' and 'with' on net: only", e);
	if (keys[i].out && !is_exact(g))
		return words_expected(w,
		    "'release' on one host and port, or one mcp:, agent: or "
		    "human: only",
		    e);
	*seen |= 1u << i;
	w->next++;
	return keys[i].parse(w, &g->limits, e);
}

int
limits_parse(struct words *w, struct grant *g, struct err *e)
{
	unsigned seen = 0;

	while (words_peek(w) != NULL)
		if (parse_one(w, g, &seen, e) < 0)
			return -1;
	return 0;
}

/* In the largest unit that it is a whole number of; else decimals of ms. */
static void
print_duration(int64_t ns, struct buf *out)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
	    {"d", 86400 * CLOCK_SECOND},
	    {"h", 3600 * CLOCK_SECOND},
	    {"m", 60 * CLOCK_SECOND},
	    {"s", CLOCK_SECOND},
	    {"ms", CLOCK_MILLI},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(units); i++) {
		if (ns % units[i].ns != 0)
			continue;
		buf_printf(
		    out, "%" PRId64 "%s", ns / units[i].ns, units[i].name);
		return;
	}
	buf_printf(out, "%" PRId64 ".%06" PRId64 "ms", ns / CLOCK_MILLI,
	    ns % CLOCK_MILLI);
}

static void
print_wheres(const struct grant_limits *l, struct buf *out)
{
	static const char *const ops[] = {"=", "<=", "prefix"};
	const struct grant_where *w;
	size_t i;

	for (i = 0; i < l->wheres; i++) {
		w = &l->where[i];
		buf_puts(out, " where ");
		if (words_plain(w->arg))
			buf_puts(out, w->arg);
		else
			json_quote(out, w->arg, strlen(w->arg));
		buf_printf(out, " %s %s", ops[w->op], w->value);
	}
}

void
limits_print(const struct grant_limits *l, struct buf *out)
{
	char time[CLOCK_TEXT];

	if (l->uses >= 0)
		buf_printf(out, " uses %" PRId64, l->uses);
	if (l->for_ns > 0) {
		buf_puts(out, " for ");
		print_duration(l->for_ns, out);
	}
	if (l->until_ns > 0) {
		clock_text(l->until_ns, time);
		buf_printf(out, " until %s", time);
	}
	if (l->bytes >= 0)
		buf_printf(out, " bytes %" PRId64, l->bytes);
	if (l->delegable < 0)
		buf_puts(out, " delegable");
	else if (l->delegable > 0)
		buf_printf(out, " delegable %d", l->delegable);
	if (l->wheres > 0)
		print_wheres(l, out);
	if (l->via != NULL)
		buf_printf(out, " via tool:%s", l->via);
	if (l->unless_tainted)
		buf_puts(out, " unless tainted");
	if (l->release)
		buf_puts(out, " release secret");
	if (l->with != NULL)
		buf_printf(out, " with %s", l->with);
}
