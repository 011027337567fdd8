#include "model/remote.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* Those of the providers' own clients. */
enum { RETRIES = 2, STALL_SECONDS = 600 };

const char *
environment(const char *name)
{
	const char *v = getenv(name);

	return v == NULL || *v == '\0' ? NULL : v;
}

/* A URL that can be put before a path and holds no password. */
static int
check_base(const char *url, const char *variable, struct err *e)
{
	const char *host = NULL;
	size_t n = strlen(url);

	if (strncmp(url, "http://", 7) == 0)
		host = url + 7;
	else if (strncmp(url, "https://", 8) == 0)
		host = url + 8;
	if (host == NULL || *host == '\0' || *host == '/' || n > 1024 ||
	    strpbrk(url, "?#@ \t\r\n\"<>\\") != NULL)
		return err_set(e, EX_CONFIG, 0,
		    "%s: want http://HOST[:PORT][/PATH] or https://…",
		    variable);
	return 0;
}

static int
read_limits(struct remote *r, struct err *e)
{
	const char *retries = environment("AGENT_MODEL_RETRIES");
	const char *stall = environment("AGENT_MODEL_STALL");
	int64_t n = RETRIES;

	r->stall = STALL_SECONDS * CLOCK_SECOND;
	if (retries != NULL && num_int(retries, 0, 100, &n) < 0)
		return err_set(e, EX_CONFIG, 0,
		    "AGENT_MODEL_RETRIES: want a number from 0 to 100");
	if (stall != NULL && num_duration(stall, &r->stall) < 0)
		return err_set(e, EX_CONFIG, 0,
		    "AGENT_MODEL_STALL: want a length of time such as 90s");
	r->retries = (unsigned)n;
	return 0;
}

static int
check_key(const struct remote *r, size_t i, struct err *e)
{
	const char *p = r->keys[i].value;

	for (; p != NULL && *p != '\0'; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
			return err_set(e, EX_CONFIG, 0,
			    "%s holds a character that no key has",
			    r->keys[i].name);
	return 0;
}

int
remote_open(struct remote *out, const char *variable, const char *base,
    const char *key1, const char *key2, struct err *e)
{
	const char *custom = environment(variable);
	size_t n, i;

	if (custom != NULL && check_base(custom, variable, e) < 0)
		return -1;
	out->custom = custom != NULL && strcmp(custom, base) != 0;
	out->base = mem_strdup(custom == NULL ? base : custom);
	for (n = strlen(out->base); n > 0 && out->base[n - 1] == '/'; n--)
		out->base[n - 1] = '\0';
	out->keys[0].name = key1;
	out->keys[1].name = key2;
	for (i = 0; i < 2 && out->keys[i].name != NULL; i++) {
		out->keys[i].value = mem_strdup(environment(out->keys[i].name));
		if (check_key(out, i, e) < 0)
			return -1;
	}
	if (custom == NULL && out->keys[0].value == NULL &&
	    out->keys[1].value == NULL)
		return err_set(
		    e, EX_CONFIG, 0, "no key: set %s (or %s)", key1, variable);
	http_open(&out->http);
	return read_limits(out, e);
}

void
remote_close(struct remote *r)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		if (r->keys[i].value != NULL)
			mem_wipe(r->keys[i].value, strlen(r->keys[i].value));
		free(r->keys[i].value);
	}
	free(r->base);
	http_close(r->http);
	memset(r, 0, sizeof(*r));
}
