/* agent-grant list and check: what an agent may do, and why. */
#include <inttypes.h>
#include <string.h>

#include "agent/authority.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/grantverb.h"
#include "cli/show.h"

/* Opened to read, with what was revoked marked. */
static void
open_agent(const struct grant_args *a, const char *name, struct session *s)
{
	char id[ULID_TEXT];
	struct err e;

	if (root_find(a->root, name, id, &e) < 0 ||
	    session_read(a->root, id, true, s, &e) < 0 ||
	    authority_look(s, &e) < 0)
		die_err(&e);
}

/* The later of the clock and the last record, as the agent will see it. */
static int64_t
now_of(const struct session *s)
{
	int64_t now = clock_real();

	return now < s->state.time ? s->state.time : now;
}

static size_t
depth(const struct policy *p)
{
	size_t n = 0;

	for (p = p->above; p != NULL; p = p->above)
		n++;
	return n;
}

/* ---- list ------------------------------------------------------------------------- */

/* When it ends by itself; 0: never. */
static int64_t
ends(const struct grant *g)
{
	int64_t end = g->limits.until_ns, of;

	if (g->limits.for_ns > 0 && g->given != 0 &&
	    !__builtin_add_overflow(g->given, g->limits.for_ns, &of) &&
	    (end == 0 || of < end))
		end = of;
	return end;
}

static void
list_json(const struct session *s, const struct grant *g, size_t layer)
{
	const struct revocation *v = authority_revoked(s, g);
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};
	char time[CLOCK_TEXT];
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "grant", g->id);
	jsonw_string(&w, "line", g->line);
	jsonw_maybe(&w, "from", g->from);
	jsonw_integer(&w, "layer", (int64_t)layer);
	if (g->given != 0) {
		clock_text(g->given, time);
		jsonw_string(&w, "given", time);
	}
	if (g->limits.uses >= 0)
		jsonw_integer(&w, "uses", g->limits.uses);
	if (g->limits.bytes >= 0)
		jsonw_integer(&w, "bytes", g->limits.bytes);
	if (ends(g) != 0) {
		clock_text(ends(g), time);
		jsonw_string(&w, "ends", time);
	}
	jsonw_array(&w, "parents");
	for (i = 0; i < g->parent_count; i++)
		jsonw_string(&w, NULL, g->parents[i]);
	jsonw_end(&w, ']');
	jsonw_bool(&w, "revoked", g->revoked != 0);
	jsonw_maybe(&w, "because", v == NULL ? NULL : v->because);
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

/* The line as it can be given again, and what became of it as a comment. */
static void
list_line(const struct session *s, const struct grant *g)
{
	const struct revocation *v = authority_revoked(s, g);
	struct buf note CLEANUP_BUF = {0}, text CLEANUP_BUF = {0};
	char id[40];

	if (g->revoked != 0)
		buf_printf(&note, ", revoked%s%s",
		    v == NULL || v->because == NULL ? "" : ": ",
		    v == NULL || v->because == NULL ? "" : v->because);
	if (g->revoked == 0 && ends(g) != 0 && ends(g) <= now_of(s))
		buf_puts(&note, ", over");
	if (g->limits.uses >= 0)
		buf_printf(&note, ", uses left: %" PRId64, g->limits.uses);
	if (g->limits.bytes >= 0)
		buf_printf(&note, ", bytes left: %" PRId64, g->limits.bytes);
	if (g->parent_count > 0)
		buf_printf(&note, ", from %s", g->parents[0]);
	buf_printf(&text, "%s%s%s", g->line, note.len > 0 ? "  # " : "",
	    note.len > 0 ? buf_str(&note) + 2 : "");
	(void)snprintf(id, sizeof(id), "%-6s ", g->id);
	show_line(id, buf_str(&text));
}

/* What a person approved: no grant, but as good as one for calls with these
 * arguments. */
static void
approval_json(const struct approval *p)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};
	char time[CLOCK_TEXT];

	jsonw_object(&w, NULL);
	jsonw_string(&w, "approval", p->request);
	jsonw_string(&w, "tool", p->tool);
	jsonw_digest(&w, "digest", &p->arguments);
	if (p->uses >= 0)
		jsonw_integer(&w, "uses", p->uses);
	if (p->until != 0) {
		clock_text(p->until, time);
		jsonw_string(&w, "ends", time);
	}
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

static void
approval_line(const struct session *s, const struct approval *p)
{
	char *id CLEANUP_FREE = mem_printf("%s ", p->request);
	char digest[DIGEST_HEX + 1], time[CLOCK_TEXT];
	struct buf text CLEANUP_BUF = {0};

	digest_hex(&p->arguments, digest);
	buf_printf(&text, "# approved: call tool:%s, arguments %.12s…", p->tool,
	    digest);
	if (p->uses >= 0)
		buf_printf(&text, ", uses left: %" PRId64, p->uses);
	if (p->until != 0) {
		clock_text(p->until, time);
		buf_printf(&text, ", %s %s",
		    p->until <= now_of(s) ? "over since" : "until", time);
	}
	show_line(id, buf_str(&text));
}

