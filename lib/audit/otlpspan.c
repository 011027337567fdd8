#include "audit/otlpspan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- ids ------------------------------------------------------------------------------- */

static void
derive(const char *text, size_t bytes, char *out)
{
	struct digest d;

	digest_of(text, strlen(text), &d);
	hex_encode(d.b, bytes, out);
}

void
otlpspan_trace(const char *root, char out[OTLPSPAN_TRACE])
{
	char text[64];

	(void)snprintf(text, sizeof(text), "agentutils trace %s", root);
	derive(text, 16, out);
}

void
otlpspan_id(
    const char *agent, int64_t seq, const char *what, char out[OTLPSPAN_ID])
{
	char text[128];

	(void)snprintf(text, sizeof(text), "agentutils span %s %" PRId64 " %s",
	    agent, seq, what);
	derive(text, 8, out);
}

void
otlpspan_free(struct otlp_span *s)
{
	free(s->name);
	free(s->message);
	buf_free(&s->attributes);
	buf_free(&s->events);
	*s = (struct otlp_span){0};
}

/* ---- attributes ------------------------------------------------------------------------ */

static struct jsonw
begin(struct buf *list, const char *key)
{
	struct jsonw w = {.out = list, .comma = list->len > 0};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "key", key);
	jsonw_object(&w, "value");
	return w;
}

static void
end(struct jsonw *w)
{
	jsonw_end(w, '}');
	jsonw_end(w, '}');
}

static void
put_text(struct buf *list, const char *key, const char *value)
{
	struct jsonw w = begin(list, key);

	jsonw_string(&w, "stringValue", value);
	end(&w);
}

static void
put_integer(struct buf *list, const char *key, int64_t value)
{
	struct jsonw w = begin(list, key);
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	jsonw_string(&w, "intValue", text);
	end(&w);
}

void
otlpspan_text(struct otlp_span *s, const char *key, const char *value)
{
	if (value != NULL)
		put_text(&s->attributes, key, value);
}

void
otlpspan_integer(struct otlp_span *s, const char *key, int64_t value)
{
	put_integer(&s->attributes, key, value);
}

void
otlpspan_bool(struct otlp_span *s, const char *key, bool value)
{
	struct jsonw w = begin(&s->attributes, key);

	jsonw_bool(&w, "boolValue", value);
	end(&w);
}

void
otlpspan_texts(struct otlp_span *s, const char *key, const char *const *values,
    size_t count)
{
	struct jsonw w = begin(&s->attributes, key);
	size_t i;

	jsonw_object(&w, "arrayValue");
	jsonw_array(&w, "values");
	for (i = 0; i < count; i++) {
		if (values[i] == NULL)
			continue;
		jsonw_object(&w, NULL);
		jsonw_string(&w, "stringValue", values[i]);
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	end(&w);
}

void
otlpspan_digest(struct otlp_span *s, const char *key, const struct digest *d)
{
	char hex[DIGEST_HEX + 1];

	digest_hex(d, hex);
	otlpspan_text(s, key, hex);
}

void
otlpspan_fail(struct otlp_span *s, const char *type, const char *message)
{
	if (s->failed)
		return;
	s->failed = true;
	otlpspan_text(s, "error.type", type);
	if (message != NULL)
		s->message = mem_strdup(message);
}

/* ---- the span -------------------------------------------------------------------------- */

static void
put_time(struct jsonw *w, const char *key, int64_t ns)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, ns);
	jsonw_string(w, key, text);
}

void
otlpspan_event(struct otlp_span *s, int64_t time, const char *name, int64_t seq,
    const char *detail)
{
	struct jsonw w = {.out = &s->events, .comma = s->events.len > 0};
	struct buf list CLEANUP_BUF = {0};

	put_integer(&list, "agentutils.seq", seq);
	if (detail != NULL)
		put_text(&list, "agentutils.detail", detail);
	jsonw_object(&w, NULL);
	put_time(&w, "timeUnixNano", time);
	jsonw_string(&w, "name", name);
	buf_puts(w.out, ",\"attributes\":[");
	buf_add(w.out, list.data, list.len);
	buf_putc(w.out, ']');
	jsonw_end(&w, '}');
}

static void
put_list(struct buf *out, const char *key, const struct buf *elements)
{
	if (elements->len == 0)
		return;
	buf_printf(out, ",\"%s\":[", key);
	buf_add(out, elements->data, elements->len);
	buf_putc(out, ']');
}

void
otlpspan_write(const struct otlp_span *s, const char *trace, struct buf *out)
{
	struct jsonw w = {.out = out};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "traceId", trace);
	jsonw_string(&w, "spanId", s->id);
	if (s->parent[0] != '\0')
		jsonw_string(&w, "parentSpanId", s->parent);
	jsonw_string(&w, "name", s->name);
	jsonw_integer(&w, "kind", s->kind);
	put_time(&w, "startTimeUnixNano", s->start);
	put_time(&w, "endTimeUnixNano", s->end < s->start ? s->start : s->end);
	put_list(out, "attributes", &s->attributes);
	put_list(out, "events", &s->events);
	if (s->failed) {
		jsonw_object(&w, "status");
		jsonw_maybe(&w, "message", s->message);
		jsonw_integer(&w, "code", 2); /* STATUS_CODE_ERROR */
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, '}');
}
