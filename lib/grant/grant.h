/*
 * grant.h: authority as a list of grants, agent-grant(5).  A grant is one
 * line of text: effect, rights, resource, limits.  Closed by default: what no
 * grant names is denied.  Nothing here looks at the file system, resolves a
 * name or asks the kernel: a decision is made from text alone, before
 * anything is probed.
 */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

/* Least first; a mark is no authority but a label on what comes from there. */
enum grant_effect { GRANT_DENY, GRANT_ASK, GRANT_ALLOW, GRANT_MARK };

/* What is known of where data came from, a set. */
enum {
	LABEL_TAINTED = 1,	/* from outside: others may have written it */
	LABEL_SECRET = 2	/* is not to leave without an exact release */
};

enum grant_kind {
	GRANT_FILE,
	GRANT_EXEC,
	GRANT_NET,
	GRANT_MODEL,
	GRANT_TOOL,
	GRANT_MCP,
	GRANT_AGENT,
	GRANT_HUMAN,
	GRANT_CLOCK,
	GRANT_CKPT,
	GRANT_IMAGE,
	GRANT_OBJ,
	GRANT_MEM,
	GRANT_WORLD,
	GRANT_KINDS
};

/* Rights, a set.  Which go with which kind is a table in grant.c. */
enum {
	RIGHT_READ = 1,
	RIGHT_WRITE = 2,
	RIGHT_EXEC = 4,
	RIGHT_CONNECT = 8,
	RIGHT_CALL = 16,
	RIGHT_SEND = 32
};
#define RIGHT_BITS 6

enum grant_op { WHERE_EQUAL, WHERE_AT_MOST, WHERE_PREFIX };

/* One "where ARG OP VALUE"; all of a grant's must hold. */
struct grant_where {
	char *arg;
	enum grant_op op;
	char *value;		/* JSON text of a string, number or boolean */
};

/* All limits are optional; the flag or pointer tells. */
struct grant_limits {
	int64_t uses;		/* -1: no limit */
	int64_t for_ns;		/* from when it was given; 0: no limit */
	int64_t until_ns;	/* real time; 0: no limit */
	int64_t bytes;		/* -1: no limit */
	int delegable;		/* depth; 0: not, -1: without end */
	struct grant_where *where;
	size_t wheres;
	char *via;		/* only inside this tool's sandbox */
	char *with;		/* name of a secret */
	bool unless_tainted;
	bool release;		/* what is secret may leave by it */
};

struct grant {
	enum grant_effect effect;
	unsigned rights;	/* a mark's: none */
	unsigned labels;	/* of a mark; else none */
	enum grant_kind kind;
	char *resource;		/* the body after "kind:", as written; net: in
				   lower case, addresses in canonical form */
	bool tree;		/* resource ends in the wildcard */
	size_t stem;		/* length of what stands before it, or of all */
	char first, last;	/* bytes of the resource and of its stem: what
				   most others differ in, found without
				   another line of the cache */
	struct grant_limits limits;
	int64_t given;		/* real time that `for` counts from; 0: unset,
				   then an allow or ask with `for` never
				   matches */
	char *line;		/* the line in its canonical form */
	char *id;		/* who refers to it; NULL until journalled */
	char *from;		/* "FILE:LINE", "base", "--allow"…; for people */
	int64_t revoked;	/* the seq of the record that says so; 0: not.
				   It then matches nothing any more */
	/* Whose narrowings it is, "AGENT/GRANT" each, nearest first: it dies
	 * with any of them. */
	char **parents;
	size_t parent_count;
};

/*
 * A layer: one party's grants, and the layers above it, those of whom it has
 * its authority from.  What all of them allow is allowed: a decision is the
 * least of every layer's.
 */
struct policy {
	struct grant *grants;
	size_t count, cap;
	bool base;		/* starts from the profile `base` */
	struct policy *above;	/* owned; NULL: none */
};
#define LAYERS_MOST 16

void policy_init(struct policy *);
void policy_free(struct policy *);

/* Parse one line (no comment, not empty) into a grant.  Status 78, and the
 * message says what was expected. */
int grant_parse(const char *line, struct grant *out, struct err *);
void grant_free(struct grant *);
/* The canonical line; parsing it gives the same grant. */
void grant_print(const struct grant *, struct buf *out);

/* Add a line to a policy; `from` is copied.  A grant's id is "g1", "g2", … by
 * its place unless the caller sets one. */
int policy_add(struct policy *, const char *line, const char *from,
    struct err *);
/* Deny to write a path, or a folder and all below it.  Status 78 when its name
 * cannot be written in a policy. */
int policy_add_guard(struct policy *, const char *path, bool tree,
    const char *from, struct err *);
/* A whole policy text; `name` is the file's name for "NAME:LINE: " errors.
 * Sets `base` unless its first line (but comments and blank ones) is
 * "nobase". */
int policy_parse(struct policy *, const char *text, size_t len,
    const char *name, struct err *);
/* Append the lines of the profile `base`: system folders to read and execute,
 * the usual devices, and starting programs found in them.  Sets `base`: the
 * sandbox then also has a /tmp of its own, which is not the machine's, so that
 * no grant stands for it. */
