/*
 * auditverb.h: the verbs of agent-audit.  Each prints, and returns the exit
 * status; what goes wrong ends the program.
 */
#ifndef CLI_AUDITVERB_H
#define CLI_AUDITVERB_H

#include "audit/source.h"
#include "cli/opt.h"

/* How often --header-env may be given. */
#define AUDIT_HEADERS 16

struct audit_args {
	const struct program *program;
	bool follow, json, request, state;
	bool types[RECORD_TYPES], typed;
	bool all, count, rerun, tree;
	int64_t depth;	   /* explain: links; 0: the usual */
	int64_t limit;	   /* query: of what is printed; 0: none */
	const char *by;	   /* stats */
	bool dry;	   /* redact: say what would go */
	const char *because, *policy;
	const char *head;
	bool family;
	const char *output, *title;
	int64_t max_text; /* 0: the usual */
	bool otlp, csv, jsonl, content; /* export; sql: csv */
	const char *endpoint, *header[AUDIT_HEADERS];
	size_t header_count;
	int64_t interval;  /* watch; ns */
	int64_t diffs;	   /* html; below 0: as many as usual */
	int64_t from, until; /* 0: not given */
	const char *against, *key; /* verify */
	struct root *open; /* NULL: there is none */
	struct err why;	   /* then: what is wrong with it */
};

/* The history that an operand names, AGENT or BUNDLE. */
void auditverb_open(const struct audit_args *, const char *name,
    struct source *out);
/* A record's number as an operand of `verb`. */
int64_t auditverb_seq(const struct audit_args *, const char *verb,
    const char *text);

/*
 * Give each history that the operands name, with --all that of every agent
 * under the root, to `one`.  What goes wrong with one is told on stderr, and
 * the others go on: returns the status of the first, or 0.
 */
struct audit_each {
	int (*one)(void *arg, struct source *, struct err *);
	void *arg;
};
int auditverb_each(const struct audit_args *, char *operands[],
    const struct audit_each *);
/* Could that be more than one? */
bool auditverb_many(const struct audit_args *, char *operands[]);
/* The first record that is the agent's own: those before it are also in its
 * ancestors' journals, and with --all were seen there. */
int64_t auditverb_own(const struct source *);

int auditverb_export(const struct audit_args *, char *operands[]);
int auditverb_html(const struct audit_args *, char *operands[]);
int auditverb_explain(const struct audit_args *, char *operands[]);
int auditverb_head(const struct audit_args *, char *operands[]);
int auditverb_log(const struct audit_args *, char *operands[]);
int auditverb_query(const struct audit_args *, char *operands[]);
int auditverb_redact(const struct audit_args *, char *operands[]);
int auditverb_replay(const struct audit_args *, char *operands[]);
int auditverb_show(const struct audit_args *, char *operands[]);
int auditverb_sql(const struct audit_args *, char *operands[]);
int auditverb_stats(const struct audit_args *, char *operands[]);
int auditverb_watch(const struct audit_args *, char *operands[]);
int auditverb_verify(const struct audit_args *, char *operands[]);

#endif
