/*
 * names.h: a folder read at once: its names, sorted by their bytes, and what
 * stat(2) says of each.
 */
#ifndef BUNDLE_NAMES_H
#define BUNDLE_NAMES_H

#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"

/* The part of a struct stat that is kept. */
struct seen {
	uint64_t device, inode;
	int64_t size, mtime, ctime;	/* times in nanoseconds, at least 0 */
	mode_t mode;
	uint32_t links;
};

struct folder;

struct name {
	const char *text;	/* borrowed from the list */
	char *link;		/* of symbolic links: their text; owned */
	struct folder *folder;	/* what is in it; not the list's business */
	unsigned char type;	/* DT_DIR and so on; may be DT_UNKNOWN */
	bool gone;		/* removed since the folder was read, or left
				 * out */
	bool mount;		/* cannot be entered: another mount */
	struct seen seen;
};

struct names {
	struct name *name;
	size_t count;
	struct buf text;
};

void names_free(struct names *);
/* All names but "." and ".."; nothing is stat'ed yet. */
int names_read(int dir, struct names *out, struct err *);
bool names_has(const struct names *, const char *);
/* Look at all of them that are not gone. */
int names_stat(int dir, struct names *, struct err *);
void names_see(const struct stat *, struct seen *out);

#endif
