#include "sandbox/tls.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/issuer.h"

#define TLS_PIECE 16384

/* The functions of libssl that are used, found by name: linking it would cost
 * each program a part of a millisecond at its start. */
static struct {
	void *library;
	const SSL_METHOD *(*server_method)(void);
	const SSL_METHOD *(*client_method)(void);
	SSL_CTX *(*ctx_new)(const SSL_METHOD *);
	void (*ctx_free)(SSL_CTX *);
	long (*ctx_ctrl)(SSL_CTX *, int, long, void *);
	int (*ctx_default_paths)(SSL_CTX *);
	void (*ctx_set_verify)(SSL_CTX *, int, SSL_verify_cb);
	int (*ctx_use_certificate)(SSL_CTX *, X509 *);
	int (*ctx_use_key)(SSL_CTX *, EVP_PKEY *);
	int (*ctx_alpn)(SSL_CTX *, const unsigned char *, unsigned);
	void (*ctx_alpn_select)(SSL_CTX *, SSL_CTX_alpn_select_cb_func, void *);
	SSL *(*new)(SSL_CTX *);
	void (*free)(SSL *);
	void (*set_bio)(SSL *, BIO *, BIO *);
	void (*set_accept)(SSL *);
	void (*set_connect)(SSL *);
	int (*handshake)(SSL *);
	int (*read)(SSL *, void *, int);
	int (*write)(SSL *, const void *, int);
	int (*shutdown)(SSL *);
	int (*error)(const SSL *, int);
	long (*ctrl)(SSL *, int, long, void *);
	int (*set_host)(SSL *, const char *);
	X509_VERIFY_PARAM *(*param)(SSL *);
	long (*verify_result)(const SSL *);
} api;

struct tls {
	SSL *ssl;
	BIO *from, *to; /* the session's */
	bool ready, ended;
};

static int
load_library(struct err *e)
{
	static const struct {
		const char *name;
		void *where;
	} all[] = {
	    {"TLS_server_method", &api.server_method},
	    {"TLS_client_method", &api.client_method},
	    {"SSL_CTX_new", &api.ctx_new},
	    {"SSL_CTX_free", &api.ctx_free},
	    {"SSL_CTX_ctrl", &api.ctx_ctrl},
	    {"SSL_CTX_set_default_verify_paths", &api.ctx_default_paths},
	    {"SSL_CTX_set_verify", &api.ctx_set_verify},
	    {"SSL_CTX_use_certificate", &api.ctx_use_certificate},
	    {"SSL_CTX_use_PrivateKey", &api.ctx_use_key},
	    {"SSL_CTX_set_alpn_protos", &api.ctx_alpn},
	    {"SSL_CTX_set_alpn_select_cb", &api.ctx_alpn_select},
	    {"SSL_new", &api.new},
	    {"SSL_free", &api.free},
	    {"SSL_set_bio", &api.set_bio},
	    {"SSL_set_accept_state", &api.set_accept},
	    {"SSL_set_connect_state", &api.set_connect},
	    {"SSL_do_handshake", &api.handshake},
	    {"SSL_read", &api.read},
	    {"SSL_write", &api.write},
	    {"SSL_shutdown", &api.shutdown},
	    {"SSL_get_error", &api.error},
	    {"SSL_ctrl", &api.ctrl},
	    {"SSL_set1_host", &api.set_host},
	    {"SSL_get0_param", &api.param},
	    {"SSL_get_verify_result", &api.verify_result},
	};
	void *library, *sym;
	size_t i;

	if (api.library != NULL)
		return 0;
	library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return err_set(e, EX_UNAVAILABLE, 0,
		    "cannot load libssl (install libssl3): %.200s", dlerror());
	for (i = 0; i < COUNT_OF(all); i++) {
		sym = dlsym(library, all[i].name);
		if (sym == NULL)
			return err_set(e, EX_UNAVAILABLE, 0,
			    "libssl has no '%s'", all[i].name);
		/* POSIX dlsym: an object pointer that is a function's */
		memcpy(all[i].where, &sym, sizeof(sym));
	}
	api.library = library;
	return 0;
}

/* OpenSSL's own words for what went wrong. */
static int
fail(struct err *e, int status, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	ERR_clear_error();
	return err_set(e, status, 0, "%s%s%s", what, reason == NULL ? "" : ": ",
	    reason == NULL ? "" : reason);
}

static void
take_bio(BIO *b, struct buf *out)
{
	char *data = NULL;
	long n = BIO_get_mem_data(b, &data);

	if (n > 0)
		buf_add(out, data, (size_t)n);
	(void)BIO_reset(b);
}

static const unsigned char alpn[] = "\x08http/1.1";

