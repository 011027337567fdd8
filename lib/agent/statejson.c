#include "agent/statejson.h"

#include <string.h>

#include "agent/statelabels.h"
#include "agent/wait.h"
#include "base/jsonw.h"
#include "base/utf8.h"

#define TEXT_MAX ((size_t)512)

static void
put_text(struct jsonw *w, const char *key, const char *text)
{
	if (text != NULL)
		jsonw_text(
		    w, key, text, utf8_cut(text, strlen(text), TEXT_MAX));
}

static void
put_time(struct jsonw *w, const char *key, int64_t ns)
{
	char text[CLOCK_TEXT];

	if (ns == 0)
		return;
	clock_text(ns, text);
	jsonw_string(w, key, text);
}

static void
put_requests(struct jsonw *w, const struct state *s)
{
	const struct request *r;
	size_t i;

	jsonw_array(w, "requests");
	for (i = 0; i < s->request_count; i++) {
		r = &s->requests[i];
		jsonw_object(w, NULL);
		jsonw_string(w, "request", r->id);
		jsonw_maybe(w, "tool", r->tool);
		jsonw_maybe(w, "effect", r->effect);
		jsonw_maybe(w, "grant", r->grant);
		put_text(w, "arguments", r->arguments);
		put_text(w, "text", r->text);
		put_time(w, "deadline", r->deadline);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

/* What people allowed beforehand is authority as well. */
static void
put_approvals(struct jsonw *w, const struct state *s)
{
	const struct approval *a;
	size_t i;

	jsonw_array(w, "approvals");
	for (i = 0; i < s->approval_count; i++) {
		a = &s->approvals[i];
		jsonw_object(w, NULL);
		jsonw_string(w, "request", a->request);
		jsonw_string(w, "tool", a->tool);
		jsonw_digest(w, "digest", &a->arguments);
		if (a->uses >= 0)
			jsonw_integer(w, "uses", a->uses);
		put_time(w, "until", a->until);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void
put_calls(struct jsonw *w, const struct state *s)
{
	size_t i;

	jsonw_array(w, "open_calls");
	for (i = 0; i < s->call_count; i++) {
		if (s->calls[i].phase == CALL_CLOSED)
			continue;
		jsonw_object(w, NULL);
		jsonw_string(w, "call", s->calls[i].id);
		jsonw_string(w, "tool", s->calls[i].name);
		jsonw_bool(w, "recorded", s->calls[i].phase != CALL_WANTED);
		if (s->calls[i].wait != NULL)
			wait_write(w, "wait", s->calls[i].wait);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void
put_children(struct jsonw *w, const struct state *s)
{
	const struct family_child *c;
	size_t i;

	jsonw_array(w, "children");
	for (i = 0; i < s->child_count; i++) {
		c = &s->children[i];
		jsonw_object(w, NULL);
		jsonw_string(w, "id", c->id);
		jsonw_maybe(w, "name", c->name);
		jsonw_integer(w, "seq", c->seq);
		if (!limits_none(&c->limits))
			limits_write(w, "limits", &c->limits);
		if (c->ended) {
			jsonw_string(w, "state", agent_status_name(c->state));
			jsonw_integer(w, "status", c->status);
		}
		if (c->joined)
			jsonw_bool(w, "joined", true);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

void
state_json(const struct state *s, struct buf *out)
{
	struct jsonw w = {.out = out};
	struct digest running;

	sha256_get(&s->running, &running);
	jsonw_object(&w, NULL);
	jsonw_integer(&w, "format", 1);
	jsonw_integer(&w, "seq", s->seq);
	put_time(&w, "time", s->time);
	jsonw_string(&w, "state", agent_status_name(s->status));
	jsonw_string(&w, "model", s->model);
	put_text(&w, "goal", s->goal);
	put_text(&w, "text", s->text);
	put_text(&w, "report", s->report);
	usage_write(&w, "usage", &s->usage);
	limits_write(&w, "limits", &s->limits);
	put_requests(&w, s);
	put_approvals(&w, s);
	put_calls(&w, s);
	if (s->child_count > 0)
		put_children(&w, s);
	jsonw_integer(&w, "messages", s->messages);
	jsonw_digest(&w, "conversation", &running);
	jsonw_digest(&w, "tools", &s->tools);
	jsonw_bool(&w, "tainted", (s->labels & LABEL_TAINTED) != 0);
	jsonw_bool(&w, "secret", (s->labels & LABEL_SECRET) != 0);
	labels_put_files(&w, "labelled", &s->files);
	jsonw_end(&w, '}');
	buf_putc(out, '\n');
}

void
grants_json(const struct state *s, struct buf *out)
{
	struct jsonw w = {.out = out};
	const struct grant *g;
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_integer(&w, "format", 1);
	jsonw_bool(&w, "base", s->policy.base);
	jsonw_array(&w, "grants");
	for (i = 0; i < s->policy.count; i++) {
		g = &s->policy.grants[i];
		if (strcmp(g->from, "base") == 0)
			continue; /* the profile is one word: `base` */
		jsonw_object(&w, NULL);
		jsonw_string(&w, "grant", g->id);
		jsonw_string(&w, "line", g->line);
		put_time(&w, "given", g->given);
		if (g->limits.uses >= 0)
			jsonw_integer(&w, "uses", g->limits.uses);
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	buf_putc(out, '\n');
}
