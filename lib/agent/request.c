#include "agent/request.h"

#include <inttypes.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"

static const char *const kinds[] = {"call", "question", "grant"};

const char *
request_kind_name(enum request_kind k)
{
	return kinds[k];
}

int
request_kind_parse(const char *name, enum request_kind *out)
{
	size_t i;

	for (i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(name, kinds[i]) == 0) {
			*out = (enum request_kind)i;
			return 0;
		}
	return -1;
}

/* ---- asking ----------------------------------------------------------------- */

char *
request_id(const char *agent, int64_t seq)
{
	return mem_printf("%s-%" PRId64, agent + 18, seq);
}

static void
put_what(struct jsonw *w, const struct request *r)
{
	const char *arguments = r->arguments == NULL ? "" : r->arguments;
	char deadline[CLOCK_TEXT];
	struct digest d;

	digest_of(arguments, strlen(arguments), &d);
	jsonw_maybe(w, "tool", r->tool);
	jsonw_maybe(w, "effect", r->effect);
	jsonw_digest(w, "digest", &d);
	if (r->deadline != 0) {
		clock_text(r->deadline, deadline);
		jsonw_string(w, "deadline", deadline);
	}
	jsonw_string(w, "default", "deny");
	jsonw_maybe(w, "grant", r->grant);
	jsonw_maybe(w, "text", r->text);
	jsonw_string(w, "arguments", arguments);
}

void
request_body(const struct request *r, struct buf *out)
{
	struct jsonw w = {.out = out};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "request", r->id);
	jsonw_string(&w, "kind", request_kind_name(r->kind));
	jsonw_maybe(&w, "call", r->call);
	put_what(&w, r);
	jsonw_end(&w, '}');
}

void
request_members(const struct request *r, const char *agent, struct jsonw *w)
{
	jsonw_string(w, "request", r->id);
	jsonw_string(w, "agent", agent);
	jsonw_string(w, "kind", request_kind_name(r->kind));
	put_what(w, r);
}

const struct request *
request_like(const struct state *s, const char *tool, const char *arguments,
    const char *grant)
{
	const struct request *r;
	size_t i;

	for (i = 0; i < s->request_count; i++) {
		r = &s->requests[i];
		if (grant != NULL && r->grant != NULL &&
		    strcmp(r->grant, grant) == 0)
			return r;
		if (r->tool != NULL && strcmp(r->tool, tool) == 0 &&
		    r->arguments != NULL &&
		    strcmp(r->arguments, arguments) == 0)
			return r;
	}
	return NULL;
}

void
request_image(const struct root *root, struct journal *j, const char *agent,
    char *const *grants, size_t count)
{
	struct buf body CLEANUP_BUF = {0}, clean CLEANUP_BUF = {0};
	struct slice text;
	struct record rec;
	size_t i;

	for (i = 0; i < count; i++) {
		struct request r CLEANUP(request_free) = {.kind = REQUEST_GRANT,
		    .deadline = journal_now(j) + REQUEST_TIME};
		struct buf arguments = {0};
		struct jsonw w = {.out = &arguments};

		jsonw_object(&w, NULL);
		jsonw_string(&w, "grant", grants[i]);
		jsonw_string(&w, "why", "the image asks for it");
		jsonw_end(&w, '}');
		r.id = request_id(agent, journal_next(j));
		r.tool = mem_strdup("request_grant");
		r.effect = mem_strdup(tool_effect_name(EFFECT_EXTERNAL));
		r.arguments = buf_steal(&arguments);
		r.grant = mem_strdup(grants[i]);
		r.text = mem_strdup("the image asks for it");
		buf_clear(&body);
		request_body(&r, &body);
		text = secrets_scrub_json(
		    root->secrets, (struct slice){body.data, body.len}, &clean);
		journal_stage(j, RECORD_ASK, text, &rec);
	}
}

int
request_grant(const char *text, char **line, struct err *e)
{
	struct grant g;
	int got = 0;

	if (grant_parse(text, &g, e) < 0)
		return -1;
	if (g.effect == GRANT_ALLOW)
		*line = mem_strdup(g.line);
	else
		got = err_set(e, EX_CONFIG, 0,
		    "expected a line that begins with 'allow', got '%.80s'",
		    g.line);
	grant_free(&g);
	return got;
}
