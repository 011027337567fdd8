/* exec:PROGRAM, any program as a model. */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/command.h"
#include "model/provider.h"
#include "model/raw.h"
#include "model/reply.h"

enum { REPLY_MAX = 64 << 20 };

static int
open_exec(const char *name, void **state, struct err *e)
{
	struct command *c = mem_new(1, sizeof(*c));

	if (command_parse(name, c, e) < 0) {
		free(c);
		return -1;
	}
	*state = c;
	return 0;
}

static void
close_exec(void *state)
{
	command_free(state);
	free(state);
}

/* The internal form of a reply, as a program printed it. */
static void
take_reply(
    struct slice text, const struct model_options *o, struct model_reply *out)
{
	struct call_list calls CLEANUP(call_list_free) = {0};
	struct buf word CLEANUP_BUF = {0};
	struct slice v;
	struct err e;

	if (json_check(text.data, text.len, &e) < 0) {
		reply_bad(out, "the reply is not JSON: %s", e.msg);
	} else if (!raw_get(text, "message", &v) || !raw_is(v, '{')) {
		reply_bad(out, "the reply has no object 'message'");
	} else {
		reply_message(out, o, v, &calls);
		if (raw_get(v, "provider", &v))
			buf_add(&out->provider, v.data, v.len);
		if (raw_string(text, "stop_reason", &word))
			out->stop = reply_stop(buf_str(&word));
		buf_clear(&word);
		if (raw_string(text, "bad", &word) && word.len > 0) {
			secrets_scrub_buf(o->secrets, &word);
			reply_bad(out, "%s", buf_str(&word));
		}
		if (raw_get(text, "usage", &v)) {
			out->usage.input = raw_integer(v, "input_tokens", 0);
			out->usage.output = raw_integer(v, "output_tokens", 0);
			out->usage.cached = raw_integer(v, "cached_tokens", 0);
		}
	}
	reply_finish(out, &calls);
}

/* Did the user name this variable for models? */
static bool
is_asked_for(const char *variable)
{
	const char *list = getenv("AGENT_MODEL_ENV");
	size_t n, len = strcspn(variable, "=");

	while (list != NULL && *(list += strspn(list, " ,")) != '\0') {
		n = strcspn(list, " ,");
		if (n == len && memcmp(list, variable, n) == 0)
			return true;
		list += n;
	}
	return false;
}

/* Our environment, but for variables that hold a secret: it may run for
 * somebody else than whom they are meant for. */
static char **
make_env(const struct secrets *secrets)
{
	char **env, **p;
	size_t n = 0;

	for (p = environ; *p != NULL; p++)
		n++;
	env = mem_new(n + 1, sizeof(*env));
	for (n = 0, p = environ; *p != NULL; p++)
		if (!secrets_in(secrets, *p, strlen(*p)) || is_asked_for(*p))
			env[n++] = *p;
	return env;
}

static int
call_exec(void *state, const char *name, struct slice request,
    const struct model_options *o, struct model_reply *out, struct err *e)
{
	struct buf answer CLEANUP_BUF;
	char **env CLEANUP_FREE = make_env(o->secrets);
	struct command *c = state;
	int status;

	(void)name;
	buf_init(&answer, REPLY_MAX);
	c->env = env;
	if (command_run(c, request, o, &answer, &status, e) < 0)
		return -1;
	if (status != 0)
		return err_set(e, EX_UNAVAILABLE, 0,
		    status > EX_SIGNAL ? "'%s' died of signal %d"
				       : "'%s' ended with status %d",
		    c->argv[0],
		    status > EX_SIGNAL ? status - EX_SIGNAL : status);
	if (answer.full)
		reply_bad(
		    out, "the reply is larger than %d MiB", REPLY_MAX >> 20);
	take_reply((struct slice){buf_str(&answer), answer.len}, o, out);
	return 0;
}

const struct provider provider_exec = {
    "exec", open_exec, close_exec, NULL, call_exec};
