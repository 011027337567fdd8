/*
 * auditopts.h: the options of agent-audit(1), for all of its verbs, as one
 * struct.
 */
#ifndef CLI_AUDITOPTS_H
#define CLI_AUDITOPTS_H

#include "cli/auditverb.h"

/* Options without a letter of their own. */
enum auditopts_letter {
	AUDITOPT_AGAINST = 256,
	AUDITOPT_ALL,
	AUDITOPT_BY,
	AUDITOPT_CONTENT,
	AUDITOPT_COUNT,
	AUDITOPT_DEPTH,
	AUDITOPT_CSV,
	AUDITOPT_DIFFS,
	AUDITOPT_ENDPOINT,
	AUDITOPT_FAMILY,
	AUDITOPT_FROM,
	AUDITOPT_HEAD,
	AUDITOPT_HEADER_ENV,
	AUDITOPT_INTERVAL,
	AUDITOPT_JSON,
	AUDITOPT_JSONL,
	AUDITOPT_KEY,
	AUDITOPT_LIMIT,
	AUDITOPT_MAX_TEXT,
	AUDITOPT_OTLP,
	AUDITOPT_POLICY,
	AUDITOPT_REQUEST,
	AUDITOPT_RERUN,
	AUDITOPT_ROOT,
	AUDITOPT_STATE,
	AUDITOPT_TITLE,
	AUDITOPT_TREE,
	AUDITOPT_UNTIL,
	AUDITOPT_WHY,
	AUDITOPT_END
};

struct auditopts {
	struct audit_args verb;
	const char *root;
	bool given[AUDITOPT_END];	/* by letter */
};

extern const struct program auditopts_program;

/* For opt_verb: one option, into the struct auditopts.  What cannot be used
 * ends the program. */
void auditopts_take(void *auditopts, int letter, const char *value);

#endif
