/*
 * tool.h: what a model may call.  A tool is a name, a JSON Schema for its
 * arguments, an effect class and limits; it is only a wrapper: what it may
 * reach is decided by grants and enforced by the sandbox that it runs in.
 */
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "grant/grant.h"
#include "sandbox/guard.h"
#include "sandbox/sandbox.h"
#include "tool/labelled.h"
#include "tool/wrote.h"

/* What a call may change. */
enum tool_effect { EFFECT_NONE, EFFECT_WORKSPACE, EFFECT_EXTERNAL };

/* Who does the work. */
enum tool_kind {
	TOOL_INSIDE,	/* a function of ours in the sandbox */
	TOOL_COMMAND,	/* a shell command in the sandbox (run_command) */
	TOOL_PROGRAM,	/* an executable tool of the user's in the sandbox */
	TOOL_FETCH,	/* http_get: by the runner, under a net grant */
	TOOL_RUNNER	/* by the runner's own state: ask_human, report */
};

struct tool {
	char *name, *description;
	char *parameters;	/* JSON Schema text */
	struct json *schema;	/* the same, parsed */
	enum tool_effect effect;
	enum tool_kind kind;
	sandbox_main *main;	/* TOOL_INSIDE */
	bool prepares;		/* write_file, edit_file: digests before and
				   after are known before anything changes */
	char *program;		/* TOOL_PROGRAM: absolute path */
	bool builtin;		/* may be called under the profile base */
	int64_t timeout;	/* nanoseconds of wall time; CLOCK_NEVER */
	size_t max_output;	/* bytes kept of the answer; the middle goes */
};

struct tool_table {
	struct tool *tools;
	size_t count, cap;
};

/* All built-in tools. */
void tool_table_init(struct tool_table *);
void tool_table_free(struct tool_table *);
/* Add the programs of a folder: each is run with --describe in the sandbox,
 * seeing only system folders and its own.  One with a built-in tool's name
 * takes its place, and then needs a grant to be called; but not those of the
 * runner's own state.  A bad description, or a name that is taken, is an error
 * that names the file (status 78). */
int tool_table_add_dir(struct tool_table *, const char *dir,
    struct launcher *, struct err *);
const struct tool *tool_find(const struct tool_table *, const char *name);
/* The "tools" array of a request, in the table's order. */
void tool_table_json(const struct tool_table *, struct buf *out);
const char *tool_effect_name(enum tool_effect);
int tool_effect_parse(const char *, enum tool_effect *out);

/* Check `value` against a schema of the portable subset (type, properties,
 * required, additionalProperties, enum, items, anyOf, local $ref, minimum,
 * maximum, minLength, maxLength, minItems, maxItems, const); unknown keywords
 * are ignored.  The error names the place ("/path: expected a string") and is
 * meant for the model. */
int schema_check(const struct json *schema, const struct json *value,
    struct err *);
/* Is this schema itself one that we can check? */
int schema_valid(const struct json *schema, struct err *);

/* Another agent, whom a call is about.  All NULL: there is none of that
 * name. */
struct tool_peer {
	char *id, *name;	/* owned by who found it */
	bool kin;		/* itself, its parent or a child of it */
};

/* One call to make. */
struct tool_context {
	struct launcher *launcher;
	const struct policy *policy;
	/* The same when it is the call's own copy, whose finite net grants are
	 * taken from as it goes (policy_take); else NULL. */
	struct policy *meter;
	/* The agent's own, when `policy` has more for this call since a person
	 * approved it: a redirect to another host is not that; or NULL. */
	const struct policy *own;
	const char *workspace;		/* absolute */
	const char *hidden;		/* the agents' root, or NULL */
	const char *quarantine;		/* where to what a call made at a
					   denied name goes; or NULL */
	int64_t now;			/* effective time, for grants */
	unsigned labels;		/* of the context, so of the arguments */
	const struct labelled_list *files; /* of the workspace; or NULL */
	const struct tool_peer *peer;	/* send_message; or NULL */
	/* The arguments as the model wrote them, passed on as they stand;
	 * when empty they are written anew from the tree. */
	struct slice text;
};

/*
 * May this call be made?  The tool's own grant (`call tool:NAME`), then what
 * it does: file paths, `sh`, the host; the least of both.  Decided by text
 * alone.  `arguments` has passed schema_check.
 *
 * A built-in tool needs no grant of its own.  But a deny denies it, an ask
 * asks, and once any grant allows it or asks for it, only the calls that such
 * a grant matches (`where`, `uses`, …) are let through.
 */
void tool_decide(const struct tool *, const struct json *arguments,
    const struct tool_context *, struct decision *out);

