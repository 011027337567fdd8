#include "cli/runopts.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "cli/limitopts.h"
#include "cli/value.h"

enum {
	O_ALL = 256,
	O_ALLOW,
	O_ANSWER_IN,
	O_ASK,
	O_CKPT,
	O_CKPT_KEEP,
	O_COPY,
	O_DENY,
	O_DUE,
	O_EVENTS,
	O_JSON,
	O_LABEL,
	O_MAX_REPLY,
	O_NAME,
	O_NOTIFY,
	O_PRICES,
	O_ROOT,
	O_SANDBOX,
	O_SECRET,
	O_TEMPERATURE,
	O_TOOLS,
	O_UNTIL_IDLE
};

static const struct opt opts[] = {
    {"all", O_ALL, NULL, "go on with every agent that can"},
    {"allow", O_ALLOW, "LINE", "grant: 'read file:/data/**'"},
    {"answer-in", O_ANSWER_IN, "DURATION", "how long people have; 7d"},
    {"ask", O_ASK, "WHAT", "wait, defer or deny what needs a person"},
    {"ckpt", O_CKPT, "WHEN", "turn, exit, DURATION: bundles; tool; none"},
    {"ckpt-keep", O_CKPT_KEEP, "N", "keep N bundles, and of older ones a few"},
    {"copy", O_COPY, NULL, "work in a copy of the folder of -w"},
    {"deny", O_DENY, "LINE", "deny: 'read file:.env'"},
    {"due", O_DUE, NULL, "--all: only those with something to do"},
    {"events", O_EVENTS, "FD", "JSON events to this descriptor as well"},
    {"grants", 'g', "FILE", "policy, agent-grant(5)"},
    {"image", 'i', "FILE", "what to start from"},
    {"jobs", 'j', "N", "--all: so many at a time; the processors"},
    {"json", O_JSON, NULL, "JSON events instead of text"},
    {"label", O_LABEL, "LABEL", "the goal is tainted, or secret"},
    {"max-bytes", LIMITOPT_BYTES, "SIZE",
	"end with 79 when calls wrote so much"},
    {"max-children", LIMITOPT_CHILDREN, "N", "children, theirs included"},
    {"max-cost", LIMITOPT_COST, "AMOUNT", "end with 79 at this cost"},
    {"max-cpu", LIMITOPT_CPU, "DURATION", "end with 79 at this time of calls"},
    {"max-reply", O_MAX_REPLY, "N", "tokens of one reply"},
    {"max-time", LIMITOPT_TIME, "DURATION", "end with 79 after this time"},
    {"max-tokens", LIMITOPT_TOKENS, "N", "end with 79 after so many tokens"},
    {"max-tool-calls", LIMITOPT_CALLS, "N", "end with 79 after so many"},
    {"max-turns", LIMITOPT_TURNS, "N", "end with 79 after so many turns"},
    {"model", 'm', "MODEL", "script:FILE exec:PROGRAM openai:NAME …"},
    {"name", O_NAME, "NAME", "name the new agent"},
    {"notify", O_NOTIFY, "PROGRAM", "run for each request to people"},
    {"prices", O_PRICES, "FILE", "what tokens cost"},
    {"quiet", 'q', NULL, "print the final answer alone"},
    {"resume", 'r', "AGENT", "go on with this agent"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"sandbox", O_SANDBOX, "MODE", "strict, or best-effort"},
    {"secret", O_SECRET, "NAME=SOURCE", "env:VAR, file:PATH or fd:N"},
    {"temperature", O_TEMPERATURE, "X", "sampling; default: the model's"},
    {"tools", O_TOOLS, "DIR", "executable tools; may be repeated"},
    {"until-idle", O_UNTIL_IDLE, NULL, "--all: until nothing is due"},
    {"workspace", 'w', "DIR", "work in this folder"}, {NULL, 0, NULL, NULL}};

static const char *const usage[] = {
    "[-m MODEL] [-w DIR] [-i IMAGE] [-g POLICY] [--max-…] GOAL|-",
    "-r AGENT [--max-…] [GOAL|-]", "--all [--due] [--until-idle] [-j N]", NULL};

const struct program runopts_program = {.name = "agent-run",
    .usage = usage,
    .purpose = "Create an agent, or go on with one, and drive it until it is "
	       "done.",
    .opts = opts,
    .notes = "MODEL is $AGENT_MODEL unless given.  Status: 0 done, 75 waiting: "
	     "run again\nlater, 79 a limit was met; see agentutils(7)."};

static void
add_tools(struct run_args *a, const char *dir)
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
		die_usage(&runopts_program,
		    "--ckpt: want none, tool, turn, exit or a "
		    "duration");
	o->ckpt = RUN_CKPT_EVERY;
}

static enum run_ask
asking(const char *v)
{
	static const char *const names[] = {[RUN_ASK_DEFER] = "defer",
	    [RUN_ASK_WAIT] = "wait",
	    [RUN_ASK_DENY] = "deny"};
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++)
		if (strcmp(names[i], v) == 0)
			return (enum run_ask)i;
	die_usage(&runopts_program, "--ask: want wait, defer or deny");
}

/* Keep an option for the runs of --all. */
static void
pass(struct schedule *s, int letter, const char *v)
{
	const struct opt *o = opts;

	while (o->name != NULL && o->letter != letter)
		o++;
	s->pass = mem_grow(s->pass, s->pass_count + 1, sizeof(*s->pass));
	s->pass[s->pass_count++] = mem_printf(
	    "--%s%s%s", o->name, v == NULL ? "" : "=", v == NULL ? "" : v);
}

