/* From records to spans. */
#include "audit/otlpfold.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* "openai:gpt" is the model gpt of openai. */
void
otlp_model(struct otlp_span *s, const char *spec)
{
	const char *colon = spec == NULL ? NULL : strchr(spec, ':');
	char provider[64];

	if (colon == NULL || colon == spec) {
		otlpspan_text(s, "gen_ai.provider.name", "agentutils");
		otlpspan_text(s, "gen_ai.request.model", spec);
		return;
	}
	(void)snprintf(
	    provider, sizeof(provider), "%.*s", (int)(colon - spec), spec);
	otlpspan_text(s, "gen_ai.provider.name", provider);
	otlpspan_text(s, "gen_ai.request.model", colon + 1);
}

/* ---- spans that are open -------------------------------------------------------------------- */

/* The span of a call; a call that is made again goes on with its first. */
struct otlp_span *
otlp_open(struct folding *f, const char *call, const struct record *r,
    const char *what)
{
	struct open_span *o = NULL;
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->open[i].call == NULL)
			o = &f->open[i];
		else if (strcmp(f->open[i].call, call) == 0)
			return NULL;
	if (o == NULL) {
		mem_room(&f->open, f->count, &f->cap, sizeof(*f->open));
		o = &f->open[f->count++];
	}
	*o = (struct open_span){.call = mem_strdup(call)};
	o->span.start = o->span.end = r->time;
	otlpspan_id(f->agent, r->seq, what, o->span.id);
	memcpy(
	    o->span.parent, f->in_turn ? f->turn.id : f->whole.id, OTLPSPAN_ID);
	return &o->span;
}

struct open_span *
otlp_find(struct folding *f, const char *call)
{
	size_t i;

	for (i = 0; i < f->count && call != NULL; i++)
		if (f->open[i].call != NULL &&
		    strcmp(f->open[i].call, call) == 0)
			return &f->open[i];
	return NULL;
}

int
otlp_close(struct folding *f, struct open_span *o, int64_t end, struct err *e)
{
	o->span.end = end;
	free(o->call);
	o->call = NULL;
	return otlp_put(f->otlp, &o->span, f->trace, e);
}

int
otlp_close_turn(struct folding *f, struct err *e)
{
	if (!f->in_turn)
		return 0;
	f->in_turn = false;
	f->turn.end = f->last;
	return otlp_put(f->otlp, &f->turn, f->trace, e);
}

/* ---- the agent -------------------------------------------------------------------------------- */

/* One message of one text, as the conventions' schemas have it. */
static void
put_said(
    struct otlp_span *s, const char *key, const char *role, const char *text)
{
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};

	jsonw_array(&w, NULL);
	if (role != NULL) {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "role", role);
		jsonw_array(&w, "parts");
	}
	jsonw_object(&w, NULL);
	jsonw_string(&w, "type", "text");
	jsonw_string(&w, "content", text);
	jsonw_end(&w, '}');
	if (role != NULL) {
		jsonw_end(&w, ']');
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
	otlpspan_text(s, key, buf_str(&out));
}

static void
born(struct folding *f, const struct json *b)
{
	const char *system = json_get_string(b, "system");

	if (json_get_string(b, "model") != NULL && f->model == NULL)
		f->model = mem_strdup(json_get_string(b, "model"));
	if (f->otlp->content && system != NULL)
		put_said(&f->whole, "gen_ai.system_instructions", NULL, system);
}

/* What happened beside the calls. */
static void
event(struct folding *f, const struct record *r, const struct json *b)
{
	static const char *const detail[RECORD_TYPES] = {
	    [RECORD_GOAL] = "from",
	    [RECORD_ASK] = "request",
	    [RECORD_ANSWER] = "request",
	    [RECORD_GRANT] = "line",
	    [RECORD_REVOKE] = "grant",
	    [RECORD_MAIL] = "from",
	    [RECORD_CKPT] = "bundle",
	    [RECORD_EXIT] = "state",
	};
	char name[40];

	if (r->type == RECORD_SEAL || r->type == RECORD_BORN)
		return;
	(void)snprintf(
	    name, sizeof(name), "agentutils.%s", record_type_name(r->type));
	otlpspan_event(&f->whole, r->time, name, r->seq,
	    detail[r->type] == NULL ? NULL
				    : json_get_string(b, detail[r->type]));
}

/* How it ended last; a run that goes on again had not failed. */
static void
ended(struct folding *f, const struct json *b)
{
	free(f->whole.message);
	f->whole.message = NULL;
	f->whole.failed = false;
	if (strcmp(json_get_string(b, "state") == NULL
		       ? ""
		       : json_get_string(b, "state"),
		"failed") != 0)
		return;
	f->whole.failed = true;
	if (json_get_string(b, "why") != NULL)
		f->whole.message = mem_strdup(json_get_string(b, "why"));
}

static int
take(struct folding *f, const struct record *r, const struct json *b,
    struct err *e)
{
	int x = 0;

