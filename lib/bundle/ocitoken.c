/* Tokens (distribution, "Token Authentication Specification"): the realm that
 * a challenge names gives one for a scope. */
#include "base/json.h"
#include "base/mem.h"
#include "bundle/ociregistry.h"

enum { TOKEN_MAX = 16384 };

static void
put_query(struct buf *url, const char *name, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO"
				    "PQRSTUVWXYZ0123456789-._~";

	if (value[0] == '\0')
		return;
	buf_putc(url, strchr(buf_str(url), '?') == NULL ? '?' : '&');
	buf_printf(url, "%s=", name);
	for (; *value != '\0'; value++)
		if (strchr(plain, *value) != NULL)
			buf_putc(url, *value);
		else
			buf_printf(url, "%%%02X", (unsigned char)*value);
}

/* May the password be told there? */
static int
check_realm(const struct oci_registry *r, const char *realm, struct err *e)
{
	struct url u = {0};
	bool good;

	if (url_parse(realm, &u, e) < 0)
		return err_wrap(e, "where to get a token");
	/* A plain registry on this machine has its realm there, which
	 * oci_bare sees to. */
	good = u.tls || oci_same_origin(&u, &r->at) ||
	       (!r->at.tls && r->ref.loopback);
	if (!good)
		err_set(e, EX_DATAERR, 0,
		    "the registry '%s' wants a password sent in the clear, to "
		    "'%.200s'",
		    r->ref.host, u.host);
	url_free(&u);
	return good ? 0 : -1;
}

static bool
is_token(const char *s)
{
	const char *p = s;

	while (*p > ' ' && *p < 0x7f)
		p++;
	return p > s && *p == '\0' && p - s < TOKEN_MAX;
}

static int
take(struct oci_registry *r, const struct oci_reply *reply, struct err *e)
{
	struct json *j CLEANUP_JSON = NULL;
	const char *token = NULL;

	if (json_parse(buf_str(&reply->body), reply->body.len, &j, e) == 0) {
		token = json_get_string(j, "token");
		if (token == NULL)
			token = json_get_string(j, "access_token");
	}
	if (token == NULL || !is_token(token))
		return err_set(e, EX_DATAERR, 0,
		    "what the registry '%s' calls a token is none",
		    r->ref.host);
	r->authorization = mem_printf("Authorization: Bearer %s", token);
	return 0;
}

int
oci_token(struct oci_registry *r, const struct oci_challenge *c, struct err *e)
{
	struct oci_reply reply CLEANUP(oci_reply_free) = {0};
	struct buf url CLEANUP_BUF = {0};
	struct oci_call call = {0};
	char *basic = NULL;
	int rc, tries = 0;

	if (check_realm(r, c->realm, e) < 0)
		return -1;
	buf_puts(&url, c->realm);
	put_query(&url, "service", c->service);
	put_query(&url, "scope", c->scope);
	call.url = buf_str(&url);
	if (r->login.basic != NULL)
		basic = mem_printf("Authorization: Basic %s", r->login.basic);
	do
		rc = oci_bare(r, &call, basic, &reply, e);
	while (rc == 0 && oci_is_broken(&reply) && oci_wait(&tries));
	if (basic != NULL)
		mem_wipe(basic, strlen(basic));
	free(basic);
	if (rc < 0)
		return -1;
	if (reply.result.end != HTTP_DONE || reply.result.head.status != 200)
		return oci_refused(r, &reply, "a token", e);
	return take(r, &reply, e);
}
