/*
 * grantchange.h: what a request would change, for people, as text of several
 * lines: nobody can approve what they do not see.  Looks at the files of the
 * workspace as they are now, with the rights of the person who looks.
 */
#ifndef CLI_GRANTCHANGE_H
#define CLI_GRANTCHANGE_H

#include "agent/state.h"

/* Append; nothing when the arguments say it all. */
void grantchange(const struct request *, const char *workspace, struct buf *);

#endif