void policy_add_base(struct policy *);
/* Append "allow read,write,exec file:**": the workspace.  With exec, since what
 * is built there is run there, and what may write and has an interpreter can
 * run anything anyway. */
void policy_add_workspace(struct policy *);

/* The grant with this id in this layer, or NULL. */
struct grant *policy_find(const struct policy *, const char *id);
/* Start the clocks: every grant not given yet is given at `now` (real time).
 * Who loads a policy calls this once, and journals the time. */
void policy_given(struct policy *, int64_t now);

/*
 * What is asked for.  A file or exec path that holds ".." is denied: resolve
 * it (path_join) first.  A program asked for by its bare name matches grants
 * of that name, and paths and folders where it could be found in the standard
 * PATH; who then finds it elsewhere asks again by path.  A program asked for
 * by path matches an allow of its bare name only in those folders, a deny or
 * ask of its name anywhere.
 */
struct grant_query {
	unsigned right;			/* one RIGHT_ bit; a set of them for
					   policy_verdicts */
	enum grant_kind kind;
	const char *resource;		/* body: an absolute path for file,
					   host:port for net, a path or name
					   for exec, a name for others */
	const char *workspace;		/* absolute; what relative file: and
					   exec: bodies are relative to */
	const struct json *arguments;	/* for `where`; NULL: none */
	const char *tool;		/* whose sandbox asks, for `via`; or NULL */
	int64_t now;			/* effective real time */
	unsigned labels;		/* of what acts: the context, and what
					   its sandbox can read */
};

#define DECISION_USED ((size_t)4 * (LAYERS_MOST + 1))
struct decision {
	enum grant_effect verdict;	/* GRANT_DENY also when none matches */
	const struct grant *winner;	/* NULL: none matched */
	/* Each layer's winner that does not deny: what a call takes a use of. */
	const struct grant *used[DECISION_USED];
	size_t used_count;
	char why[200];			/* one line for people and records */
};

/* Decide by one layer.  Any matching deny wins; else the most specific match:
 * the closest resource, then one with `where` or `via` before one without; at
 * equal specificity ask beats allow; `unless tainted` turns an allow into an
 * ask.  And so does what is secret, when that is where data leaves (net, mcp,
 * agent, human), for what decides without `release secret`.  Pure. */
void policy_decide(const struct policy *, const struct grant_query *,
    struct decision *out);
/* One layer's own decision, with the layers above it left out. */
void policy_decide_layer(const struct policy *, const struct grant_query *,
    struct decision *out);
/* Take over what another decision for the same call uses; false: no room. */
bool decision_use(struct decision *, const struct decision *other);
/*
 * A person's word for what was decided: a copy of all layers in which each
 * grant of `used` that asks allows.  It borrows what the grants point at, and
 * is freed with policy_approved_free.
 */
void policy_approved(const struct policy *, const struct decision *,
    struct policy *out);
void policy_approved_free(struct policy *);
/*
 * Finite grants while a call runs: `meter` is a copy of the layers that is the
 * call's own (policy_approved), and `d` a decision made by it.  Takes uses and
 * bytes from each grant that `d` uses; false when one had not as much left:
 * then it has nothing left now, and what goes on must end.
 */
bool policy_take(struct policy *meter, const struct decision *d, int64_t uses,
    int64_t bytes);
/* Could a call of this tool take from this grant while it runs? */
bool grant_metered(const struct grant *, const char *tool);
/* The same decisions for a set of rights, without the words: out[i] is that
 * of the bit 1 << i, a deny where the set lacks it. */
struct verdict {
	enum grant_effect effect;
	const struct grant *winner;	/* NULL: none matched */
};
void policy_verdicts(const struct policy *, const struct grant_query *,
    struct verdict out[RIGHT_BITS]);
/* The labels that the marks of all layers put on the query's resource; its
 * right does not matter. */
unsigned policy_labels(const struct policy *, const struct grant_query *);
/* Those that they put on anything of this kind. */
unsigned policy_labels_of(const struct policy *, enum grant_kind);
/* Is it neither revoked, nor used up, nor over at this effective time? */
bool grant_stands(const struct grant *, int64_t now);
/* Does this grant match, limits included? */
bool grant_matches(const struct grant *, const struct grant_query *);

/* "read,write" and back; kinds' names; verdicts' names. */
const char *grant_effect_name(enum grant_effect);	/* deny ask allow mark */
const char *grant_kind_name(enum grant_kind);
/* Does data leave by a grant of this kind? */
bool grant_leaves(enum grant_kind);
/* Split "kind:body" (the body borrowed); -1 when the kind is unknown. */
int grant_split(const char *resource, enum grant_kind *, const char **body);
/* One right's name to its bit, 0 when unknown. */
unsigned grant_right(const char *name);
/* A label's bit, 0 when unknown; the name of the bit 1 << `n`, or NULL. */
unsigned grant_label(const char *name);
const char *grant_label_name(unsigned n);

#endif
