#include "agent/gate.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"

const struct gate_field gate_fields[] = {{"agent", UNIT_WORD, false},
    {"bytes", UNIT_COUNT, false}, {"cached", UNIT_COUNT, true},
    {"changed", UNIT_COUNT, false}, {"cost", UNIT_MONEY, true},
    {"files", UNIT_COUNT, false}, {"goal", UNIT_WORD, false},
    {"grants", UNIT_COUNT, false}, {"input", UNIT_COUNT, true},
    {"kind", UNIT_WORD, false}, {"messages", UNIT_COUNT, false},
    {"model", UNIT_WORD, false}, {"open_calls", UNIT_COUNT, false},
    {"output", UNIT_COUNT, true}, {"pending", UNIT_COUNT, false},
    {"report", UNIT_WORD, false}, {"secret", UNIT_WORD, false},
    {"seq", UNIT_COUNT, false}, {"state", UNIT_WORD, false},
    {"tainted", UNIT_WORD, false}, {"text", UNIT_WORD, false},
    {"time", UNIT_TIME, true}, {"tokens", UNIT_COUNT, true},
    {"tool_calls", UNIT_COUNT, true}, {"turns", UNIT_COUNT, true},
    {NULL, UNIT_COUNT, false}};

#define EXPECTED                                             \
	"NAME=VALUE, NAME<NUMBER, changed-only PATTERN..., " \
	"no-grant KIND:BODY or tests-passed TOOL[:'ARGUMENT']"

static void
rule_free(struct gate_rule *r)
{
	size_t i;

	for (i = 0; i < r->patterns; i++)
		free(r->pattern[i]);
	free(r->pattern);
	free(r->text);
	free(r->word);
	free(r->argument);
	*r = (struct gate_rule){0};
}

void
gate_free(struct gate *g)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		rule_free(&g->rule[i]);
	free(g->rule);
	*g = (struct gate){0};
}

enum ckpt_reach
gate_reach(const struct gate *g)
{
	size_t i;

	for (i = 0; i < g->count; i++) {
		const struct gate_rule *r = &g->rule[i];

		if (r->kind == GATE_CHANGED_ONLY ||
		    r->kind == GATE_TESTS_PASSED ||
		    (r->field != NULL &&
			strcmp(r->field->name, "changed") == 0))
			return CKPT_HISTORY;
	}
	return CKPT_ALONE;
}

/* ---- NAME OP VALUE ---------------------------------------------------------------------- */

static const struct gate_field *
field_named(const char *name, size_t len)
{
	const struct gate_field *f;

	for (f = gate_fields; f->name != NULL; f++)
		if (strlen(f->name) == len && memcmp(f->name, name, len) == 0)
			return f;
	return NULL;
}

/* The operator at `s`, and how long it is; 0: there is none. */
static size_t
operator_at(const char *s, enum gate_op *op)
{
	static const struct {
		char text[3];
		enum gate_op op;
	} ops[] = {{"!=", GATE_NE}, {"<=", GATE_LE}, {">=", GATE_GE},
	    {"=", GATE_EQ}, {"<", GATE_LT}, {">", GATE_GT}};
	size_t i, n;

	for (i = 0; i < COUNT_OF(ops); i++) {
		n = strlen(ops[i].text);
		if (strncmp(s, ops[i].text, n) == 0) {
			*op = ops[i].op;
			return n;
		}
	}
	return 0;
}

static int
parse_value(struct gate_rule *r, const char *value, struct err *e)
{
	const char *name = r->field->name;
	int64_t ns;

	switch (r->field->unit) {
	case UNIT_WORD:
		r->kind = GATE_WORD;
		if (r->op != GATE_EQ && r->op != GATE_NE)
			return err_set(e, EX_USAGE, 0,
			    "'%s': expected %s= or %s!=", r->text, name, name);
		r->word = mem_strdup(value);
		return 0;
	case UNIT_MONEY:
		if (num_money(value, &r->number) == 0)
			return 0;
		return err_set(e, EX_USAGE, 0,
		    "'%s': expected an amount such as 2.00, got '%s'", r->text,
		    value);
	case UNIT_TIME:
		if (num_duration(value, &ns) < 0)
			return err_set(e, EX_USAGE, 0,
			    "'%s': expected a duration such as 10m, got '%s'",
			    r->text, value);
		r->number = ns / CLOCK_MILLI;
		return 0;
	default:
		if (num_int(value, 0, INT64_MAX, &r->number) == 0)
			return 0;
		return err_set(e, EX_USAGE, 0,
		    "'%s': expected a whole number, got '%s'", r->text, value);
	}
}

