/* agent-run: create an agent, or go on with one, and drive it. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/birth.h"
#include "agent/image.h"
#include "agent/run.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/opt.h"
#include "cli/policy.h"
#include "cli/stop.h"
#include "cli/value.h"
#include "cli/watch.h"

enum {
	O_ALLOW = 256,
	O_CKPT,
	O_COPY,
	O_DENY,
	O_EVENTS,
	O_JSON,
	O_MAX_CALLS,
	O_MAX_COST,
	O_MAX_REPLY,
	O_MAX_TIME,
	O_MAX_TOKENS,
	O_MAX_TURNS,
	O_NAME,
	O_PRICES,
	O_ROOT,
	O_SANDBOX,
	O_TEMPERATURE,
	O_TOOLS
};

static const struct opt opts[] = {
    {"allow", O_ALLOW, "LINE", "grant: 'read file:/data/**'"},
    {"ckpt", O_CKPT, "WHEN", "turn, exit, DURATION: bundles; tool; none"},
    {"copy", O_COPY, NULL, "work in a copy of the folder of -w"},
    {"deny", O_DENY, "LINE", "deny: 'read file:.env'"},
    {"events", O_EVENTS, "FD", "JSON events to this descriptor as well"},
    {"grants", 'g', "FILE", "policy, agent-grant(5)"},
    {"image", 'i', "FILE", "what to start from"},
    {"json", O_JSON, NULL, "JSON events instead of text"},
    {"max-cost", O_MAX_COST, "AMOUNT", "end with 79 at this cost"},
    {"max-reply", O_MAX_REPLY, "N", "tokens of one reply"},
    {"max-time", O_MAX_TIME, "DURATION", "end with 79 after this time"},
    {"max-tokens", O_MAX_TOKENS, "N", "end with 79 after so many tokens"},
    {"max-tool-calls", O_MAX_CALLS, "N", "end with 79 after so many"},
    {"max-turns", O_MAX_TURNS, "N", "end with 79 after so many turns"},
    {"model", 'm', "MODEL", "script:FILE exec:PROGRAM openai:NAME …"},
    {"name", O_NAME, "NAME", "name the new agent"},
    {"prices", O_PRICES, "FILE", "what tokens cost"},
    {"quiet", 'q', NULL, "print the final answer alone"},
    {"resume", 'r', "AGENT", "go on with this agent"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"sandbox", O_SANDBOX, "MODE", "strict, or best-effort"},
    {"temperature", O_TEMPERATURE, "X", "sampling; default: the model's"},
    {"tools", O_TOOLS, "DIR", "executable tools; may be repeated"},
    {"workspace", 'w', "DIR", "work in this folder"}, {NULL, 0, NULL, NULL}};

static const char *const usage[] = {
    "[-m MODEL] [-w DIR] [-i IMAGE] [-g POLICY] [--max-…] GOAL|-",
    "-r AGENT [--max-…] [GOAL|-]", NULL};

static const struct program program = {.name = "agent-run",
    .usage = usage,
    .purpose = "Create an agent, or go on with one, and drive it until it is "
	       "done.",
    .opts = opts,
    .notes = "MODEL is $AGENT_MODEL unless given.  Status: 0 done, 75 waiting: "
	     "run again\nlater, 79 a limit was met; see agentutils(7)."};

struct arguments {
	struct birth birth;
	struct run_options run;
	struct limits limits;
	struct policy_args grants;
	char **tools;
	const char *image, *resume, *root;
	enum sandbox_mode sandbox;
	enum watch_mode watch;
	int events;
};

static void
limit(struct limits *l, int letter, const char *v)
{
	switch (letter) {
	case O_MAX_CALLS:
		l->tool_calls = value_integer(&program, "max-tool-calls", v);
		break;
	case O_MAX_TOKENS:
		l->tokens = value_integer(&program, "max-tokens", v);
		break;
	case O_MAX_TURNS:
		l->turns = value_integer(&program, "max-turns", v);
		break;
	case O_MAX_COST:
		if (num_money(v, &l->cost) < 0 || l->cost == 0)
			die_usage(&program, "--max-cost: '%s' is no amount", v);
		break;
	default:
		l->time_ns = value_duration(&program, "max-time", v);
	}
}

static void
add_tools(struct arguments *a, const char *dir)
{
	char *full = realpath(dir, NULL);

	if (full == NULL)
		die(EX_NOINPUT, "--tools: '%s': %s", dir, strerror(errno));
	a->tools =
	    mem_grow(a->tools, a->birth.tool_count + 1, sizeof(*a->tools));
	a->tools[a->birth.tool_count++] = full;
}

static void
checkpoints(struct run_options *o, const char *v)
{
	static const char *const names[] = {[RUN_CKPT_NONE] = "none",
	    [RUN_CKPT_TOOL] = "tool",
	    [RUN_CKPT_TURN] = "turn",
	    [RUN_CKPT_EXIT] = "exit"};
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++)
		if (names[i] != NULL && strcmp(names[i], v) == 0) {
			o->ckpt = (enum run_ckpt)i;
			return;
		}
	if (num_duration(v, &o->ckpt_every) < 0)
		die_usage(&program, "--ckpt: want none, tool, turn, exit or a "
				    "duration");
	o->ckpt = RUN_CKPT_EVERY;
}

static void
option(struct arguments *a, int letter, const char *v)
{
	double number;

	switch (letter) {
	case 'm':
		a->birth.model = v;
		break;
	case 'w':
		a->birth.workspace = v;
		break;
	case 'i':
		a->image = v;
		break;
	case 'r':
		a->resume = v;
		break;
	case 'q':
		a->watch = WATCH_QUIET;
		break;
	case 'g':
	case O_ALLOW:
	case O_DENY:
		policy_arg(&a->grants,
		    letter == 'g'       ? ""
		    : letter == O_ALLOW ? "allow"
					: "deny",
		    v);
		break;
	case O_JSON:
		a->watch = WATCH_JSON;
		break;
	case O_EVENTS:
		a->events = value_descriptor(&program, "events", v);
		break;
	case O_CKPT:
		checkpoints(&a->run, v);
		break;
	case O_COPY:
		a->birth.copy = true;
		break;
	case O_NAME:
		a->birth.name = v;
		break;
	case O_PRICES:
		a->run.prices = v;
		break;
	case O_MAX_REPLY:
		a->run.max_tokens = value_integer(&program, "max-reply", v);
		break;
	case O_ROOT:
		a->root = v;
		break;
	case O_SANDBOX:
		a->sandbox = value_sandbox(&program, v);
		break;
	case O_TEMPERATURE:
		if (num_double(v, &number) < 0)
			die_usage(
			    &program, "--temperature: '%s' is no number", v);
		a->run.temperature = v;
		break;
	case O_TOOLS:
		add_tools(a, v);
		break;
	default:
		limit(&a->limits, letter, v);
	}
}

/* The goal from the operand, or from stdin when it is "-". */
static char *
read_goal(int argc, char *argv[], int first)
{
	char *text;
	size_t n;

	if (argc - first > 1)
		die_usage(&program, "more than one goal; quote it");
	if (argc == first)
		return NULL;
	text = value_text(argv[first]);
	n = strlen(text);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	if (n == 0)
		die_usage(&program, "the goal is empty");
	return text;
}

