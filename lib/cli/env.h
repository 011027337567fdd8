/*
 * env.h: the environment of a sandboxed command, made from nothing.
 */
#ifndef CLI_ENV_H
#define CLI_ENV_H

#include "cli/opt.h"

/* Strings are borrowed. */
struct env_args {
	const char **list;
	size_t count, cap;
};

/* PATH, HOME, TMPDIR and LANG, as a private root needs them. */
void env_args_base(struct env_args *);
/* --env NAME=VALUE; a later one of the same name wins. */
void env_arg(const struct program *, struct env_args *, const char *variable);
/* The same, unless there is one of that name. */
void env_args_default(struct env_args *, const char *variable);
/* Ended by NULL; valid until the next is added. */
const char *const *env_args_list(struct env_args *);
void env_args_free(struct env_args *);

#endif
