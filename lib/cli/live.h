/*
 * live.h: agents as they are just now, for who looks on.  Reads without a
 * lock; what did not change is not read again.
 */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include <sys/stat.h>

#include "agent/session.h"
#include "audit/family.h"

struct live_row {
	char id[ULID_TEXT];
	char *name;		/* NULL: none */
	size_t depth;		/* in the tree */
	const char *state;	/* a word */
	char *doing;		/* what it does or waits for; "" */
	char *text;		/* what the model said last, in a line; "" */
	char *left;		/* of its tightest limit; "" */
	struct usage usage;
	int64_t seq, time;	/* of the last record */
	bool changed;		/* since the last look */
	struct stat journal;	/* as it was read */
	bool held;		/* somebody holds its lock */
};

struct live {
	struct root *root;	/* borrowed */
	/* Whom: these and all that came of them; with `family` of their oldest
	 * ancestors.  None: all agents. */
	char (*ids)[ULID_TEXT];
	size_t id_count;
	bool family;
	struct timespec agents;	/* when the folder of agents changed last */
	struct live_row *rows;	/* children behind their parents */
	size_t count;
};

/* Look (again).  An agent that cannot be read has the state "damaged". */
int live_look(struct live *, struct err *);
void live_free(struct live *);
/* Will none of them go on? */
bool live_over(const struct live *);

#endif