/* How a call ended; the names of tool.result's status. */
enum tool_status {
	TOOL_OK,
	TOOL_FAILED,
	TOOL_DENIED,
	TOOL_PENDING,
	TOOL_INTERRUPTED,
	TOOL_UNKNOWN,
	TOOL_TIMEOUT
};
const char *tool_status_name(enum tool_status);

struct tool_result {
	enum tool_status status;
	int exit;		/* exit status of a command or program, or -1 */
	struct buf text;	/* the answer, UTF-8 (bad bytes repaired) */
	unsigned labels;	/* of all that it could have read */
	struct labelled_list wrote; /* what it may have changed, when it has
				   labels */
	struct buf net;		/* what its proxy decided, a JSON array; or
				   empty */
	int64_t ns;		/* wall time */
	struct account took;	/* by its processes */
};
void tool_result_init(struct tool_result *);
void tool_result_free(struct tool_result *);

/* What comes out of a call: all is counted, both ends are kept. */
struct tool_stream {
	int fd;			/* does not block; -1 once closed */
	size_t keep;		/* bytes, half of them from each end */
	struct buf head, tail;
	uint64_t bytes;		/* how much came */
};

/* A call under way.  `tool` is borrowed until it is finished. */
struct tool_run {
	const struct tool *tool;
	struct child child;
	struct tool_stream out;		/* the answer */
	struct tool_stream complaint;	/* stderr, shown when it failed */
	struct guard guard;		/* denied names before it started */
	char *quarantine;		/* see tool_context; or NULL */
	int net;		/* its proxy (proxy.h); or -1 */
	struct policy *meter;	/* see tool_context */
	int go;			/* a tool that prepares waits here; or -1 */
	bool held;		/* tool_go has not been called yet */
	int64_t started;	/* clock_mono */
	int64_t timeout;	/* nanoseconds from when it goes */
	int64_t deadline;	/* clock_mono; NEVER while it is held */
	int64_t grace;		/* when SIGKILL follows SIGTERM; or NEVER */
	unsigned labels;	/* of all that it can read */
	size_t hidden;		/* labelled paths that it cannot see */
	struct wrote wrote;	/* what it changes, when it has labels */
	bool timed_out, flooded;
	const char *over;	/* the deadline is the whole run's: what is
				   over; or NULL */
	struct account took;	/* as far as was seen; all of it once it has
				   ended */
	/* Of a tool that prepares, once tool_start returned with `prepared`;
	 * without, it has failed already and the result will say why. */
	bool prepared;
	struct digest before, after;
	bool existed;		/* false: there was no file before */
};

/* More output than this ends a call. */
#define TOOL_FLOOD ((uint64_t)256 << 20)

/*
 * Start a call whose decision was allow.  With `held`, nothing takes effect
 * until tool_go: the processes exist (their init is child.pid, child.start),
 * and a tool that prepares has told its digests.  -1 when it could not even
 * start; the caller makes a failed result of the error.  Only tools of the
 * kinds INSIDE, COMMAND and PROGRAM are started.
 */
int tool_start(const struct tool *, const struct json *arguments,
    const struct tool_context *, bool held, struct tool_run *out,
    struct err *);
/* Let a held call go on; its time runs from now.  Harmless for one that has
 * ended already. */
int tool_go(struct tool_run *, struct err *);
/* Drive a set of runs until at least one has ended (its index is returned) or
 * `stop_fd` (or -1) is readable (returns -2); deadlines are kept meanwhile.
 * -1 on error.  Entries that are NULL are passed over. */
int tool_poll(struct tool_run *const runs[], size_t n, int stop_fd,
    struct err *);
/* Collect an ended run's result, and free it. */
void tool_finish(struct tool_run *, struct tool_result *out);
/* See what its processes took by now. */
void tool_account(struct tool_run *);
/* End a run now and free it; `took` stays. */
void tool_cancel(struct tool_run *);

/* Recovery of a tool that prepares: the digest that the call's path has now;
 * `*exists` false when there is none. */
int tool_look(const struct tool *, const struct json *arguments,
    const struct tool_context *, struct digest *now, bool *exists,
    struct err *);

/* What a call that ended unseen may have left: its labels, and what changed
 * since it began (real time). */
void tool_left(const struct tool *, const struct json *arguments,
    const struct tool_context *, int64_t since, struct tool_result *out);

/* http_get, by the runner itself; `stop_fd` as above.  Redirects are decided
 * again by net grant; private and loopback addresses only when granted by
 * name or address.  A hop whose grants name a secret (the launcher's) has its
 * credential, over https alone; the answer holds no secret's value. */
int tool_fetch(const struct tool *, const struct json *arguments,
    const struct tool_context *, int stop_fd, struct tool_result *out,
    struct err *);

#endif
