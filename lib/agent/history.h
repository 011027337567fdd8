/*
 * history.h: an agent's journal and what belongs to it, to read.
 */
#ifndef AGENT_HISTORY_H
#define AGENT_HISTORY_H

#include "agent/lineage.h"
#include "agent/state.h"

struct history {
	struct root *root;	/* borrowed */
	int dir;		/* the agent's folder */
	struct info info;
	struct lineage lineage;	/* its ancestors' journals, and its own */
};

/* Status 66 no such agent, 65 damaged. */
int history_open(struct root *, const char *id, struct history *,
    struct err *);
void history_close(struct history *);
/* A reader at the first record, of its oldest ancestor's when it was forked;
 * free it with lineage_reader_free. */
void history_reader(const struct history *, struct lineage_reader *);

/* The record `seq`, its line copied: status 66 when there is none. */
int history_record(const struct history *, int64_t seq, struct buf *line,
    struct err *);

#endif
