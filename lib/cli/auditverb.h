/*
 * auditverb.h: the verbs of agent-audit.  Each prints, and returns the exit
 * status; what goes wrong ends the program.
 */
#ifndef CLI_AUDITVERB_H
#define CLI_AUDITVERB_H

#include "audit/source.h"
#include "cli/opt.h"

struct audit_args {
	const struct program *program;
	bool follow, json, request;
	bool types[RECORD_TYPES], typed;
	const char *head;
	struct root *open; /* NULL: there is none */
	struct err why;	   /* then: what is wrong with it */
};

/* The history that an operand names, AGENT or BUNDLE. */
void auditverb_open(const struct audit_args *, const char *name,
    struct source *out);
/* A record's number as an operand of `verb`. */
int64_t auditverb_seq(const struct audit_args *, const char *verb,
    const char *text);

int auditverb_head(const struct audit_args *, char *operands[]);
int auditverb_log(const struct audit_args *, char *operands[]);
int auditverb_show(const struct audit_args *, char *operands[]);
int auditverb_verify(const struct audit_args *, char *operands[]);

#endif
