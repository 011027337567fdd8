/* Commands as signed text. */
#include "agent/order.h"

#include <string.h>

#include "agent/trust.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"

#define COMMENT "untrusted comment: "

void
order_free(struct order *c)
{
	json_free(c->body);
	buf_free(&c->text);
	free(c->sig);
	*c = (struct order){0};
}

/* The members that every command has. */
static int
read_members(struct order *c, struct err *e)
{
	const char *expires;

	if (json_parse(buf_str(&c->text), c->text.len - 1, &c->body, e) < 0)
		return -1;
	c->agent = json_get_string(c->body, "agent");
	c->verb = json_get_string(c->body, "verb");
	c->nonce = json_get_string(c->body, "nonce");
	expires = json_get_string(c->body, "expires");
	if (c->agent == NULL || c->verb == NULL || c->nonce == NULL ||
	    expires == NULL || clock_parse(expires, &c->expires) < 0)
		return err_set(e, EX_DATAERR, 0,
		    "no agent, verb, nonce or time until which it holds");
	if (strlen(c->nonce) != RAND_TEXT - 1 ||
	    strspn(c->nonce, "0123456789abcdef") != RAND_TEXT - 1)
		return err_set(e, EX_DATAERR, 0, "bad nonce");
	return 0;
}

static int
read_signature(const char *text, size_t len, struct order *c, struct err *e)
{
	unsigned char keynum[SIGN_KEYNUM], sig[SIGN_BYTES];
	const char *nl = memchr(text, '\n', len);

	if (nl == NULL || text[len - 1] != '\n' ||
	    sign_text_parse(text, len, keynum, sig, e) < 0)
		return err_set(e, EX_DATAERR, 0, "no signature");
	c->sig = mem_dup(nl + 1, len - (size_t)(nl + 1 - text) - 1);
	hex_encode(keynum, SIGN_KEYNUM, c->key);
	return 0;
}

int
order_parse(const char *text, size_t len, struct order *out, struct err *e)
{
	const char *nl = len == 0 ? NULL : memchr(text, '\n', len);
	struct order c = {0};
	size_t n;

	if (nl == NULL || len > ORDER_MAX)
		return err_set(e, EX_DATAERR, 0, "no command");
	n = (size_t)(nl + 1 - text);
	buf_add(&c.text, text, n);
	if (n == len)
		err_set(e, EX_DATAERR, 0, "no signature");
	else if (read_members(&c, e) == 0 &&
		 read_signature(nl + 1, len - n, &c, e) == 0) {
		*out = c;
		return 0;
	}
	order_free(&c);
	e->status = EX_DATAERR;
	return -1;
}

void
order_print(const struct order *c, struct buf *out)
{
	buf_add(out, c->text.data, c->text.len);
	buf_printf(out, COMMENT "agentutils signature\n%s\n", c->sig);
}

/* The members of an object's text, behind those that `w` has. */
static void
put_members(struct jsonw *w, struct slice object)
{
	if (object.len <= 2)
		return;
	buf_putc(w->out, ',');
	buf_add(w->out, object.data + 1, object.len - 2);
}

int
order_make(const struct root *root, const char *agent, const char *verb,
    struct slice members, int64_t lasts, const struct sign_secret *key,
    struct order *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct jsonw w = {.out = &text};
	char nonce[RAND_TEXT], expires[CLOCK_TEXT];
	unsigned char sig[SIGN_BYTES];
	struct sign_secret own = {0};
	int got;

	rand_text(nonce);
	clock_text(clock_real() + lasts, expires);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "agent", agent);
	jsonw_string(&w, "verb", verb);
	jsonw_string(&w, "nonce", nonce);
	jsonw_string(&w, "expires", expires);
	put_members(&w, members);
	jsonw_end(&w, '}');
	buf_putc(&text, '\n');
	if (key == NULL && root_secret(root, &own, e) < 0)
		return -1;
	got = sign_make(key == NULL ? &own : key, text.data, text.len, sig, e);
	if (got == 0) {
		sign_text(key == NULL ? &own.pub : &key->pub, sig, &text);
		got = order_parse(text.data, text.len, out, e);
	}
	sign_wipe(&own);
	return got;
}

int
order_check(const struct root *root, struct order *c, struct err *e)
{
	struct trust t CLEANUP(trust_free) = {0};
	unsigned char keynum[SIGN_KEYNUM], sig[SIGN_BYTES];
	char *text CLEANUP_FREE = mem_printf(COMMENT "\n%s\n", c->sig);
	const struct sign_public *key;

	if (trust_read(root, &t, e) < 0 ||
	    sign_text_parse(text, strlen(text), keynum, sig, e) < 0)
		return -1;
	key = trust_find(&t, keynum, &c->human);
	if (key == NULL)
		return err_set(e, EX_NOPERM, 0,
		    "signed by key %s, which is neither the root's nor one of "
		    "'" TRUST_FOLDER "'",
		    c->key);
	if (sign_check(key, c->text.data, c->text.len, sig, e) < 0) {
		e->status = EX_NOPERM;
		return -1;
	}
	return 0;
}

int
order_known(
    const struct root *root, const struct order *c, bool *known, struct err *e)
{
	struct trust t CLEANUP(trust_free) = {0};
	char *text CLEANUP_FREE = mem_printf(COMMENT "\n%s\n", c->sig);
	unsigned char keynum[SIGN_KEYNUM], sig[SIGN_BYTES];
	bool human;

	if (trust_read(root, &t, e) < 0 ||
	    sign_text_parse(text, strlen(text), keynum, sig, e) < 0)
		return -1;
	*known = trust_find(&t, keynum, &human) != NULL;
	return 0;
}
