/*
 * opt.h: one table of options gives parsing, -h, -V and --complete.  Only
 * bin/ includes it: this is the code that prints and exits.
 */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include "base/err.h"

/* Rows sorted by their long name; the last has name NULL. */
struct opt {
	const char *name;	/* long: "timeout" */
	int letter;		/* short, or a number over 255 for none */
	const char *value;	/* "DURATION", or NULL for a flag */
	const char *help;
};

struct program {
	const char *name;		/* "agent-run" */
	const char *const *usage;	/* lines after the name, NULL ends */
	const char *purpose;		/* one sentence */
	const struct opt *opts;
	const char *notes;		/* after the options; or NULL */
};

/* The next option's letter (its value in *value), or -1 at the operands, whose
 * index *first then holds.  -h, -V and --complete print and exit 0; a bad
 * option is a usage error.  `state` starts as 0. */
int opt_next(const struct program *, int argc, char *argv[],
    const char **value, int *first);

/*
 * For programs with verbs: the options before the verb and behind it are read
 * alike, and the verb is taken out.  `each` gets every option.  Returns the
 * verb, and the index of the first operand behind it; a missing verb is a
 * usage error.
 */
const char *opt_verb(const struct program *, int argc, char *argv[],
    void (*each)(void *arg, int letter, const char *value), void *arg,
    int *first);

/* "NAME: message", on stderr and through the terminal-safe filter. */
void warn_msg(const char *fmt, ...) PRINTF(1, 2);
/* The same, and exit. */
NORETURN void die(int status, const char *fmt, ...) PRINTF(2, 3);
NORETURN void die_err(const struct err *);
/* Status 64, and a hint at -h. */
NORETURN void die_usage(const struct program *, const char *fmt, ...)
    PRINTF(2, 3);

/* Close stdout and stop with this status; a failed write is status 74. */
NORETURN void finish(int status);

#endif