/* Is it one of --all itself? */
static bool
schedule_option(struct run_args *a, int letter, const char *v)
{
	struct schedule *s = &a->schedule;

	switch (letter) {
	case O_ALL:
		a->all = true;
		break;
	case O_DUE:
		s->due = true;
		break;
	case O_UNTIL_IDLE:
		s->until_idle = true;
		break;
	case 'j':
		s->jobs = value_integer(&runopts_program, "jobs", v);
		if (s->jobs > JOBS_MOST)
			die_usage(
			    &runopts_program, "--jobs: at most %d", JOBS_MOST);
		break;
	default:
		return false;
	}
	return true;
}

/* What keeps an option's value as it is; or NULL. */
static const char **
text_of(struct run_args *a, int letter)
{
	switch (letter) {
	case 'm':
		return &a->birth.model;
	case 'w':
		return &a->birth.workspace;
	case 'i':
		return &a->image;
	case 'r':
		return &a->resume;
	case O_NAME:
		return &a->birth.name;
	case O_NOTIFY:
		return &a->run.notify;
	case O_PRICES:
		return &a->run.prices;
	case O_ROOT:
		return &a->root;
	default:
		return NULL;
	}
}

/* How the run goes, and when it ends. */
static void
run_option(struct run_args *a, int letter, const char *v)
{
	struct run_options *o = &a->run;
	double number;

	switch (letter) {
	case O_LABEL:
		o->labels |= grant_label(v);
		if (grant_label(v) == 0)
			die_usage(&runopts_program,
			    "--label: want tainted or secret");
		break;
	case O_ANSWER_IN:
		o->ask_time = value_duration(&runopts_program, "answer-in", v);
		break;
	case O_ASK:
		o->ask = asking(v);
		break;
	case O_CKPT_KEEP:
		o->ckpt_keep = value_integer(&runopts_program, "ckpt-keep", v);
		break;
	case O_MAX_REPLY:
		o->max_tokens = value_integer(&runopts_program, "max-reply", v);
		break;
	case O_TEMPERATURE:
		if (num_double(v, &number) < 0)
			die_usage(&runopts_program,
			    "--temperature: '%s' is no number", v);
		o->temperature = v;
		break;
	case O_CKPT:
		checkpoints(o, v);
		break;
	default:
		(void)limitopts_take(&runopts_program, letter, v, &a->limits);
	}
}

static void
option(struct run_args *a, int letter, const char *v)
{
	const char **text = text_of(a, letter);

	if (text != NULL) {
		*text = v;
		return;
	}
	switch (letter) {
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
		a->events = value_descriptor(&runopts_program, "events", v);
		break;
	case O_COPY:
		a->birth.copy = true;
		break;
	case O_SANDBOX:
		a->sandbox = value_sandbox(&runopts_program, v);
		break;
	case O_SECRET:
		secret_arg(&runopts_program, &a->secrets, v);
		break;
	case O_TOOLS:
		add_tools(a, v);
		break;
	default:
		run_option(a, letter, v);
	}
}

/* The goal from the operand, or from stdin when it is "-". */
static char *
read_goal(int argc, char *argv[], int first)
{
	char *text;
	size_t n;

	if (argc - first > 1)
		die_usage(&runopts_program, "more than one goal; quote it");
	if (argc == first)
		return NULL;
	text = value_text(argv[first]);
	n = strlen(text);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	if (n == 0)
		die_usage(&runopts_program, "the goal is empty");
	return text;
}

static void
check_all(struct run_args *a)
{
	const struct schedule *s = &a->schedule;

	if (!a->all && (s->due || s->until_idle || s->jobs > 0))
		die_usage(&runopts_program,
		    "--due, --until-idle and -j go with --all");
	if (a->all && (a->resume != NULL || a->goal != NULL || a->events >= 0 ||
			  a->run.labels != 0 || secret_args_once(&a->secrets)))
		die_usage(&runopts_program,
		    "--all starts many runs: -r, a goal, --label, --events and "
		    "--secret NAME=fd:N are for one");
	a->schedule.watch = a->watch;
}

void
runopts_parse(int argc, char *argv[], struct run_args *out)
{
	struct run_args a = {.run.stop_fd = -1, .events = -1};
	const char *value;
	int letter, first;

	while ((letter = opt_next(
		    &runopts_program, argc, argv, &value, &first)) != -1)
		if (!schedule_option(&a, letter, value)) {
			option(&a, letter, value);
			if (letter != 'q' && letter != O_JSON)
				pass(&a.schedule, letter, value);
		}
	a.goal = read_goal(argc, argv, first);
	if (a.goal == NULL && a.resume == NULL && !a.all)
		die_usage(&runopts_program, "no goal");
	check_all(&a);
	if ((a.resume != NULL || a.all) &&
	    (a.grants.count > 0 || a.image != NULL ||
		a.birth.workspace != NULL || a.birth.name != NULL ||
		a.birth.copy || a.birth.tool_count > 0))
		die_usage(&runopts_program,
		    "-r and --all go on with what agents have: -g, -i, -w, "
		    "--copy, "
		    "--name, --tools, --allow and --deny are for a new one");
	*out = a;
}