static int
select_protocol(SSL *ssl, const unsigned char **out, unsigned char *n,
    const unsigned char *in, unsigned len, void *arg)
{
	unsigned i;

	(void)ssl;
	(void)arg;
	for (i = 0; i < len; i += 1U + in[i]) {
		if (in[i] != alpn[0] || len - i < sizeof(alpn) - 1 ||
		    memcmp(in + i, alpn, sizeof(alpn) - 1) != 0)
			continue;
		*out = in + i + 1;
		*n = in[i];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *
make_context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = api.ctx_new(method);

	if (ctx != NULL)
		(void)api.ctx_ctrl(
		    ctx, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
	return ctx;
}

/* The session keeps the context. */
static struct tls *
make_session(SSL_CTX *ctx)
{
	struct tls *t = mem_new(1, sizeof(*t));

	t->ssl = api.new(ctx);
	t->from = BIO_new(BIO_s_mem());
	t->to = BIO_new(BIO_s_mem());
	if (t->ssl == NULL || t->from == NULL || t->to == NULL) {
		if (t->ssl != NULL)
			api.free(t->ssl);
		BIO_free(t->from);
		BIO_free(t->to);
		free(t);
		return NULL;
	}
	(void)BIO_set_mem_eof_return(t->from, -1); /* empty: try again */
	api.set_bio(t->ssl, t->from, t->to);
	return t;
}

int
tls_serve(struct issuer *a, const char *host, struct tls **out, struct err *e)
{
	EVP_PKEY *key = NULL;
	X509 *leaf = NULL;
	SSL_CTX *ctx;
	struct tls *t = NULL;

	if (load_library(e) < 0)
		return -1;
	ctx = make_context(api.server_method());
	if (ctx != NULL && issuer_leaf(a, host, &leaf, &key) == 0 &&
	    api.ctx_use_certificate(ctx, leaf) == 1 &&
	    api.ctx_use_key(ctx, key) == 1) {
		api.ctx_alpn_select(ctx, select_protocol, NULL);
		t = make_session(ctx);
	}
	api.ctx_free(ctx);
	X509_free(leaf);
	EVP_PKEY_free(key);
	if (t == NULL)
		return fail(e, EX_SOFTWARE, "cannot make a TLS session");
	api.set_accept(t->ssl);
	*out = t;
	return 0;
}

static bool
expect_host(struct tls *t, const char *host)
{
	char name[256];

	if (issuer_is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(api.param(t->ssl), host) ==
		       1;
	(void)snprintf(name, sizeof(name), "%s", host);
	return api.set_host(t->ssl, host) == 1 &&
	       api.ctrl(t->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
		   TLSEXT_NAMETYPE_host_name, name) == 1;
}

int
tls_connect(const char *host, struct tls **out, struct err *e)
{
	struct tls *t = NULL;
	SSL_CTX *ctx;

	if (load_library(e) < 0)
		return -1;
	ctx = make_context(api.client_method());
	if (ctx != NULL && api.ctx_default_paths(ctx) == 1 &&
	    api.ctx_alpn(ctx, alpn, sizeof(alpn) - 1) == 0) {
		api.ctx_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		t = make_session(ctx);
	}
	if (ctx != NULL)
		api.ctx_free(ctx);
	if (t == NULL || !expect_host(t, host)) {
		tls_free(t);
		return fail(e, EX_SOFTWARE, "cannot make a TLS session");
	}
	api.set_connect(t->ssl);
	*out = t;
	return 0;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	api.free(t->ssl);
	free(t);
}

void
tls_feed(struct tls *t, const void *data, size_t n)
{
	(void)BIO_write(t->from, data, (int)n);
}

/* What SSL_… returned: 0 when it only waits, -1 when the session is over. */
static int
check(struct tls *t, int r, struct err *e)
{
	long verified;

	switch (api.error(t->ssl, r)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		ERR_clear_error();
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		t->ended = true;
		return 0;
	default:
		verified = api.verify_result(t->ssl);
		if (verified == X509_V_OK)
			return fail(e, EX_UNAVAILABLE, "TLS failed");
		ERR_clear_error();
		return err_set(e, EX_UNAVAILABLE, 0, "its certificate: %s",
		    X509_verify_cert_error_string(verified));
	}
}

static int
take_plain(struct tls *t, struct buf *in, size_t room, struct err *e)
{
	char piece[TLS_PIECE];
	int n;

	while (!t->ended && in->len < room) {
		n = api.read(t->ssl, piece, sizeof(piece));
		if (n <= 0)
			return check(t, n, e);
		buf_add(in, piece, (size_t)n);
	}
	return 0;
}

int
tls_step(struct tls *t, struct buf *in, size_t room, struct buf *out,
    struct buf *wire, struct err *e)
{
	int r = 0, n;

	ERR_clear_error();
	if (!t->ready) {
		n = api.handshake(t->ssl);
		t->ready = n == 1;
		r = n == 1 ? 0 : check(t, n, e);
	}
	while (r == 0 && t->ready && out->len > 0) {
		n = api.write(t->ssl, out->data,
		    (int)(out->len < TLS_PIECE ? out->len : TLS_PIECE));
		if (n <= 0) {
			r = check(t, n, e);
			break;
		}
		buf_drop(out, (size_t)n);
	}
	if (r == 0 && t->ready)
		r = take_plain(t, in, room, e);
	take_bio(t->to, wire);
	return r;
}

bool
tls_ready(const struct tls *t)
{
	return t->ready;
}

bool
tls_ended(const struct tls *t)
{
	return t->ended;
}

bool
tls_has_more(const struct tls *t)
{
	return !t->ended && BIO_ctrl_pending(t->from) > 0;
}

void
tls_end(struct tls *t, struct buf *wire)
{
	if (t->ready)
		(void)api.shutdown(t->ssl);
	ERR_clear_error();
	take_bio(t->to, wire);
}
