/* WWW-Authenticate, a list of challenges whose parameters are lists, too. */
#include <strings.h>

#include "bundle/ociref.h"

struct scan {
	const char *p, *end;
};

/* A token of RFC 9110, section 5.6.2. */
static struct slice
token(struct scan *s)
{
	struct slice t = {s->p, 0};

	while (s->p<s->end && * s->p> ' ' && *s->p < 0x7f &&
	       strchr("\"(),/:;<=>?@[\\]{}", *s->p) == NULL)
		s->p++, t.len++;
	return t;
}

static void
skip(struct scan *s, const char *any)
{
	while (s->p < s->end && *s->p != '\0' && strchr(any, *s->p) != NULL)
		s->p++;
}

/* A token or a quoted string; false when it does not fit, or does not end. */
static bool
value(struct scan *s, char *to, size_t room)
{
	struct slice t;
	size_t n = 0;

	if (s->p == s->end || *s->p != '"') {
		t = token(s);
		if (t.len >= room)
			return false;
		memcpy(to, t.data, t.len);
		to[t.len] = '\0';
		return true;
	}
	for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		if (n + 1 >= room || *s->p == '\0')
			return false;
		to[n++] = *s->p;
	}
	if (s->p == s->end)
		return false;
	s->p++;
	to[n] = '\0';
	return true;
}

static bool
named(struct slice t, const char *name)
{
	return t.len == strlen(name) && strncasecmp(t.data, name, t.len) == 0;
}

static bool
parameter(struct scan *s, struct slice name, struct oci_challenge *c)
{
	char unknown[512];

	if (named(name, "realm"))
		return value(s, c->realm, sizeof(c->realm));
	if (named(name, "service"))
		return value(s, c->service, sizeof(c->service));
	if (named(name, "scope"))
		return value(s, c->scope, sizeof(c->scope));
	return value(s, unknown, sizeof(unknown));
}

/* Keep the better one. */
static void
keep(const struct oci_challenge *c, struct oci_challenge *best)
{
	if (c->scheme > best->scheme &&
	    (c->scheme != OCI_BEARER || c->realm[0] != '\0'))
		*best = *c;
}

void
oci_challenge_parse(const char *text, size_t len, struct oci_challenge *out)
{
	struct scan s = {text, text + len};
	struct oci_challenge best = {0}, now = {0};
	struct slice t;

	for (;;) {
		skip(&s, " \t,");
		t = token(&s);
		if (t.len == 0)
			break;
		skip(&s, " \t");
		if (s.p < s.end && *s.p == '=') {
			s.p++;
			skip(&s, " \t");
			if (!parameter(&s, t, &now)) {
				now.scheme = OCI_NONE;
				break;
			}
			continue;
		}
		keep(&now, &best);
		now = (struct oci_challenge){0};
		now.scheme = named(t, "bearer")  ? OCI_BEARER
			     : named(t, "basic") ? OCI_BASIC
						 : OCI_NONE;
	}
	keep(&now, &best);
	*out = best;
}
