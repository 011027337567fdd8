/*
 * ckptverb.h: the verbs of agent-ckpt.  Each prints, and returns the exit
 * status; what goes wrong ends the program.
 */
#ifndef CLI_CKPTVERB_H
#define CLI_CKPTVERB_H

#include "agent/ckptprune.h"
#include "agent/ckptrecord.h"
#include "cli/opt.h"
#include "cli/secretargs.h"

/* How often --trust and --tools may be given. */
#define CKPT_KEYS 16

struct ckpt_args {
	const struct program *program;
	bool full, json, dry, fresh, plain_http;
	bool names, stat, state, files; /* diff: what of it */
	bool messages;
	int64_t max_size, max_text; /* 0: the usual */
	const char *key, *output, *to, *junit, *rules, *since;
	const char *name, *model;
	int64_t at; /* 0: not given */
	struct secret_args secrets;
	const char *trust[CKPT_KEYS], *tools[CKPT_KEYS];
	size_t trust_count, tool_count;
	struct prune_policy policy;
	struct root *open; /* NULL: there is none */
};

/* A bundle by what a person calls it, signed by the key that was asked for. */
void ckptverb_open(const struct ckpt_args *, const char *name,
    enum ckpt_reach reach, struct ckpt_chain *out);
/* Each bundle of it must be signed by the key that was asked for. */
void ckptverb_trust(const struct ckpt_args *, const struct chain *);
void
ckptverb_find(const struct ckpt_args *, const char *name, char id[ULID_TEXT]);

/* The folder that `path` lies in, opened, and its last component; the caller
 * frees `*full`. */
int ckptverb_parent(const char *path, char **full, char **name);
/* Is the bundle signed by the public key in this file? */
bool ckptverb_signed(const char *file, const struct bundle *);

int ckptverb_import(const struct ckpt_args *, char *operands[]);
int ckptverb_save(const struct ckpt_args *, char *operands[]);
int ckptverb_list(const struct ckpt_args *, char *operands[]);
int ckptverb_show(const struct ckpt_args *, char *operands[]);
int ckptverb_cat(const struct ckpt_args *, char *operands[]);
int ckptverb_diff(const struct ckpt_args *, char *operands[]);
int ckptverb_verify(const struct ckpt_args *, char *operands[]);
int ckptverb_check(const struct ckpt_args *, char *operands[]);
int ckptverb_restore(const struct ckpt_args *, char *operands[]);
int ckptverb_export(const struct ckpt_args *, char *operands[]);
int ckptverb_push(const struct ckpt_args *, char *operands[]);
int ckptverb_pull(const struct ckpt_args *, char *operands[]);
int ckptverb_prune(const struct ckpt_args *, char *operands[]);

#endif
