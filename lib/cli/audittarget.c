#include "cli/audittarget.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/url.h"
#include "cli/stop.h"

#define TIMEOUT  10000 /* ms; OTEL_EXPORTER_OTLP_TIMEOUT's default */
#define ATTEMPTS 5

/* A variable for traces alone wins over the one for all signals. */
static const char *
variable(const char *what)
{
	char name[64];
	const char *v;

	(void)snprintf(
	    name, sizeof(name), "OTEL_EXPORTER_OTLP_TRACES_%s", what);
	v = getenv(name);
	if (v != NULL && v[0] != '\0')
		return v;
	(void)snprintf(name, sizeof(name), "OTEL_EXPORTER_OTLP_%s", what);
	v = getenv(name);
	return v != NULL && v[0] != '\0' ? v : NULL;
}

/* A base address gets the signal's path; what is named for traces is taken as
 * it is (OTLP exporter specification). */
static char *
address(const struct audit_args *a)
{
	const char *base = a->endpoint;
	static const char path[] = "/v1/traces";
	size_t n;

	if (base == NULL) {
		base = getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
		if (base != NULL && base[0] != '\0')
			return mem_strdup(base);
		base = getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
	}
	if (base == NULL || base[0] == '\0')
		return NULL;
	n = strlen(base);
	if (n >= sizeof(path) - 1 &&
	    strcmp(base + n - (sizeof(path) - 1), path) == 0)
		return mem_strdup(base);
	while (n > 0 && base[n - 1] == '/')
		n--;
	return mem_printf("%.*s%s", (int)n, base, path);
}

/* ---- headers --------------------------------------------------------------------------- */

/* Names are tokens (RFC 9110), values printable: a line of ours stays one. */
static bool
header_ok(const char *name, const char *value)
{
	const char *p;

	for (p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) &&
		    strchr("!#$%&'*+-.^_`|~", *p) == NULL)
			return false;
	for (p = value; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return name[0] != '\0';
}

/* The value itself is a secret and is never in a message. */
static void
add(struct audit_target *t, const char *from, const char *name,
    const char *value)
{
	if (!header_ok(name, value))
		die(EX_CONFIG, "%s: no header can be made of it", from);
	if (t->count == TARGET_HEADERS)
		die(EX_CONFIG, "%s: more than %d headers", from,
		    TARGET_HEADERS);
	t->headers[t->count++] = mem_printf("%s: %s", name, value);
}

static int
hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at =
	    c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));

	return at == NULL ? -1 : (int)(at - digits);
}

static void
decode(char *s)
{
	char *out = s;

	for (; *s != '\0'; s++) {
		if (*s == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0) {
			*out++ = (char)(hex(s[1]) << 4 | hex(s[2]));
			s += 2;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	for (n = strlen(s); n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t');)
		s[--n] = '\0';
	return s;
}

/* "name=value,name=value", values percent-encoded (W3C Baggage). */
static void
add_list(struct audit_target *t, const char *list)
{
	static const char from[] = "OTEL_EXPORTER_OTLP_HEADERS";
	char *copy CLEANUP_FREE = mem_strdup(list), *rest = copy, *item, *eq;

	while ((item = strsep(&rest, ",")) != NULL) {
		item = trim(item);
		if (item[0] == '\0')
			continue;
		eq = strchr(item, '=');
		if (eq == NULL)
			die(EX_CONFIG, "%s: want NAME=VALUE", from);
		*eq = '\0';
		decode(eq + 1);
		add(t, from, trim(item), trim(eq + 1));
	}
}

/* --header-env NAME=VARIABLE: a secret does not stand in the arguments. */
static void
add_variable(struct audit_target *t, const struct program *p, const char *arg)
{
	char *copy CLEANUP_FREE = mem_strdup(arg), *eq = strchr(copy, '=');
	const char *value;

	if (eq == NULL)
		die_usage(p, "--header-env: want NAME=VARIABLE");
	*eq = '\0';
	value = getenv(eq + 1);
	if (value == NULL)
		die(EX_CONFIG, "--header-env: $%s is not set", eq + 1);
	add(t, eq + 1, copy, value);
}

/* ---- the target ------------------------------------------------------------------------ */

static int64_t
timeout(void)
{
	const char *v = variable("TIMEOUT");
	int64_t ms = TIMEOUT;

	if (v != NULL && num_int(v, 1, 86400000, &ms) < 0)
		die(EX_CONFIG,
		    "OTEL_EXPORTER_OTLP_TIMEOUT: want milliseconds, not '%s'",
		    v);
	return ms * CLOCK_MILLI;
}

bool
audittarget_open(const struct audit_args *a, struct audit_target *out)
{
	const char *list = variable("HEADERS");
	struct url u;
	struct err e;
	size_t i;

	*out = (struct audit_target){.url = address(a)};
	if (out->url == NULL)
		return false;
	if (url_parse(out->url, &u, &e) < 0)
		die(a->endpoint == NULL ? EX_CONFIG : EX_USAGE, "%s", e.msg);
	url_free(&u);
	out->headers[out->count++] =
	    mem_strdup("Content-Type: application/json");
	if (list != NULL)
		add_list(out, list);
	for (i = 0; i < a->header_count; i++)
		add_variable(out, a->program, a->header[i]);
	http_open(&out->send.http);
	out->send.url = out->url;
	out->send.headers = (const char *const *)out->headers;
	out->send.timeout = timeout();
	out->send.wait = CLOCK_SECOND;
	out->send.attempts = ATTEMPTS;
	out->send.stop_fd = stop_signals();
	return true;
}

void
audittarget_close(struct audit_target *t)
{
	size_t i;

	http_close(t->send.http);
	for (i = 0; i < t->count; i++) {
		mem_wipe(t->headers[i], strlen(t->headers[i]));
		free(t->headers[i]);
	}
	free(t->url);
}