/* Before a run began: the error is the last event as well. */
static NORETURN void
fail(const struct arguments *a, const char *id, const struct err *e)
{
	watch_failed(a->watch, a->events, id, e);
	die_err(e);
}

/* What would end its first run at once leaves no agent behind. */
static void
check_first(const struct arguments *a, struct launcher *launcher)
{
	const char *prices =
	    a->run.prices != NULL ? a->run.prices : getenv("AGENT_PRICES");
	struct tool_table tools;
	struct model *model;
	struct err e;
	size_t i;

	if (model_open(a->birth.model, &model, &e) < 0)
		fail(a, NULL, &e);
	model_close(model);
	if (prices != NULL && prices[0] != '\0' && access(prices, R_OK) < 0)
		die(EX_NOINPUT, "price file '%s': %s", prices, strerror(errno));
	tool_table_init(&tools);
	for (i = 0; i < a->birth.tool_count; i++)
		if (tool_table_add_dir(&tools, a->tools[i], launcher, &e) < 0)
			fail(a, NULL, &e);
	tool_table_free(&tools);
}

static void
new_agent(struct root *root, struct arguments *a, struct launcher *launcher,
    char id[ULID_TEXT])
{
	struct image image CLEANUP(image_free) = {0};
	struct policy policy;
	struct err e;
	char *model, *dir = NULL;

	if (a->image != NULL && image_read(a->image, &image, &e) < 0)
		fail(a, NULL, &e);
	image_fill(&image, &a->birth);
	if (a->birth.model == NULL)
		a->birth.model = getenv("AGENT_MODEL");
	if (a->birth.model == NULL)
		die_usage(&program, "no model: give -m, or set AGENT_MODEL");
	if (a->birth.copy && a->birth.workspace == NULL)
		die_usage(&program, "--copy needs -w DIR");
	if (a->birth.workspace != NULL &&
	    (dir = realpath(a->birth.workspace, NULL)) == NULL)
		die(EX_NOINPUT, "-w: '%s': %s", a->birth.workspace,
		    strerror(errno));
	model = image_model_path(a->birth.model);
	policy_args_build(&a->grants, &policy);
	a->birth.model = model;
	a->birth.workspace = dir;
	a->birth.policy = &policy;
	a->birth.tools = a->tools;
	check_first(a, launcher);
	if (birth_agent(root, &a->birth, id, &e) < 0)
		fail(a, NULL, &e);
	birth_sweep(root);
	policy_free(&policy);
	free(model);
	free(dir);
}