	switch (r->type) {
	case RECORD_MODEL_CALL:
		x = otlp_model_call(f, r, b, e);
		break;
	case RECORD_MODEL_REPLY:
		x = otlp_model_reply(f, r, b, e);
		break;
	case RECORD_TOOL_CALL:
		otlp_tool_call(f, r, b);
		break;
	case RECORD_TOOL_RESULT:
		x = otlp_tool_result(f, r, b, e);
		break;
	case RECORD_BORN:
		born(f, b);
		break;
	case RECORD_GOAL:
		if (f->otlp->content && json_get_string(b, "text") != NULL &&
		    f->turns == 0)
			put_said(&f->whole, "gen_ai.input.messages", "user",
			    json_get_string(b, "text"));
		event(f, r, b);
		break;
	case RECORD_EXIT:
		ended(f, b);
		event(f, r, b);
		break;
	default:
		event(f, r, b);
	}
	/* Of a turn is what its calls did, not what came long after. */
	if (r->type >= RECORD_MODEL_CALL && r->type <= RECORD_TOOL_RESULT)
		f->last = r->time;
	f->whole.end = r->time;
	return x;
}

static int
finish(struct folding *f, const struct source *s, const struct journal_mark *m,
    struct err *e)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		if (f->open[i].call == NULL)
			continue;
		otlpspan_bool(&f->open[i].span, "agentutils.open", true);
		if (otlp_close(f, &f->open[i], f->whole.end, e) < 0)
			return -1;
	}
	if (otlp_close_turn(f, e) < 0)
		return -1;
	f->whole.name = mem_printf("invoke_agent %s",
	    s->live && s->history.info.name != NULL ? s->history.info.name
						    : f->agent);
	otlpspan_text(&f->whole, "gen_ai.operation.name", "invoke_agent");
	otlp_model(&f->whole, f->model);
	otlpspan_text(&f->whole, "gen_ai.conversation.id", f->agent);
	otlpspan_text(&f->whole, "gen_ai.agent.id", f->agent);
	if (s->live)
		otlpspan_text(
		    &f->whole, "gen_ai.agent.name", s->history.info.name);
	otlpspan_integer(&f->whole, "gen_ai.usage.input_tokens", f->input);
	otlpspan_integer(&f->whole, "gen_ai.usage.output_tokens", f->output);
	otlpspan_integer(
	    &f->whole, "gen_ai.usage.cache_read.input_tokens", f->cached);
	otlpspan_integer(&f->whole, "agentutils.cost", f->cost);
	otlpspan_integer(&f->whole, "agentutils.seq", m->seq);
	otlpspan_digest(&f->whole, "agentutils.head", &m->head);
	if (f->whole.failed)
		otlpspan_text(&f->whole, "error.type", "failed");
	return otlp_put(f->otlp, &f->whole, f->trace, e);
}

static int
walk(struct folding *f, struct source *s, struct source_walk *w, struct err *e)
{
	struct blob_source blobs = source_blobs(s);
	struct buf room CLEANUP_BUF = {0};
	struct json *body;
	struct record rec;
	struct slice text;
	int64_t before = 0;
	int got, r;

	if (s->live)
		before = s->history.lineage.level[s->history.lineage.count - 1]
			     .before;
	while ((got = source_walk_next(w, &rec, e)) == 1) {
		if (rec.seq <= before)
			continue;
		if (f->whole.start == 0)
			f->whole.start = f->last = rec.time;
		buf_clear(&room);
		body = NULL;
		text = rec.body;
		/* A blob that is gone leaves its digest. */
		if (f->otlp->content &&
		    blob_expand(&blobs, rec.body, &room, &text, e) < 0)
			text = rec.body;
		if (!record_redacted(&rec) &&
		    json_parse(text.data, text.len, &body, e) < 0)
			return err_wrap(e, "record %" PRId64, rec.seq);
		r = take(f, &rec, body, e);
		json_free(body);
		if (r < 0)
			return -1;
	}
	return got;
}

static void
folding_free(struct folding *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		free(f->open[i].call);
		otlpspan_free(&f->open[i].span);
	}
	free(f->open);
	free(f->model);
	otlpspan_free(&f->whole);
	otlpspan_free(&f->turn);
}

int
otlp_agent(struct otlp *o, struct source *s, const char *root,
    const char *parent, struct err *e)
{
	struct folding f = {.otlp = o, .agent = s->id};
	struct source_walk w;
	int r;

	otlpspan_trace(root, f.trace);
	f.whole.kind = OTLPSPAN_INTERNAL;
	otlpspan_id(s->id, 0, "invoke_agent", f.whole.id);
	if (parent != NULL)
		otlpspan_id(parent, 0, "invoke_agent", f.whole.parent);
	source_walk_init(s, &w);
	r = walk(&f, s, &w, e);
	if (r == 0)
		r = finish(&f, s, &w.mark, e);
	source_walk_free(&w);
	folding_free(&f);
	return r < 0 ? err_wrap(e, "agent %s", s->id) : 0;
}
