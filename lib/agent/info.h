/*
 * info.h: agent.json, written once when an agent is born: who it is and where
 * it works.  Everything that changes is in the journal.
 */
#ifndef AGENT_INFO_H
#define AGENT_INFO_H

#include "agent/budget.h"
#include "agent/root.h"

#define INFO_FILE   "agent.json"
#define INFO_FORMAT 1
/* What is different here of an agent that was brought in: its chain begins
 * with the description that it was born with. */
#define LOCAL_FILE  "local.json"

#define ANCESTORS_MOST 4096 /* generations of one family */

struct info {
	char id[ULID_TEXT];
	char *name;		/* NULL: none */
	char *parent;		/* an id; NULL: none */
	/* What came before the first record of its own journal, of an agent
	 * that was made by a fork: the parent's history up to `fork_seq`. */
	int64_t fork_seq;	/* 0: nothing */
	int64_t ancestors;	/* how many journals lie in from/ */
	struct digest fork_head; /* of that record */
	char *workspace;	/* absolute; NULL: the agent's own work/ */
	char *created;		/* RFC 3339 */
	char **tools;		/* folders of executable tools, absolute */
	size_t tool_count;
	struct digest digest;	/* of the file's bytes */
};

void info_write(const struct info *, struct buf *out);
/* The text of LOCAL_FILE: id, name and tools; the workspace is its own. */
void info_write_local(const struct info *, struct buf *out);
int info_parse(const char *text, size_t len, struct info *out, struct err *);
void info_free(struct info *);
/* Read and check ID/agent.json; `dir` is the agent's folder. */
int info_read(int dir, const char *id, struct info *out, struct err *);
/* Only the name (NULL: none); the caller frees it. */
int info_name(const struct root *, const char *id, char **out);
/* A name that may be given: 1 to 64 of [A-Za-z0-9._-], beginning with a
 * letter or digit, and not readable as an id. */
bool info_name_ok(const char *name);

#endif
