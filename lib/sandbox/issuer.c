#include "sandbox/issuer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rand.h"

#define VALID_SECONDS (365L * 86400)
#define BUNDLE_MOST   ((size_t)8 << 20)

struct issuer {
	EVP_PKEY *key;
	X509 *certificate;
};

static bool
extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool good;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	good = ext != NULL && X509_add_ext(x, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return good;
}

static bool
name_subject(X509 *x, const char *name)
{
	return X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
		   MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) == 1;
}

/* What all certificates have: version 3, a random number, a time, a key. */
static X509 *
begin_certificate(EVP_PKEY *key, const char *subject)
{
	X509 *x = X509_new();
	uint64_t serial;

	rand_bytes(&serial, sizeof(serial));
	if (x == NULL || X509_set_version(x, 2) != 1 ||
	    ASN1_INTEGER_set_uint64(
		X509_get_serialNumber(x), serial >> 1 | 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), -86400) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), VALID_SECONDS) == NULL ||
	    X509_set_pubkey(x, key) != 1 || !name_subject(x, subject)) {
		X509_free(x);
		return NULL;
	}
	return x;
}

static bool
finish_authority(struct issuer *a)
{
	X509 *x = a->certificate;

	return X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
	       extend(
		   x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       extend(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       extend(x, x, NID_subject_key_identifier, "hash") &&
	       X509_sign(x, a->key, EVP_sha256()) > 0;
}

int
issuer_new(struct issuer **out, struct err *e)
{
	struct issuer *a = mem_new(1, sizeof(*a));

	a->key = EVP_EC_gen("P-256");
	if (a->key != NULL)
		a->certificate =
		    begin_certificate(a->key, "agentutils, for one run");
	if (a->certificate == NULL || !finish_authority(a)) {
		issuer_free(a);
		ERR_clear_error();
		return err_set(
		    e, EX_SOFTWARE, 0, "cannot make a certificate authority");
	}
	*out = a;
	return 0;
}

void
issuer_free(struct issuer *a)
{
	if (a == NULL)
		return;
	X509_free(a->certificate);
	EVP_PKEY_free(a->key);
	free(a);
}

void
issuer_text(const struct issuer *a, struct buf *out)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *data = NULL;
	long n;

	if (b != NULL && PEM_write_bio_X509(b, a->certificate) == 1) {
		n = BIO_get_mem_data(b, &data);
		buf_add(out, data, (size_t)n);
	}
	BIO_free(b);
}

int
issuer_system_text(struct buf *out, struct err *e)
{
	static const char *const places[] = {
	    "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
	const char *own = getenv("SSL_CERT_FILE");
	size_t i;

	if (own != NULL && own[0] != '\0')
		return file_read(AT_FDCWD, own, BUNDLE_MOST, out, e);
	for (i = 0; i < COUNT_OF(places); i++) {
		struct err ignored;

		if (file_read(
			AT_FDCWD, places[i], BUNDLE_MOST, out, &ignored) == 0)
			return 0;
	}
	return 0; /* a system that trusts nobody */
}

bool
issuer_is_address(const char *host)
{
	unsigned char a[16];

	return inet_pton(AF_INET, host, a) == 1 ||
	       inet_pton(AF_INET6, host, a) == 1;
}

static X509 *
make_leaf(const struct issuer *a, EVP_PKEY *key, const char *host)
{
	char *names CLEANUP_FREE =
	    mem_printf("%s:%s", issuer_is_address(host) ? "IP" : "DNS", host);
	X509 *x = begin_certificate(key, "agentutils");

	if (x == NULL)
		return NULL;
	if (X509_set_issuer_name(x, X509_get_subject_name(a->certificate)) ==
		1 &&
	    extend(x, a->certificate, NID_basic_constraints,
		"critical,CA:FALSE") &&
	    extend(x, a->certificate, NID_key_usage,
		"critical,digitalSignature") &&
	    extend(x, a->certificate, NID_ext_key_usage, "serverAuth") &&
	    extend(x, a->certificate, NID_subject_key_identifier, "hash") &&
	    extend(x, a->certificate, NID_authority_key_identifier, "keyid") &&
	    extend(x, a->certificate, NID_subject_alt_name, names) &&
	    X509_sign(x, a->key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

int
issuer_leaf(const struct issuer *a, const char *host,
    struct x509_st **certificate, struct evp_pkey_st **key)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	X509 *x = k == NULL ? NULL : make_leaf(a, k, host);

	if (x == NULL) {
		EVP_PKEY_free(k);
		return -1;
	}
	*certificate = x;
	*key = k;
	return 0;
}
