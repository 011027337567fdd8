/*
 * gate.h: rules that a checkpoint must keep, for a job that is to go on only
 * then, agent-ckpt(1).  What cannot be known breaks a rule: a gate that is
 * not sure stays shut.
 */
#ifndef AGENT_GATE_H
#define AGENT_GATE_H

#include "agent/ckpt.h"

enum gate_kind {
	GATE_WORD,         /* NAME = or != TEXT */
	GATE_NUMBER,       /* NAME = != < <= > >= NUMBER */
	GATE_CHANGED_ONLY, /* every changed path matches one pattern */
	GATE_NO_GRANT,     /* nothing of this resource is granted */
	GATE_TESTS_PASSED  /* the last such call ended well */
};

enum gate_op { GATE_EQ, GATE_NE, GATE_LT, GATE_LE, GATE_GT, GATE_GE };

struct gate_rule {
	char *text; /* as it was written */
	enum gate_kind kind;
	const struct gate_field *field;
	enum gate_op op;
	int64_t number; /* counts; cost: millionths; time: ms */
	char *word;     /* a value, a resource, a tool */
	char *argument; /* of GATE_TESTS_PASSED; or NULL: any */
	char **pattern;
	size_t patterns;
};

struct gate {
	struct gate_rule *rule;
	size_t count, cap;
};

/* What a field's values are. */
enum gate_unit { UNIT_COUNT, UNIT_MONEY, UNIT_TIME, UNIT_WORD };
struct gate_field {
	const char *name;
	enum gate_unit unit;
	bool usage; /* a member of the state's "usage" */
};
/* All fields, the last one without a name. */
extern const struct gate_field gate_fields[];

/* Add a rule.  Status 64, and the message says what was expected. */
int gate_add(struct gate *, const char *expr, struct err *);
/* Add a file's: one a line; comments begin with '#'.  Status 78, and the
 * message begins with "NAME:LINE: ". */
int gate_add_file(struct gate *, const char *text, size_t len, const char *name,
    struct err *);
void gate_free(struct gate *);
/* Which of the bundles before the newest the rules need. */
enum ckpt_reach gate_reach(const struct gate *);

/* `*` is anything but a slash, `**` anything, `?` one byte but a slash; a
 * leading or inner `**` with its slash is any folders, also none. */
bool gate_glob(const char *pattern, const char *text, size_t len);
/* Is there a text that both patterns match, `*` being anything? */
bool gate_overlap(const char *a, const char *b);

struct gate_subject {
	struct chain *chain;
	/* What changes are counted from; NULL: the chain's first bundle, and
	 * when that is the only one, everything is a change. */
	struct chain *since;
};

struct gate_verdict {
	bool holds;
	struct buf found; /* what was found, for people: foreign text */
};

/* Judge one rule.  Status 65 when the bundle cannot be read. */
int gate_judge(const struct gate_rule *, const struct gate_subject *,
    struct gate_verdict *out, struct err *);

#endif
