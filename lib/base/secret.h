/*
 * secret.h: registered secrets, and the one way in which their values leave
 * text: wherever a value stands, as it is, in base64 (RFC 4648, either
 * alphabet, at any place in what was encoded) or URL-encoded (RFC 3986, any
 * choice of encoded bytes), each also as it is escaped in JSON strings, up to
 * three within each other, there is «secret:NAME» instead.
 *
 * Invariant: what comes out holds no value in any of these forms, and is
 * otherwise what went in.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define SECRET_LEAST 8	  /* bytes; shorter ones stand in any text */
#define SECRET_MOST  8192

/* A stretch of base64 that the value alone decides, by where in a group of
 * three bytes it begins. */
struct secret_base64 {
	char *text;	/* of the standard alphabet, no padding */
	size_t sure;	/* so many characters are the value's alone */
	size_t len;	/* with those that hold the value's last bits */
};

struct secret {
	char *name;
	char *value;	/* owned, wiped when freed */
	size_t len;
	char *header;	/* "Name: value" that presents it; NULL: none can */
	struct secret_base64 base64[3];
};

/* `{0}` is an empty set. */
struct secrets {
	struct secret *list;
	size_t count, cap;
	bool first[256]; /* bytes that a form can begin with */
};

/*
 * Register one.  The name is 1 to 64 of A-Z a-z 0-9 _ - and not yet taken.
 * `how` it is presented to a host that a grant names `with` it: NULL or
 * "bearer" is "Authorization: Bearer VALUE", "basic" takes USER:PASSWORD and
 * is "Authorization: Basic BASE64", else it is the name of a header whose
 * value it becomes.  Status 78: a bad name, a value that is too short or long
 * or holds « or » or what stands for it, or one that no header can carry when
 * `how` was given.
 */
int secrets_add(struct secrets *, const char *name, const char *how,
    struct slice value, struct err *);
/* Register what an option says: NAME[:HOW]=env:VARIABLE, =file:PATH or
 * =fd:NUMBER; newlines at the end are not part of the value.  Status 64, 66,
 * 78. */
int secrets_load(struct secrets *, const char *spec, struct err *);
void secrets_free(struct secrets *);
const struct secret *secrets_find(const struct secrets *, const char *name);

/* Append the text without their values. */
void secrets_scrub(const struct secrets *, const char *, size_t,
    struct buf *out);

/* Is there any value in it?  Like what follows, it takes NULL for no set. */
bool secrets_in(const struct secrets *, const char *, size_t);
/* In place. */
void secrets_scrub_buf(const struct secrets *, struct buf *);
/* A message; of one that is cut, so may be a value at its end: that goes. */
void secrets_scrub_err(const struct secrets *, struct err *);
/* The strings of a JSON text that passed json_check, but for the names of
 * members: the text itself, or what is then in `room`. */
struct slice secrets_scrub_json(const struct secrets *, struct slice json,
    struct buf *room);

/* The same for a stream: what could be the beginning of a value is held until
 * more comes.  `{.secrets = s}` is one at its start. */
struct scrub {
	const struct secrets *secrets; /* borrowed */
	struct buf held;
};
void scrub_add(struct scrub *, const char *, size_t, struct buf *out);
void scrub_end(struct scrub *, struct buf *out); /* and free what is held */

#endif
