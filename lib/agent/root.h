/*
 * root.h: the folder that holds all agents, and how one is named.
 *
 *   ROOT/key.pub key.sec       the root's Ed25519 pair, made on first use
 *   ROOT/shared                several hosts use it, lease.h
 *   ROOT/blobs/ab/SHA256       payloads over 64 KiB, shared by all agents
 *   ROOT/agents/ID/            one agent
 *   ROOT/agents/.new/ID        one being prepared; invisible
 */
#ifndef AGENT_ROOT_H
#define AGENT_ROOT_H

#include <stdbool.h>

#include "base/digest.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/sign.h"

struct root {
	char *path;		/* absolute */
	int fd, agents, blobs;	/* folders */
	int64_t lease;		/* hosts share it: how long a lease lasts, in
				   nanoseconds, lease.h; 0: they do not */
	/* Borrowed, set by who opens it; or NULL: their values become no part
	 * of a record, blob or bundle. */
	const struct secrets *secrets;
};

/*
 * Open the root: `path`, else $AGENT_ROOT, else
 * ${XDG_STATE_HOME:-$HOME/.local/state}/agentutils.  With `make` its folders
 * are made.  Status 66 there is none, 73 it cannot be made, 78 no $HOME.
 */
int root_open(const char *path, bool make, struct root *out, struct err *);
void root_close(struct root *);
/* Where root_open looks, without opening: the caller frees it. */
int root_path(const char *path, char **out, struct err *);

/* The root's key, made when there is none.  A reader needs the public one
 * only (status 66 when there is none). */
int root_secret(const struct root *, struct sign_secret *out, struct err *);
int root_public(const struct root *, struct sign_public *out, struct err *);

/* All agents' ids, oldest first; the caller frees `*ids`. */
int root_list(const struct root *, char (**ids)[ULID_TEXT], size_t *count,
    struct err *);
/*
 * The agent that `name` means: an id, a prefix of one (any case), or a name
 * given with --name.  Status 66 when there is none, 64 when it is ambiguous
 * (the message lists some).
 */
int root_find(const struct root *, const char *name, char id[ULID_TEXT],
    struct err *);
/* How many characters tell these ids apart, at least 8. */
size_t root_short(char (*ids)[ULID_TEXT], size_t count);

/* Blobs, named by their digest. */
int blob_put(const struct root *, const void *, size_t, struct digest *out,
    struct err *);
int blob_get(const struct root *, const struct digest *, struct buf *out,
    struct err *);
#define BLOB_OVER ((size_t)64 << 10)	/* larger payloads become blobs */
#define BLOB_MAX  ((size_t)64 << 20)

/* Where blobs come from: a root's folder, or bundles. */
struct blob_source {
	int (*get)(void *arg, const struct digest *, struct buf *out,
	    struct err *);
	void *arg;
};
/* Of this root, which is borrowed. */
struct blob_source blob_root(struct root *);

/*
 * A record's body with its blobs in place: a member "blob" becomes "text",
 * "X_blob" becomes "X" (a string, or JSON as it stands for "calls_blob").
 * Bodies without one are returned as they are.  `room` keeps what is new.
 */
int blob_expand(const struct blob_source *, struct slice body,
    struct buf *room, struct slice *out, struct err *);

#endif
