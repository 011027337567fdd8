/* anthropic:NAME, the Messages API. */
#include <string.h>

#include "base/mem.h"
#include "model/provider.h"
#include "model/raw.h"
#include "model/remote.h"
#include "model/request.h"
#include "model/messages.h"

#define VERSION_DEFAULT "2026-10-21"

enum { MAX_TOKENS = 8192 };

static int
open_anthropic(const char *name, void **state, struct err *e)
{
	struct remote *r = mem_new(1, sizeof(*r));

	(void)name;
	if (remote_open(r, "ANTHROPIC_BASE_URL", "https://api.anthropic.com",
		"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", e) < 0) {
		remote_close(r);
		free(r);
		return -1;
	}
	*state = r;
	return 0;
}

static void
close_anthropic(void *state)
{
	remote_close(state);
	free(state);
}

static int
wire_anthropic(const void *state, const char *name, struct slice text,
    const struct model_options *o, struct buf *out, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {&body, false};
	struct request q;

	(void)state;
	if (request_parse(text, &q, e) < 0)
		return -1;
	buf_reserve(&body, text.len + 256);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "model", name);
	jsonw_integer(
	    &w, "max_tokens", o->max_tokens > 0 ? o->max_tokens : MAX_TOKENS);
	if (messages_write(&w, &q, e) < 0)
		return -1;
	messages_tools(&w, q.tools);
	if (write_sampling(&w, o, e) < 0)
		return -1;
	jsonw_bool(&w, "stream", true);
	jsonw_end(&w, '}');
	buf_add(out, body.data, body.len);
	return 0;
}

/* Exactly one of the two headers: servers refuse both. */
static int
auth_header(const struct remote *r, const struct model_options *o, char **out,
    struct err *e)
{
	const char *scheme = o->auth, *key = r->keys[0].value;
	const char *token = r->keys[1].value;
	bool bearer;

	if (scheme == NULL)
		scheme = environment("ANTHROPIC_AUTH");
	if (scheme == NULL)
		bearer = key == NULL && token != NULL;
	else if (strcmp(scheme, "bearer") == 0)
		bearer = true;
	else if (strcmp(scheme, "x-api-key") == 0)
		bearer = false;
	else
		return err_set(e, EX_CONFIG, 0,
		    "ANTHROPIC_AUTH: want x-api-key or bearer, not '%.40s'",
		    scheme);
	if (bearer && token != NULL)
		key = token;
	if (key == NULL && token != NULL)
		return err_set(e, EX_CONFIG, 0,
		    "no key for x-api-key: set ANTHROPIC_API_KEY");
	*out = mem_printf("%s: %s%s", bearer ? "Authorization" : "x-api-key",
	    bearer ? "Bearer " : "", key == NULL ? "none" : key);
	return 0;
}

static int
call_anthropic(void *state, const char *name, struct slice request,
    const struct model_options *o, struct model_reply *out, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	char *auth CLEANUP_FREE = NULL, *version CLEANUP_FREE = NULL;
	const char *v = o->api_version;
	int rc;

	if (wire_anthropic(state, name, request, o, &body, e) < 0 ||
	    auth_header(state, o, &auth, e) < 0)
		return -1;
	if (v == NULL)
		v = environment("ANTHROPIC_VERSION");
	version = mem_printf(
	    "anthropic-version: %s", v == NULL ? VERSION_DEFAULT : v);
	if (strpbrk(version, "\r\n") != NULL)
		return err_set(e, EX_CONFIG, 0, "bad ANTHROPIC_VERSION");
	rc = remote_call(state, &protocol_anthropic,
	    (const char *const[]){auth, version, NULL},
	    (struct slice){body.data, body.len}, o, out, e);
	mem_wipe(auth, strlen(auth));
	return rc;
}

const struct provider provider_anthropic = {"anthropic", open_anthropic,
    close_anthropic, wire_anthropic, call_anthropic};
