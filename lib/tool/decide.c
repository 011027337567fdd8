/*
 * May a call be made?  By text alone, before anything is probed: first the
 * tool's own grant, then what the call does.  The verdict is the least of
 * both.
 *
 * A built-in tool needs no grant to be called.  But what a policy says of it
 * holds: a deny denies, an ask asks, and where any grant allows it or asks
 * for it, only the calls that such a grant matches (`where`, `uses`, …) are
 * let through.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/url.h"
#include "tool/exposure.h"

static void
decide_for(const struct tool_context *c, const struct tool *tool,
    unsigned right, enum grant_kind kind, const char *resource,
    struct decision *out)
{
	struct grant_query q = {.right = right,
	    .kind = kind,
	    .resource = resource,
	    .workspace = c->workspace,
	    .tool = tool->name,
	    .now = c->now,
	    .labels = c->labels};

	policy_decide(c->policy, &q, out);
}

static void
allow_because(struct decision *out, const char *why)
{
	memset(out, 0, sizeof(*out));
	out->verdict = GRANT_ALLOW;
	(void)snprintf(out->why, sizeof(out->why), "%.199s", why);
}

static void
deny_because(struct decision *out, const char *why)
{
	allow_because(out, why);
	out->verdict = GRANT_DENY;
}

/* Does any grant let this tool be called, whatever its limits? */
static bool
has_call_grant(const struct policy *p, const struct tool *tool)
{
	const struct grant *g;
	size_t i;

	for (i = 0; i < p->count; i++) {
		g = &p->grants[i];
		if (g->effect != GRANT_DENY && g->kind == GRANT_TOOL &&
		    (g->rights & RIGHT_CALL) != 0 &&
		    strcmp(g->resource, tool->name) == 0)
			return true;
	}
	return false;
}

/* One layer's word on the tool itself. */
static void
decide_call_layer(const struct policy *p, const struct tool *tool,
    const struct grant_query *q, struct decision *out)
{
	policy_decide_layer(p, q, out);
	if (out->winner == NULL && tool->builtin && !has_call_grant(p, tool))
		allow_because(out, "a built-in tool");
}

/* Keep the lesser verdict; of two allowing ones the one that names a grant on
 * the tool itself, since that is the closest; and what both use. */
static void
least(struct decision *so_far, const struct decision *next)
{
	struct decision both = *so_far;

	if (next->verdict < so_far->verdict ||
	    (next->verdict == so_far->verdict && so_far->winner == NULL)) {
		both = *next;
		next = so_far;
	}
	if (!decision_use(&both, next))
		deny_because(&both, "it rests on too many grants");
	*so_far = both;
}

static void
decide_call(const struct tool *tool, const struct json *arguments,
    const struct tool_context *c, struct decision *out)
{
	struct grant_query q = {.right = RIGHT_CALL,
	    .kind = GRANT_TOOL,
	    .resource = tool->name,
	    .workspace = c->workspace,
	    .arguments = arguments,
	    .now = c->now,
	    .labels = c->labels};
	const struct policy *p = c->policy;
	struct decision d;

	decide_call_layer(p, tool, &q, out);
	for (p = p->above; p != NULL; p = p->above) {
		decide_call_layer(p, tool, &q, &d);
		least(out, &d);
	}
}

static void
decide_file(const struct tool *tool, const char *path, unsigned rights,
    const struct tool_context *c, struct decision *out)
{
	char *full CLEANUP_FREE = path_join(c->workspace, path);
	struct decision d;

	if ((rights & RIGHT_READ) != 0) {
		decide_for(c, tool, RIGHT_READ, GRANT_FILE, full, &d);
		least(out, &d);
	}
	if ((rights & RIGHT_WRITE) != 0) {
		decide_for(c, tool, RIGHT_WRITE, GRANT_FILE, full, &d);
		least(out, &d);
	}
}

static void
decide_fetch(const struct tool *tool, const char *text,
    const struct tool_context *c, struct decision *out)
{
	char *resource CLEANUP_FREE = NULL;
	struct url url CLEANUP(url_free) = {.text = NULL};
	struct decision d;
	struct err e = {0};

	if (url_parse(text, &url, &e) < 0) {
		deny_because(&d, e.msg);
	} else {
		resource = url_resource(&url);
		decide_for(c, tool, RIGHT_CONNECT, GRANT_NET, resource, &d);
	}
	least(out, &d);
}

