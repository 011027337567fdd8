/*
 * trust.h: the keys whose signatures count.  The root's own always does, but
 * once there is a folder ROOT/trusted, with public keys of people in signify's
 * files (NAME.pub), what widens authority counts only when signed by one of
 * them.  The folder may belong to another user.
 */
#ifndef AGENT_TRUST_H
#define AGENT_TRUST_H

#include "agent/root.h"

#define TRUST_FOLDER "trusted"

struct trust {
	struct sign_public root;
	bool strict;	/* there is such a folder */
	struct sign_public *human;
	size_t count, cap;
};

/* Status 65 when a key cannot be read: nobody is trusted then. */
int trust_read(const struct root *, struct trust *out, struct err *);
void trust_free(struct trust *);
/* The key of this number, or NULL; `*human` tells whether it is a person's. */
const struct sign_public *trust_find(const struct trust *,
    const unsigned char keynum[SIGN_KEYNUM], bool *human);

#endif
