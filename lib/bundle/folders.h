/*
 * folders.h: all folders of a tree, read and looked at; for scan.c.  Names
 * are read by one thread, which decides what is left out; looking at files,
 * most of a scan's time, is spread over several.
 */
#ifndef BUNDLE_FOLDERS_H
#define BUNDLE_FOLDERS_H

#include "bundle/ignore.h"
#include "bundle/names.h"

struct folder {
	char *path;		/* from the top; "" there; owned */
	int fd;			/* of the first few; else -1 */
	struct names names;
};

struct folders {
	struct folder **all;	/* owned; the top first */
	size_t count, cap, names;
};

/*
 * Read the tree open as `root`, but for what .agentignore files name, the
 * folder with this device and inode, and other mounts.
 */
int folders_read(int root, uint64_t skip_device, uint64_t skip_inode,
    struct folders *out, struct err *);
void folders_free(struct folders *);

/* Open a path below `root`, through no link and into no other mount. */
int folders_open(int root, const char *path, int flags);

#endif
