/*
 * postfiles.h: a letter's attachments.  Each is put into the workspace, below
 * inbox/, for tools; what is text, and images, the model is shown as well.
 *
 * Invariant: neither their names nor what stands in the workspace leads out
 * of that folder.
 */
#ifndef AGENT_POSTFILES_H
#define AGENT_POSTFILES_H

#include "agent/post.h"

#define POSTFILES_FOLDER "inbox"
#define POSTFILES_TEXT   ((size_t)64 << 10)	/* shown of a text */
#define POSTFILES_IMAGE  ((size_t)4 << 20)	/* larger ones are not shown */

/* What it is, by its contents: "image/png", "text/plain", …. */
const char *postfiles_type(const void *, size_t);

/* Attach a file of this name: its contents become a blob.  Status 64 there are
 * too many, 65 it is too large or its name will not do, 77 it holds the value
 * of a secret of the root's. */
int postfiles_add(const struct root *, struct post *, const char *name,
    struct slice data, struct err *);

/*
 * Put them into the workspace, and append the parts that the model is shown (a
 * JSON array).  What cannot be put there is said in its part.  Status 65 a
 * blob is not there, or not what it should be.
 */
int postfiles_take(struct session *, struct post *, struct buf *parts,
    struct err *);

#endif