static int
drive(struct root *root, struct arguments *a, const char *id,
    struct launcher *launcher)
{
	struct session s;
	struct run_end end;
	struct watch watch;
	struct err e;
	int r;

	if (session_write(root, id, &s, &e) < 0) {
		fail(a, id, &e);
	}
	watch_start(&watch, a->watch, a->events, id, &s.state, &a->run);
	r = run_agent(&s, launcher, &a->run, &end, &e);
	if (r < 0) {
		end.state = AGENT_READY;
		end.status = e.status;
		(void)snprintf(end.why, sizeof(end.why), "%s", e.msg);
	}
	watch_end(&watch, &s, &end);
	session_close(&s);
	return end.status;
}

int
main(int argc, char *argv[])
{
	struct arguments a = {.run.stop_fd = -1, .events = -1};
	struct launcher *launcher;
	char id[ULID_TEXT], *goal;
	const char *value;
	struct root root;
	struct err e;
	int letter, first, status;

	while ((letter = opt_next(&program, argc, argv, &value, &first)) != -1)
		option(&a, letter, value);
	goal = read_goal(argc, argv, first);
	if (goal == NULL && a.resume == NULL)
		die_usage(&program, "no goal");
	if (a.resume != NULL &&
	    (a.grants.count > 0 || a.image != NULL ||
		a.birth.workspace != NULL || a.birth.name != NULL ||
		a.birth.copy || a.birth.tool_count > 0))
		die_usage(&program, "-r goes on with what the agent has: -g, "
				    "-i, -w, --copy, --name, --tools, --allow "
				    "and --deny are for a new "
				    "one");
	if (launcher_start(a.sandbox, &launcher, &e) < 0)
		fail(&a, NULL, &e);
	if (launcher_missing(launcher)[0] != '\0')
		warn_msg("%s", launcher_missing(launcher));
	(void)umask(077);
	if (root_open(a.root, a.resume == NULL, &root, &e) < 0)
		fail(&a, NULL, &e);
	if (a.resume != NULL) {
		if (root_find(&root, a.resume, id, &e) < 0)
			fail(&a, NULL, &e);
		a.run.goal = goal;
		a.run.limits = &a.limits;
		a.run.model = image_model_path(a.birth.model);
	} else {
		a.birth.goal = goal;
		a.birth.limits = a.limits;
		new_agent(&root, &a, launcher, id);
	}
	a.run.stop_fd = stop_signals();
	a.run.stop_status = stop_status;
	status = drive(&root, &a, id, launcher);
	launcher_stop(launcher);
	root_close(&root);
	finish(status);
}
