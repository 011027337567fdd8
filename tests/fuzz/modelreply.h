/*
 * modelreply.h: what holds for every reply, whatever a server sent: it is
 * good or bad, and in either case of a form that a record can hold.
 */
#ifndef MODELREPLY_H
#define MODELREPLY_H

#include <assert.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "model/raw.h"
#include "model/remote.h"
#include "model/sse.h"

static UNUSED void
check_reply(const struct model_reply *r)
{
	struct buf json CLEANUP_BUF = {0};
	struct err e;

	assert(utf8_valid(buf_str(&r->text), r->text.len) == r->text.len);
	assert(r->calls.len == 0 ||
	    json_check(r->calls.data, r->calls.len, &e) == 0);
	assert(r->provider.len == 0 ||
	    json_check(r->provider.data, r->provider.len, &e) == 0);
	assert(r->bad[0] == '\0' || r->calls.len + r->provider.len == 0);
	assert(r->bad[0] != '\0' || r->stop == MODEL_STOP_REFUSAL ||
	    r->text.len + r->calls.len > 0);
	assert(r->usage.input >= 0 && r->usage.output >= 0 &&
	    r->usage.cached >= 0 && r->usage.cached <= r->usage.input);
	model_reply_json(r, &json);
	assert(json_check(json.data, json.len, &e) == 0);
}

struct fuzz_stream {
	const struct protocol *protocol;
	struct incoming in;
};

static UNUSED int
fuzz_event(void *arg, const char *event, struct slice data)
{
	struct fuzz_stream *f = arg;

	(void)event;
	return f->protocol->event(&f->in, data);
}

/* The bytes as a stream, and as a body. */
static UNUSED void
fuzz_reply(const struct protocol *p, const char *data, size_t size)
{
	struct model_options o;
	struct model_reply r;
	struct fuzz_stream f = {p, {&r, &o, {0}, {0}, false}};
	const struct sse_handler h = {fuzz_event, &f};
	struct incoming whole = {&r, &o, {0}, {0}, false};
	struct sse s;

	model_options_init(&o);
	model_reply_init(&r);
	sse_init(&s, 1 << 20);
	if (sse_feed(&s, data, size, &h) == 0)
		(void)sse_end(&s, &h);
	incoming_finish(&f.in);
	check_reply(&r);
	incoming_free(&f.in);
	sse_free(&s);
	model_reply_free(&r);
	incoming_whole(&whole, p, (struct slice){data, size});
	incoming_finish(&whole);
	check_reply(&r);
	incoming_free(&whole);
	model_reply_free(&r);
}

#endif
