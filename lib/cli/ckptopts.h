/*
 * ckptopts.h: the options of agent-ckpt(1), for all of its verbs, as one
 * struct.
 */
#ifndef CLI_CKPTOPTS_H
#define CLI_CKPTOPTS_H

#include "cli/ckptverb.h"

/* Options without a letter of their own. */
enum ckptopts_letter {
	CKPTOPT_ALSO = 256,
	CKPTOPT_AT,
	CKPTOPT_DAILY,
	CKPTOPT_EACH,
	CKPTOPT_FILES,
	CKPTOPT_FULL,
	CKPTOPT_JSON,
	CKPTOPT_JUNIT,
	CKPTOPT_KEEP,
	CKPTOPT_KEY,
	CKPTOPT_MAX_SIZE,
	CKPTOPT_MAX_TEXT,
	CKPTOPT_MESSAGES,
	CKPTOPT_NAME,
	CKPTOPT_NAME_ONLY,
	CKPTOPT_NEW_AGENT,
	CKPTOPT_PLAIN_HTTP,
	CKPTOPT_ROOT,
	CKPTOPT_RULES,
	CKPTOPT_SECRET,
	CKPTOPT_SINCE,
	CKPTOPT_STAT,
	CKPTOPT_STATE,
	CKPTOPT_TO,
	CKPTOPT_TOOLS,
	CKPTOPT_TRUST,
	CKPTOPT_END
};

struct ckptopts {
	struct ckpt_args verb;
	const char *root;
	bool given[CKPTOPT_END];	/* by letter */
};

extern const struct program ckptopts_program;

/* For opt_verb: one option, into the struct ckptopts.  What cannot be used
 * ends the program. */
void ckptopts_take(void *ckptopts, int letter, const char *value);

#endif
