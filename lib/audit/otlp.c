#include "audit/otlp.h"

void
otlp_free(struct otlp *o)
{
	buf_free(&o->spans);
}

static void
put_attribute(struct buf *out, const char *key, const char *value)
{
	struct jsonw w = {.out = out};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "key", key);
	jsonw_object(&w, "value");
	jsonw_string(&w, "stringValue", value);
	jsonw_end(&w, '}');
	jsonw_end(&w, '}');
}

int
otlp_end(struct otlp *o, struct err *e)
{
	struct buf out CLEANUP_BUF = {0};
	int r;

	if (o->count == 0)
		return 0;
	buf_puts(&out, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
	put_attribute(&out, "service.name", o->service);
	buf_putc(&out, ',');
	put_attribute(&out, "service.version", VERSION);
	buf_puts(&out, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"agentutils\","
		       "\"version\":\"" VERSION "\"},\"spans\":[");
	buf_add(&out, o->spans.data, o->spans.len);
	buf_puts(&out, "]}]}]}");
	r = o->request(o->arg, (struct slice){out.data, out.len}, e);
	buf_clear(&o->spans);
	o->count = 0;
	return r;
}

int
otlp_put(struct otlp *o, struct otlp_span *s, const char *trace, struct err *e)
{
	if (o->count > 0)
		buf_putc(&o->spans, ',');
	otlpspan_write(s, trace, &o->spans);
	otlpspan_free(s);
	o->count++;
	o->total++;
	if (o->count < OTLP_SPANS && o->spans.len < OTLP_BYTES)
		return 0;
	return otlp_end(o, e);
}