int
grantverb_list(const struct grant_args *a, char *operands[])
{
	const struct policy *p;
	struct session s;
	size_t i;

	open_agent(a, operands[0], &s);
	for (p = &s.state.policy; p != NULL; p = p->above)
		for (i = 0; i < p->count; i++)
			if (a->json)
				list_json(&s, &p->grants[i], depth(p));
			else
				list_line(&s, &p->grants[i]);
	for (i = 0; i < s.state.approval_count; i++)
		if (a->json)
			approval_json(&s.state.approvals[i]);
		else
			approval_line(&s, &s.state.approvals[i]);
	session_close(&s);
	return 0;
}

/* ---- check ------------------------------------------------------------------------ */

struct checking {
	const struct grant_args *a;
	const struct session *s;
	struct grant_query q;
	struct decision d;
};

static void
check_json(const struct checking *c)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};
	const struct policy *p;
	struct decision layer;
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "verdict", grant_effect_name(c->d.verdict));
	jsonw_string(&w, "why", c->d.why);
	jsonw_array(&w, "layers");
	for (p = &c->s->state.policy; p != NULL; p = p->above) {
		policy_decide_layer(p, &c->q, &layer);
		jsonw_object(&w, NULL);
		jsonw_integer(&w, "layer", (int64_t)depth(p));
		jsonw_string(&w, "verdict", grant_effect_name(layer.verdict));
		jsonw_maybe(&w, "winner",
		    layer.winner == NULL ? NULL : layer.winner->id);
		jsonw_array(&w, "matched");
		for (i = 0; i < p->count; i++)
			if (grant_matches(&p->grants[i], &c->q))
				jsonw_string(&w, NULL, p->grants[i].id);
		jsonw_end(&w, ']');
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

/* Each layer's matching grants, its winner marked. */
static void
check_text(const struct checking *c)
{
	const struct policy *p;
	struct decision layer;
	char word[64];
	size_t i;

	(void)snprintf(
	    word, sizeof(word), "%s: ", grant_effect_name(c->d.verdict));
	show_line(word, c->d.why);
	for (p = &c->s->state.policy; p != NULL; p = p->above) {
		policy_decide_layer(p, &c->q, &layer);
		if (p->above != NULL || c->s->state.policy.above != NULL)
			printf("layer %zu: %s\n", depth(p),
			    grant_effect_name(layer.verdict));
		for (i = 0; i < p->count; i++) {
			if (!grant_matches(&p->grants[i], &c->q))
				continue;
			(void)snprintf(word, sizeof(word), "  %s %s: ",
			    &p->grants[i] == layer.winner ? "won" : "matched",
			    p->grants[i].id);
			show_line(word, p->grants[i].line);
		}
	}
}

static void
read_query(
    struct checking *c, char *operands[], char **path, struct json **args)
{
	const struct grant_args *a = c->a;
	const char *body;
	struct err e;

	c->q.right = grant_right(operands[1]);
	if (c->q.right == 0)
		die_usage(a->program, "no right '%s'", operands[1]);
	if (grant_split(operands[2], &c->q.kind, &body) < 0)
		die_usage(
		    a->program, "want KIND:RESOURCE, got '%s'", operands[2]);
	if (a->args != NULL &&
	    json_parse(a->args, strlen(a->args), args, &e) < 0)
		die_usage(a->program, "--args: %s", e.msg);
	if (c->q.kind == GRANT_FILE) /* by its text alone: nothing is probed */
		body = *path = path_join(c->s->workspace, body);
	c->q.resource = body;
	c->q.workspace = c->s->workspace;
	c->q.arguments = *args;
	c->q.tool = a->tool;
	c->q.now = now_of(c->s);
	c->q.labels = c->s->state.labels;
}

/* What no grant gives: the agents' root, but for a workspace in it. */
static void
keep_root(struct checking *c, const char *path)
{
	if (path == NULL || !path_below(path, c->a->root->path) ||
	    (c->s->own && path_below(path, c->s->workspace)))
		return;
	c->d.verdict = GRANT_DENY;
	(void)snprintf(c->d.why, sizeof(c->d.why),
	    "it lies in the agents' root, which no agent reaches");
}

int
grantverb_check(const struct grant_args *a, char *operands[])
{
	char *path CLEANUP_FREE = NULL;
	struct json *args CLEANUP_JSON = NULL;
	struct session s;
	struct checking c = {.a = a, .s = &s};
	enum grant_effect verdict;

	open_agent(a, operands[0], &s);
	read_query(&c, operands, &path, &args);
	policy_decide(&s.state.policy, &c.q, &c.d);
	keep_root(&c, path);
	if (a->json)
		check_json(&c);
	else
		check_text(&c);
	verdict = c.d.verdict;
	session_close(&s);
	return verdict == GRANT_ALLOW ? 0 : EX_NO;
}
