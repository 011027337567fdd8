/*
 * import.h: an agent from bundles: of another root, or a copy of one of this.
 * Its history is taken over byte for byte; then a record says where it came
 * from, and what of its authority stays.  It is prepared out of sight and
 * appears whole, as at a birth.
 */
#ifndef AGENT_IMPORT_H
#define AGENT_IMPORT_H

#include "agent/ckpt.h"
#include "agent/restore.h"

struct import {
	struct chain *history;	/* back to the first bundle */
	struct chain *files;	/* the same up to the point's bundle */
	int64_t seq;		/* the point */
	bool fresh;		/* a copy: it gets another id */
	bool trusted;		/* grants stay: the bundle's signer may give
				   them */
	/* Of a copy in the same root: what the first one holds now; or
	 * NULL. */
	const struct state *now;
	const char *name, *model;	/* instead of its own; or NULL */
	char *const *tools;	/* absolute folders */
	size_t tool_count;
	const struct restore_options *options;
};

struct imported {
	char id[ULID_TEXT];
	size_t requests;	/* grants that a person is asked for */
	size_t tools;		/* folders of tools that it had elsewhere */
};

/*
 * Status 65 a bundle that is damaged or holds no description, 66 no such
 * point, 73 the agent or the name is there, 77 its model is a program and
 * nothing says that it may be run.
 */
int import_agent(struct root *, const struct import *, struct imported *out,
    struct err *);

#endif
