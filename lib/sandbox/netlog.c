#include "sandbox/netlog.h"

#include <string.h>

#include "base/jsonw.h"
#include "base/num.h"
#include "base/utf8.h"

static void
copy(char *out, size_t room, const char *text)
{
	size_t n = utf8_cut(text, strlen(text), room - 1);

	memcpy(out, text, n);
	out[n] = '\0';
}

struct netlog_entry *
netlog_add(struct netlog *log, const char *to, enum grant_effect verdict,
    const struct grant *winner, const char *why)
{
	struct netlog_entry new = {.verdict = verdict}, *old;
	size_t i;

	copy(new.to, sizeof(new.to), to);
	if (winner != NULL && winner->id != NULL)
		copy(new.grant, sizeof(new.grant), winner->id);
	if (verdict != GRANT_ALLOW)
		copy(new.why, sizeof(new.why), why);
	for (i = 0; i < log->count; i++) {
		old = &log->list[i];
		if (old->verdict == verdict && strcmp(old->to, new.to) == 0 &&
		    strcmp(old->grant, new.grant) == 0 &&
		    strcmp(old->why, new.why) == 0) {
			old->connections++;
			return old;
		}
	}
	if (log->count == NETLOG_MOST) {
		log->more++;
		return NULL;
	}
	new.connections = 1;
	log->list[log->count] = new;
	return &log->list[log->count++];
}

static void
put_entry(struct jsonw *w, const struct netlog_entry *x)
{
	const char *colon = strrchr(x->to, ':');
	int64_t port = 0;

	jsonw_object(w, NULL);
	if (colon != NULL && num_int(colon + 1, 1, 65535, &port) == 0) {
		jsonw_text(w, "host", x->to, (size_t)(colon - x->to));
		jsonw_integer(w, "port", port);
	} else {
		jsonw_string(w, "host", x->to);
	}
	jsonw_string(w, "verdict", grant_effect_name(x->verdict));
	if (x->grant[0] != '\0')
		jsonw_string(w, "grant", x->grant);
	if (x->why[0] != '\0')
		jsonw_string(w, "why", x->why);
	jsonw_integer(w, "connections", (int64_t)x->connections);
	if (x->verdict == GRANT_ALLOW) {
		jsonw_integer(w, "sent", (int64_t)x->sent);
		jsonw_integer(w, "received", (int64_t)x->received);
	}
	jsonw_end(w, '}');
}

void
netlog_text(const struct netlog *log, struct buf *out)
{
	struct jsonw w = {.out = out};
	size_t i;

	jsonw_array(&w, NULL);
	for (i = 0; i < log->count; i++)
		put_entry(&w, &log->list[i]);
	if (log->more > 0) {
		jsonw_object(&w, NULL);
		jsonw_integer(&w, "more", (int64_t)log->more);
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
}
