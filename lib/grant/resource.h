/*
 * resource.h: what grants are about, "kind:body".  A table says which rights
 * go with a kind and what form its bodies have.
 */
#ifndef GRANT_RESOURCE_H
#define GRANT_RESOURCE_H

#include "grant/grant.h"

enum resource_form {
	FORM_PATH,	/* a path, or a folder and all below it */
	FORM_PROGRAM,	/* a name, a path, or a folder */
	FORM_HOST,	/* HOST:PORT, *.HOST:PORT, HOST:* */
	FORM_TREE,	/* a name with slashes, or all below one */
	FORM_NAME,	/* one name */
	FORM_PARTY	/* one name, or * for everyone */
};

enum resource_form resource_form(enum grant_kind);
/* The rights that a kind knows, a set of RIGHT_ bits. */
unsigned resource_rights(enum grant_kind);

/* Check a grant's body and make its canonical form, which the caller frees.
 * Status 78: "expected …, got '…'". */
int resource_parse(enum grant_kind, const char *body, char **out,
    struct err *);

/* The canonical form of a "host:port": lower case, addresses as
 * inet_ntop(3) writes them, IPv4-mapped ones as IPv4.  The caller frees it;
 * NULL when it is none.  `pattern`: a grant's ("*." and port "*" are fine, a
 * dot at the end is not). */
char *resource_host(const char *text, bool pattern);

/* Does it end in the wildcard: a slash and two stars, or the stars alone?
 * Then `*len` is the length of what stands before it. */
bool resource_is_tree(const char *body, size_t *len);

/* Has this path or name a component that is empty, "." or ".."? */
bool resource_is_odd(const char *text, size_t len);

#endif
