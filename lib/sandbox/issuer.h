/*
 * issuer.h: a certificate authority for one run, which only that run's
 * sandboxes trust: for hosts whose credential the proxy adds.
 *
 * Invariant: its key is in memory alone.
 */
#ifndef SANDBOX_ISSUER_H
#define SANDBOX_ISSUER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct issuer;
struct x509_st; /* OpenSSL's X509 and EVP_PKEY */
struct evp_pkey_st;

/* A new P-256 key and its own certificate. */
int issuer_new(struct issuer **out, struct err *);
void issuer_free(struct issuer *);
/* Its certificate, PEM. */
void issuer_text(const struct issuer *, struct buf *out);
/* Append the certificates that this system trusts: $SSL_CERT_FILE, else the
 * usual places. */
int issuer_system_text(struct buf *out, struct err *);

/* A key and a certificate for a host, a name or an address; the caller frees
 * both. */
int issuer_leaf(const struct issuer *, const char *host,
    struct x509_st **certificate, struct evp_pkey_st **key);
bool issuer_is_address(const char *host);

#endif
