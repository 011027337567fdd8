/*
 * command.h: run a program once with a text on its stdin and take what it
 * prints.  When the call is over, by whatever end (also the death of this
 * process), the program and all that it started are dead.
 */
#ifndef MODEL_COMMAND_H
#define MODEL_COMMAND_H

#include <sys/types.h>

#include "model/model.h"

struct command {
	char *path;	/* of the program */
	char *words;	/* what argv points into */
	char **argv;	/* NULL at the end */
	char *const *env;	/* borrowed; NULL: our own */
};

/* Split at spaces and look the program up in PATH.  Status 66. */
int command_parse(const char *line, struct command *out, struct err *);
void command_free(struct command *);
/* One more argument, borrowed. */
void command_add(struct command *, char *argument);

/*
 * `in` and a newline go to its stdin, stderr is ours, stdout is added to
 * `out` (up to its maximum; then it is killed).  `status` is its exit status,
 * or 128 and the signal.  Status 69 cannot be started, 75 stopped, 124 late.
 */
int command_run(const struct command *, struct slice in,
    const struct model_options *, struct buf *out, int *status, struct err *);

/* One that runs.  The kernel closes `alive` when we die, which ends it. */
struct command_child {
	pid_t pid;
	int alive;
};

/*
 * The parts of it.  A text and a newline as a file to read; a start with these
 * as stdin and stdout, in a session of its own; its end, if need be by force,
 * and that of all that it started: the exit status, or 128 and the signal.
 */
int command_stdin(struct slice, int *fd, struct err *);
int command_start(const struct command *, int in, int out,
    struct command_child *, struct err *);
int command_end(struct command_child *);

#endif
