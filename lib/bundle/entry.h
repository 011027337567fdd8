/*
 * entry.h: one path of a tree, as a line of agent/index.jsonl has it,
 * agent-bundle(5).  Its one invariant: a line that parses is the line that
 * entry_line writes, to the byte, so every entry has exactly one form.
 *
 * Paths are bytes, not text: where they are not UTF-8 the line holds them in
 * base64 under another name.  They are relative, without empty, "." and ".."
 * components, and lie below "agent" or "work".
 */
#ifndef BUNDLE_ENTRY_H
#define BUNDLE_ENTRY_H

#include "base/digest.h"
#include "base/err.h"

/* The longest path, with its "work/"; what is longer cannot be opened. */
#define ENTRY_PATH_MAX 4090
#define ENTRY_WORK     "work"

enum entry_type {
	ENTRY_FILE,
	ENTRY_DIR,
	ENTRY_SYMLINK,
	ENTRY_HARDLINK,	/* of a file of the same bundle, named by `link` */
	ENTRY_GONE,	/* in a delta: the path and all below it are removed */
	/* Recorded, not copied. */
	ENTRY_FIFO,
	ENTRY_SOCKET,
	ENTRY_CHAR,
	ENTRY_BLOCK,
	ENTRY_MOUNT,	/* another file system's folder */
	ENTRY_WITHHELD, /* it held secrets, whose names `link` has (withhold.h) */
	ENTRY_TYPES
};

struct entry {
	struct slice path;
	enum entry_type type;
	unsigned mode;		/* 0 to 01777 */
	int64_t size;		/* of files and hard links */
	struct digest sha256;	/* likewise */
	struct slice link;	/* symbolic links: the text; hard: a path;
				 * withheld: names with spaces between */
	int64_t mtime;		/* nanoseconds, not negative */
	int64_t frame;		/* of files: where the first byte is */
	int64_t offset;		/* in that frame, uncompressed */
};

/* Room for what a line's escapes stand for; `{0}` is empty. */
struct entry_text {
	struct buf path, link;
};

void entry_text_free(struct entry_text *);

const char *entry_type_name(enum entry_type);
/* Is there a tar member for it? */
bool entry_stored(enum entry_type);
/* What an entry of this type has: `size` and `sha256`, `link`, and so on. */
bool entry_has_content(enum entry_type);
bool entry_has_link(enum entry_type);
bool entry_has_mode(enum entry_type);
bool entry_has_time(enum entry_type);

/*
 * The order of trees: bytes, with '/' before every other one, so that a
 * folder's contents follow it directly.
 */
int entry_compare(struct slice a, struct slice b);
/* Is `path` below the folder `dir` (not itself)? */
bool entry_below(struct slice path, struct slice dir);
/* Is it a path as above, "work" or "agent" or below one of them? */
bool entry_path_good(struct slice path);
/* Are both the same but for time and place? */
bool entry_same(const struct entry *, const struct entry *);

/* Append the line with its newline. */
void entry_line(struct buf *, const struct entry *);
/* The line without time and place: what a tree's digest is made over. */
void entry_tree_line(struct buf *, const struct entry *);

/*
 * Read one line without its newline; slices borrow from it or from `text`.
 * Status 65.
 */
int entry_parse(const char *line, size_t len, struct entry_text *text,
    struct entry *out, struct err *);

#endif