static int
parse_comparison(struct gate_rule *r, struct err *e)
{
	size_t n = strcspn(r->text, "=!<> "), len;
	const char *at = r->text + n;

	at += strspn(at, " ");
	len = operator_at(at, &r->op);
	if (len == 0 || n == 0)
		return err_set(
		    e, EX_USAGE, 0, "'%s': expected " EXPECTED, r->text);
	r->kind = GATE_NUMBER;
	r->field = field_named(r->text, n);
	if (r->field == NULL) {
		struct buf names CLEANUP_BUF = {0};
		const struct gate_field *f;

		for (f = gate_fields; f->name != NULL; f++)
			buf_printf(&names, " %s", f->name);
		return err_set(e, EX_USAGE, 0, "'%s': expected one of%s",
		    r->text, buf_str(&names));
	}
	at += len;
	return parse_value(r, at + strspn(at, " "), e);
}

/* ---- the others ------------------------------------------------------------------------- */

static int
parse_patterns(struct gate_rule *r, const char *at, struct err *e)
{
	size_t n, cap = 0;

	for (;; at += n) {
		at += strspn(at, " \t");
		n = strcspn(at, " \t");
		if (n == 0)
			break;
		mem_room(&r->pattern, r->patterns, &cap, sizeof(char *));
		r->pattern[r->patterns++] = mem_dup(at, n);
	}
	if (r->patterns == 0)
		return err_set(e, EX_USAGE, 0,
		    "'%s': expected patterns, such as src/**", r->text);
	return 0;
}

static int
parse_resource(struct gate_rule *r, const char *at, struct err *e)
{
	enum grant_kind kind;
	const char *body;

	if (strchr(at, ' ') != NULL || grant_split(at, &kind, &body) < 0 ||
	    body[0] == '\0')
		return err_set(e, EX_USAGE, 0,
		    "'%s': expected KIND:BODY, such as net:* or "
		    "file:secret/**",
		    r->text);
	r->word = mem_strdup(at);
	return 0;
}

static int
parse_call(struct gate_rule *r, const char *at, struct err *e)
{
	size_t n = strcspn(at, ": "), len;
	const char *arg = at + n + 1;

	if (n == 0 || at[n] == ' ')
		return err_set(e, EX_USAGE, 0,
		    "'%s': expected TOOL, or TOOL:'ARGUMENT'", r->text);
	r->word = mem_dup(at, n);
	if (at[n] == '\0')
		return 0;
	len = strlen(arg);
	if (len > 0 && (arg[0] == '\'' || arg[0] == '"')) {
		if (len < 2 || arg[len - 1] != arg[0])
			return err_set(e, EX_USAGE, 0,
			    "'%s': expected a quote at the end", r->text);
		arg++;
		len -= 2;
	}
	if (len == 0)
		return err_set(e, EX_USAGE, 0,
		    "'%s': expected an argument behind the colon", r->text);
	r->argument = mem_dup(arg, len);
	return 0;
}

static int
parse(struct gate_rule *r, struct err *e)
{
	static const struct {
		const char *word;
		enum gate_kind kind;
		int (*parse)(struct gate_rule *, const char *, struct err *);
	} words[] = {{"changed-only", GATE_CHANGED_ONLY, parse_patterns},
	    {"no-grant", GATE_NO_GRANT, parse_resource},
	    {"tests-passed", GATE_TESTS_PASSED, parse_call}};
	size_t i, n = strcspn(r->text, " \t");

	for (i = 0; i < COUNT_OF(words); i++)
		if (strlen(words[i].word) == n &&
		    memcmp(r->text, words[i].word, n) == 0) {
			r->kind = words[i].kind;
			return words[i].parse(
			    r, r->text + n + strspn(r->text + n, " \t"), e);
		}
	return parse_comparison(r, e);
}

int
gate_add(struct gate *g, const char *expr, struct err *e)
{
	struct gate_rule r = {0};
	size_t n;

	expr += strspn(expr, " \t");
	n = strlen(expr);
	while (n > 0 && strchr(" \t\r", expr[n - 1]) != NULL)
		n--;
	r.text = mem_dup(expr, n);
	if (parse(&r, e) < 0) {
		rule_free(&r);
		return -1;
	}
	mem_room(&g->rule, g->count, &g->cap, sizeof(r));
	g->rule[g->count++] = r;
	return 0;
}

int
gate_add_file(struct gate *g, const char *text, size_t len, const char *name,
    struct err *e)
{
	const char *end = text + len, *nl;
	size_t line = 1;

	for (; text < end; text = nl + 1, line++) {
		char *one CLEANUP_FREE = NULL;

		nl = memchr(text, '\n', (size_t)(end - text));
		if (nl == NULL)
			nl = end;
		one = mem_dup(text, (size_t)(nl - text));
		if (one[strspn(one, " \t\r")] == '\0' ||
		    one[strspn(one, " \t\r")] == '#')
			continue;
		if (strlen(one) != (size_t)(nl - text))
			err_set(e, EX_CONFIG, 0, "expected no NUL bytes");
		else if (gate_add(g, one, e) == 0)
			continue;
		e->status = EX_CONFIG;
		return err_wrap(e, "%s:%zu", name, line);
	}
	return 0;
}
