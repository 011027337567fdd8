/*
 * limitopts.h: the options --max-…, which programs that start agents share.
 */
#ifndef CLI_LIMITOPTS_H
#define CLI_LIMITOPTS_H

#include "agent/budget.h"
#include "cli/opt.h"

/* The letters of a program's table. */
enum {
	LIMITOPT_BYTES = 512,
	LIMITOPT_CALLS,
	LIMITOPT_CHILDREN,
	LIMITOPT_COST,
	LIMITOPT_CPU,
	LIMITOPT_TIME,
	LIMITOPT_TOKENS,
	LIMITOPT_TURNS
};

/* Take one of them into `l`, or die; false: it is another option. */
bool limitopts_take(const struct program *, int letter, const char *value,
    struct limits *l);

#endif