/* What the built-in tools do, for their own checks. */
static const struct does {
	const char *name;
	unsigned rights; /* on the file or folder "path" */
} does[] = {
    {"read_file", RIGHT_READ},
    {"list_files", RIGHT_READ},
    {"search_files", RIGHT_READ},
    {"write_file", RIGHT_WRITE},
    {"edit_file", RIGHT_READ | RIGHT_WRITE},
};

static void
decide_inside(const struct tool *tool, const struct json *arguments,
    const struct tool_context *c, struct decision *out)
{
	const char *path = json_get_string(arguments, "path");
	size_t i;

	for (i = 0; i < COUNT_OF(does); i++)
		if (strcmp(does[i].name, tool->name) == 0) {
			decide_file(tool, path == NULL ? "." : path,
			    does[i].rights, c, out);
			return;
		}
	deny_because(out, "a tool whose effect is not known");
}

/*
 * A question goes to the people who answer requests, and a request to let a
 * secret out would show them the same.
 */
static void
decide_question(
    const struct tool *tool, const struct tool_context *c, struct decision *out)
{
	struct tool_context open = *c;
	struct decision d;

	open.labels &= ~(unsigned)LABEL_SECRET;
	decide_for(&open, tool, RIGHT_SEND, GRANT_HUMAN, "*", &d);
	least(out, &d);
}

/* One layer's word on sending to another agent, by its id or its name. */
static void
decide_send_layer(const struct policy *p, const struct grant_query *by_id,
    const struct tool_peer *peer, struct decision *out)
{
	struct grant_query by_name = *by_id;
	struct decision d;

	policy_decide_layer(p, by_id, out);
	if (peer != NULL && peer->name != NULL) {
		by_name.resource = peer->name;
		policy_decide_layer(p, &by_name, &d);
		if (d.winner != NULL &&
		    (out->winner == NULL || d.verdict < out->verdict))
			*out = d;
	}
	if (out->winner == NULL && peer != NULL && peer->kin)
		allow_because(out, "its own family");
}

/*
 * Agents of one family may tell each other anything, unless that is denied:
 * each has its authority from the same, and what is told keeps its labels.
 */
static void
decide_send(const struct json *arguments, const struct tool_context *c,
    struct decision *out)
{
	const struct tool_peer *peer = c->peer;
	const char *to = json_get_string(arguments, "to");
	struct grant_query q = {.right = RIGHT_SEND,
	    .kind = GRANT_AGENT,
	    .resource = peer != NULL && peer->id != NULL ? peer->id : to,
	    .workspace = c->workspace,
	    .now = c->now,
	    .labels = c->labels};
	const struct policy *p;
	struct decision d;

	for (p = c->policy; p != NULL; p = p->above) {
		decide_send_layer(p, &q, peer, &d);
		least(out, &d);
	}
}

void
tool_decide(const struct tool *tool, const struct json *arguments,
    const struct tool_context *from, struct decision *out)
{
	const char *url = json_get_string(arguments, "url");
	struct exposure x CLEANUP(exposure_free) = {0};
	struct tool_context with = *from, *c = &with;
	struct decision d, effect;

	exposure_find(tool, arguments, from, &x);
	with.labels = x.labels;
	decide_call(tool, arguments, c, &d);
	if (d.verdict != GRANT_DENY) {
		switch (tool->kind) {
		case TOOL_INSIDE:
			decide_inside(tool, arguments, c, &d);
			break;
		case TOOL_COMMAND:
			decide_for(c, tool, RIGHT_EXEC, GRANT_EXEC, "/bin/sh",
			    &effect);
			least(&d, &effect);
			break;
		case TOOL_FETCH:
			decide_fetch(tool, url == NULL ? "" : url, c, &d);
			break;
		case TOOL_RUNNER:
			if (strcmp(tool->name, "ask_human") == 0)
				decide_question(tool, c, &d);
			else if (strcmp(tool->name, "send_message") == 0)
				decide_send(arguments, c, &d);
			break;
		case TOOL_PROGRAM:
			break;
		}
	}
	*out = d;
}
