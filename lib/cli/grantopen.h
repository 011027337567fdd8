/*
 * grantopen.h: the open requests of a root, for the verbs of agent-grant(1).
 */
#ifndef CLI_GRANTOPEN_H
#define CLI_GRANTOPEN_H

#include "agent/session.h"
#include "cli/grantverb.h"

/* Borrowed from the session of its agent, which is open. */
struct grantopen {
	const char *agent;	/* id */
	const char *workspace;
	const struct request *request;
};

/* Call `each` for every open request, by agent and then by age, that
 * --agent and --tool leave.  An agent that cannot be read is warned of. */
void grantopen_each(const struct grant_args *,
    void (*each)(void *arg, const struct grantopen *), void *arg);

/* The agent whose request this would be, by its id alone; false: none. */
bool grantopen_owner(struct root *, const char *request,
    char agent[ULID_TEXT]);

/* Which requests a verb is about. */
struct grantpick {
	char agent[ULID_TEXT];
	char *id;
	enum request_kind kind;
};
struct grantpicks {
	struct grantpick *items;
	size_t count, cap;
	int status;	/* of operands that are none; 0: all are */
};
/*
 * The requests that the operands name: an id, the beginning of one before its
 * "-", or a pattern of the shell; without operands all that --all, --agent and
 * --tool leave.  Each once.  An operand that names none is complained of, and
 * is in `status`: 66, 64 ambiguous, 1 a pattern without match; a whole id that
 * is not open is kept, for its answer to say why.
 */
void grantopen_pick(const struct grant_args *, char *operands[],
    struct grantpicks *out);
void grantpicks_free(struct grantpicks *);

#endif
