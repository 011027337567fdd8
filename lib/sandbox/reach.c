#include "sandbox/reach.h"

#include <string.h>

void
reach_host(const struct reach *r, const char *resource, struct decision *out)
{
	struct grant_query q = {.right = RIGHT_CONNECT,
	    .kind = GRANT_NET,
	    .resource = resource,
	    .workspace = r->workspace,
	    .tool = r->tool,
	    .now = r->now,
	    .labels = r->labels};

	policy_decide(r->policy, &q, out);
}

static bool
is_localhost(const char *host)
{
	size_t n = strlen(host);

	return strcmp(host, "localhost") == 0 ||
	       (n > 10 && strcmp(host + n - 10, ".localhost") == 0);
}

/* In every layer by its whole name. */
static bool
is_exact(const struct decision *granted)
{
	size_t i;

	for (i = 0; i < granted->used_count; i++)
		if (granted->used[i]->kind == GRANT_NET &&
		    granted->used[i]->resource[0] == '*')
			return false;
	return granted->winner != NULL && granted->winner->resource[0] != '*';
}

bool
reach_address(const struct reach *r, const struct decision *granted,
    const char *host, const struct sockaddr *to, char text[64])
{
	bool exact = is_exact(granted);
	struct decision d;

	text[0] = '\0';
	if (!address_resource(to, text))
		return false;
	reach_host(r, text, &d);
	if (d.winner != NULL)
		return d.verdict == GRANT_ALLOW;
	switch (address_class(to)) {
	case ADDRESS_PUBLIC:
		return true;
	case ADDRESS_PRIVATE:
		return exact;
	case ADDRESS_LOCAL:
		return exact && is_localhost(host);
	}
	return false;
}

bool
reach_secret(const struct decision *granted, const struct secrets *all,
    const struct secret **out)
{
	const char *name = granted->winner->limits.with, *other;
	const struct secret *found = NULL;
	size_t i;

	for (i = 0; i < granted->used_count; i++) {
		other = granted->used[i]->limits.with;
		if ((name == NULL) != (other == NULL) ||
		    (name != NULL && strcmp(name, other) != 0))
			return false;
	}
	if (name != NULL) {
		found = all == NULL ? NULL : secrets_find(all, name);
		if (found == NULL || found->header == NULL)
			return false;
	}
	*out = found;
	return true;
}
