/*
 * tally.h: what histories add up to: tokens, cost and time by model and by
 * tool, denials, retries, waits.  One pass; what belongs together is found by
 * the ids that records name, never by what stands near.
 */
#ifndef AUDIT_TALLY_H
#define AUDIT_TALLY_H

#include "audit/facts.h"
#include "base/rand.h"

/* Sums over a part of what was read. */
struct tally_sums {
	int64_t records, first, last;	/* ns; of the records */
	int64_t model_calls, replies;	/* calls that were sent anew are no
					   more calls but retries */
	int64_t retries, bad;		/* bad: replies of no use */
	int64_t input, output, cached;	/* tokens */
	int64_t cost;			/* millionths */
	int64_t model_ns;		/* from call to reply */
	int64_t tool_calls, denied;	/* denied: by decision */
	int64_t ok, failed, other;	/* results; other: of no known outcome,
					   pending, interrupted, timeout */
	int64_t tool_ns;
	int64_t longest_ns;		/* the slowest one */
	int64_t asked, answered, wait_ns; /* requests, from ask to answer */
	int64_t runs;
};

enum tally_by { TALLY_MODEL, TALLY_TOOL, TALLY_AGENT, TALLY_DAY, TALLY_BYS };

/* A call that took long. */
struct tally_slow {
	char agent[ULID_TEXT];
	int64_t seq, ns;	/* of its result */
	bool model;
	char name[48];		/* the tool's, the model's; cut */
};

#define TALLY_SLOW 10

struct tally {
	struct tally_sums all;
	struct map parts[TALLY_BYS];	/* name: struct tally_sums * */
	struct tally_slow slow[TALLY_SLOW];	/* slowest first */
	size_t slow_count;
	/* of the history being read */
	const char *agent;	/* borrowed */
	struct links links;
	struct map asks;	/* request: its time, int64_t * */
	struct members members;
	struct buf name;
};

/* `{0}` is an empty tally. */
void tally_free(struct tally *);
/* The records that follow are of this agent, from its first one on. */
void tally_agent(struct tally *, const char *id);
/* Status 65 when the body is no JSON object. */
int tally_record(struct tally *, const struct record *, struct err *);

/* A part by its name. */
struct tally_part {
	const char *name;
	const struct tally_sums *sums;
};
/* All parts, by name; the caller frees `*out`. */
size_t tally_parts(
    const struct tally *, enum tally_by, struct tally_part **out);

#endif
