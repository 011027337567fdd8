/* What an import says in the journal, and what of the authority stays. */
#include <inttypes.h>
#include <string.h>

#include "agent/ckptrecord.h"
#include "agent/importparts.h"
#include "base/jsonw.h"
#include "base/mem.h"

static bool
is_base(const struct grant *g)
{
	return strcmp(g->id, "base") == 0;
}

/* Does the one that is copied hold it still? */
static bool
held_now(const struct state *now, const struct grant *g)
{
	const struct policy *p = &now->policy;
	size_t i;

	for (i = 0; i < p->count; i++)
		if (strcmp(p->grants[i].id, g->id) == 0 &&
		    strcmp(p->grants[i].line, g->line) == 0)
			return !p->grants[i].revoked;
	return false;
}

/* What may be used so often only cannot be in two places. */
static bool
is_finite(const struct grant *g)
{
	return g->limits.uses >= 0 || g->limits.bytes >= 0;
}

static bool
stays(const struct import *in, const struct grant *g)
{
	if (is_base(g) || g->effect != GRANT_ALLOW)
		return true;
	if (in->now != NULL)
		return held_now(in->now, g) && !is_finite(g);
	return in->trusted && !(in->fresh && is_finite(g));
}

/* Is a person to be asked whether it is given here? */
static bool
is_asked(const struct import *in, const struct grant *g)
{
	return !stays(in, g) && !g->revoked && g->limits.uses != 0 &&
	       (in->now == NULL || held_now(in->now, g));
}

static int
stage_import(struct session *s, const struct import *in, struct err *e)
{
	const struct bundle *b = chain_newest(in->files);
	const struct policy *p = &s->state.policy;
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_bool(&w, "import", true);
	jsonw_digest(&w, "bundle", &b->id);
	jsonw_integer(&w, "seq", in->seq);
	jsonw_string(&w, "agent", b->manifest.agent);
	jsonw_bool(&w, "trusted", in->trusted || in->now != NULL);
	jsonw_maybe(&w, "model", in->model);
	jsonw_array(&w, "grants");
	for (i = 0; i < p->count; i++)
		if (stays(in, &p->grants[i]) &&
		    !(is_base(&p->grants[i]) && i > 0 &&
			is_base(&p->grants[i - 1])))
			jsonw_string(&w, NULL, p->grants[i].id);
	jsonw_end(&w, ']');
	jsonw_array(&w, "cancelled");
	for (i = 0; in->fresh && i < s->state.request_count; i++)
		jsonw_string(&w, NULL, s->state.requests[i].id);
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	return session_stage(
	    s, RECORD_RESTORE, (struct slice){body.data, body.len}, e);
}

static int
stage_request(struct session *s, const char *line, struct err *e)
{
	static const char why[] = "it had this where it came from";
	struct buf body CLEANUP_BUF = {0}, arguments CLEANUP_BUF = {0};
	struct jsonw a = {.out = &arguments}, w = {.out = &body};
	char id[32];
	struct digest d;

	(void)snprintf(id, sizeof(id), "%s-%" PRId64, s->info.id + 18,
	    journal_next(&s->journal));
	jsonw_object(&a, NULL);
	jsonw_string(&a, "grant", line);
	jsonw_string(&a, "why", why);
	jsonw_end(&a, '}');
	digest_of(arguments.data, arguments.len, &d);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "request", id);
	jsonw_string(&w, "kind", "grant");
	jsonw_string(&w, "tool", "request_grant");
	jsonw_string(&w, "effect", "external");
	jsonw_digest(&w, "digest", &d);
	jsonw_string(&w, "default", "deny");
	jsonw_string(&w, "grant", line);
	jsonw_string(&w, "text", why);
	jsonw_string(&w, "arguments", buf_str(&arguments));
	jsonw_end(&w, '}');
	return session_stage(
	    s, RECORD_ASK, (struct slice){body.data, body.len}, e);
}

/* The lines are taken first: the record takes the grants away. */
static char **
list_asked(const struct session *s, const struct import *in, size_t *count)
{
	const struct policy *p = &s->state.policy;
	char **lines = mem_new(p->count + 1, sizeof(*lines));
	size_t i, n = 0;

	for (i = 0; i < p->count; i++) {
		struct buf line = {0};

		if (!is_asked(in, &p->grants[i]))
			continue;
		grant_print(&p->grants[i], &line); /* with the uses left */
		lines[n++] = buf_steal(&line);
	}
	*count = n;
	return lines;
}

/* What agent-run does for the tools of a new agent: it cannot rewrite them. */
static int
stage_guards(struct session *s, const struct import *in, struct err *e)
{
	struct policy p CLEANUP(policy_free);
	struct buf body CLEANUP_BUF = {0};
	int r = 0;
	size_t i;

	policy_init(&p);
	for (i = 0; i < in->tool_count && r == 0; i++) {
		char id[32];
		struct jsonw w = {.out = &body};

		if (policy_add_guard(&p, in->tools[i], true, "--tools", e) < 0)
			return -1;
		(void)snprintf(
		    id, sizeof(id), "t%" PRId64, journal_next(&s->journal));
		buf_clear(&body);
		jsonw_object(&w, NULL);
		jsonw_string(&w, "grant", id);
		jsonw_string(&w, "from", "--tools");
		jsonw_string(&w, "line", p.grants[i].line);
		jsonw_end(&w, '}');
		r = session_stage(
		    s, RECORD_GRANT, (struct slice){body.data, body.len}, e);
	}
	return r;
}

int
importparts_record(struct session *s, const struct import *in, int64_t covered,
    size_t *requests, struct err *e)
{
	size_t count, i;
	char **lines = list_asked(s, in, &count);
	const struct bundle *b = chain_newest(in->files);
	struct written w = {b->id, b->frames.file};
	int r = stage_import(s, in, e);

	if (r == 0)
		r = stage_guards(s, in, e);
	/* The next bundle follows the one that it came in. */
	if (r == 0)
		r = ckpt_record(s, &b->manifest, &w, covered, e);
	for (i = 0; i < count; i++) {
		if (r == 0)
			r = stage_request(s, lines[i], e);
		free(lines[i]);
	}
	free(lines);
	if (r == 0)
		*requests = count;
	return r;
}
