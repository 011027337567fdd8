/*
 * secretargs.h: the secrets that a program is given: its options --secret,
 * then $AGENT_SECRETS, then the keys of model providers; see agentutils(7).
 */
#ifndef CLI_SECRETARGS_H
#define CLI_SECRETARGS_H

#include "base/secret.h"
#include "cli/opt.h"

#define SECRET_ARGS_MOST 64

/* `{0}` is an empty one. */
struct secret_args {
	const char *spec[SECRET_ARGS_MOST]; /* borrowed */
	size_t count;
	struct secrets secrets;
};

/* Remember one option. */
void secret_arg(const struct program *, struct secret_args *,
    const char *spec);
/* Is one of them read from a descriptor, which can be done but once? */
bool secret_args_once(const struct secret_args *);

/*
 * Read them all; what cannot be used ends the program.  To be called once the
 * launcher runs: nothing that is forked before holds them.  With any, the
 * program leaves no core file, and its memory is not for its user's other
 * programs to read.  Returns the set, or NULL when it is empty.
 */
const struct secrets *secret_args_load(struct secret_args *);
void secret_args_free(struct secret_args *);

#endif
