#include "model/model.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/price.h"
#include "model/provider.h"
#include "model/raw.h"

struct model {
	const struct provider *provider;
	void *state; /* the provider's */
	char *spec;
	const char *name; /* in the spec */
	struct price_list prices;
};

static const struct provider *
find_provider(const char *spec)
{
	static const struct provider *const all[] = {&provider_anthropic,
	    &provider_exec, &provider_openai, &provider_replay,
	    &provider_script};
	size_t i, n;

	for (i = 0; i < COUNT_OF(all); i++) {
		n = strlen(all[i]->prefix);
		if (strncmp(spec, all[i]->prefix, n) == 0 && spec[n] == ':' &&
		    spec[n + 1] != '\0')
			return all[i];
	}
	return NULL;
}

int
model_open(const char *spec, struct model **out, struct err *e)
{
	const struct provider *p = find_provider(spec);
	struct model *m;

	if (p == NULL)
		return err_set(e, EX_USAGE, 0,
		    "unknown model '%.200s': want script:FILE, exec:PROGRAM, "
		    "openai:NAME, anthropic:NAME or replay:JOURNAL",
		    spec);
	m = mem_new(1, sizeof(*m));
	m->provider = p;
	m->spec = mem_strdup(spec);
	m->name = m->spec + strlen(p->prefix) + 1;
	if (p->open(m->name, &m->state, e) < 0) {
		free(m->spec);
		free(m);
		return -1;
	}
	*out = m;
	return 0;
}

void
model_close(struct model *m)
{
	if (m == NULL)
		return;
	m->provider->close(m->state);
	price_list_free(&m->prices);
	free(m->spec);
	free(m);
}

const char *
model_name(const struct model *m)
{
	return m->name;
}

const char *
model_key_variable(size_t i)
{
	static const char *const names[] = {
	    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY"};

	return i < COUNT_OF(names) ? names[i] : NULL;
}

int
model_wire(const struct model *m, struct slice request,
    const struct model_options *o, struct buf *out, struct err *e)
{
	struct model_options none;

	if (o == NULL) {
		model_options_init(&none);
		o = &none;
	}
	if (m->provider->wire != NULL)
		return m->provider->wire(m->state, m->name, request, o, out, e);
	buf_add(out, request.data, request.len);
	return 0;
}

int
model_call(struct model *m, struct slice request, const struct model_options *o,
    struct model_reply *out, struct err *e)
{
	struct model_options none;
	struct model_reply reply;

	if (o == NULL) {
		model_options_init(&none);
		o = &none;
	}
	if (price_list_load(&m->prices, o->prices, e) < 0)
		return -1;
	model_reply_init(&reply);
	if (m->provider->call(m->state, m->name, request, o, &reply, e) < 0) {
		model_reply_free(&reply);
		return -1;
	}
	reply.usage.cost =
	    price_cost(&m->prices, m->spec, m->name, &reply.usage);
	model_reply_free(out);
	*out = reply;
	return 0;
}

int64_t
request_turn(struct slice request, const struct model_options *o, struct err *e)
{
	struct slice messages, m;
	int64_t turns = 0;
	size_t at = 0;

	if (o->turn >= 0)
		return o->turn;
	if (json_check(request.data, request.len, e) < 0)
		return err_wrap(e, "the request");
	if (!raw_get(request, "messages", &messages) || !raw_is(messages, '['))
		return err_set(
		    e, EX_DATAERR, 0, "the request has no array 'messages'");
	while (json_raw_next(messages, &at, &m) == 1)
		turns += raw_equal(m, "role", "assistant");
	return turns;
}

int
model_stopped(struct err *e)
{
	return err_set(e, EX_TEMPFAIL, 0, "the model call was stopped");
}

int
model_too_late(struct err *e)
{
	return err_set(
	    e, EX_DEADLINE, 0, "the deadline passed during the model call");
}

int
model_sleep(int64_t ns, const struct model_options *o, struct err *e)
{
	int64_t until = clock_deadline(ns), end = o->deadline;
	struct pollfd p = {o->stop_fd, POLLIN, 0};

	if (until < end)
		end = until;
	do {
		if (poll(&p, 1, clock_poll_ms(end)) > 0)
			return model_stopped(e);
	} while (clock_mono() < end);
	return end < until ? model_too_late(e) : 0;
}
