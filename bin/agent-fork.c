/* agent-fork: make children of an agent. */
#include <sys/stat.h>

#include "base/file.h"
#include "cli/forkjoin.h"
#include "cli/forkmake.h"
#include "cli/limitopts.h"
#include "cli/secretargs.h"
#include "cli/value.h"

enum {
	O_AT = 256,
	O_CHECK,
	O_GOAL,
	O_INTO,
	O_JOIN,
	O_JSON,
	O_NAME,
	O_PICK,
	O_ROOT,
	O_SANDBOX,
	O_WAIT
};

#define WAIT (30 * CLOCK_SECOND)

static const struct opt opts[] = {
    {"at", O_AT, "SEQ|BUNDLE", "go on from this record, or bundle"},
    {"check", O_CHECK, "COMMAND", "run it in a child: is its work good?"},
    {"goal", O_GOAL, "TEXT", "what the children are to do; '-': from stdin"},
    {"grants", 'g', "POLICY", "and they may do no more than this file says"},
    {"into", O_INTO, "AGENT", "the child is to be joined into this agent"},
    {"jobs", 'j', "N", "check so many at a time (default: processors)"},
    {"join", O_JOIN, "CHILD", "bring a child's report and files back"},
    {"json", O_JSON, NULL, "one JSON object a child"},
    {"max-bytes", LIMITOPT_BYTES, "SIZE", "what calls of each child may write"},
    {"max-children", LIMITOPT_CHILDREN, "N", "children, theirs included"},
    {"max-cost", LIMITOPT_COST, "AMOUNT", "cost of each child"},
    {"max-cpu", LIMITOPT_CPU, "DURATION", "processor time of its calls"},
    {"max-time", LIMITOPT_TIME, "DURATION", "time that it is awake"},
    {"max-tokens", LIMITOPT_TOKENS, "N", "tokens of each child"},
    {"max-tool-calls", LIMITOPT_CALLS, "N", "calls of tools of each child"},
    {"max-turns", LIMITOPT_TURNS, "N", "turns of each child"},
    {"name", O_NAME, "NAME", "name the child; several: NAME-1, NAME-2, ..."},
    {"number", 'n', "N", "make so many (default 1)"},
    {"pick", O_PICK, NULL, "join the first child whose check is good"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"sandbox", O_SANDBOX, "MODE", "of checks: strict, or best-effort"},
    {"wait", O_WAIT, "DURATION", "for a running agent (default 30s)"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {
    "[-n N] [--at SEQ|BUNDLE] [-g POLICY] [--goal TEXT] [--max-…]\n"
    "           [--name NAME] AGENT",
    "--join CHILD [--into AGENT] [--json]",
    "--pick --check COMMAND [-j N] [--into AGENT] [CHILD...]",
    "--check COMMAND CHILD", NULL};

static const struct program program = {.name = "agent-fork",
    .usage = usage,
    .purpose = "Make children of an agent, and print their ids.",
    .opts = opts,
    .notes = "Status: 0 all were made, else none: 66 no such agent, 73 cannot "
	     "create, 75 the\nagent runs or its files would not keep still, 77 "
	     "more than the agent may,\n79 more than its limits leave.  Joins: "
	     "1 with conflicts, or no good check,\n65 joined before, 77 no "
	     "child of it."};

struct arguments {
	struct make_args make;
	struct join_args join;
	const char *root;
};

/* Those of joins: false if it is none. */
static bool
join_option(struct join_args *j, int letter, const char *value)
{
	switch (letter) {
	case 'j':
		j->jobs = value_integer(&program, "jobs", value);
		break;
	case O_CHECK:
		j->check = value;
		break;
	case O_INTO:
		j->into = value;
		break;
	case O_JOIN:
		j->child = value;
		break;
	case O_PICK:
		j->pick = true;
		break;
	case O_SANDBOX:
		j->mode = value_sandbox(&program, value);
		j->sandbox = value;
		break;
	default:
		return false;
	}
	return true;
}

static void
option(struct arguments *a, int letter, const char *value)
{
	if (join_option(&a->join, letter, value))
		return;
	switch (letter) {
	case 'g':
		policy_arg(&a->make.grants, "", value);
		break;
	case 'n':
		a->make.fork.count =
		    (size_t)value_integer(&program, "number", value);
		break;
	case O_AT:
		a->make.at = value;
		break;
	case O_GOAL:
		a->make.goal = value;
		break;
	case O_JSON:
		a->join.json = true;
		break;
	case O_NAME:
		a->make.fork.name = value;
		break;
	case O_ROOT:
		a->root = value;
		break;
	case O_WAIT:
		a->join.wait = value_duration(&program, "wait", value);
		break;
	default:
		(void)limitopts_take(
		    &program, letter, value, &a->make.fork.limits);
	}
}

static void
check_join(const struct join_args *j, int operands)
{
	if (j->child != NULL && (operands > 0 || j->pick || j->check != NULL))
		die_usage(
		    &program, "--join: nothing else is wanted but --into");
	if (j->pick && j->check == NULL)
		die_usage(&program, "--pick: give --check COMMAND");
	if (j->pick && operands == 0 && j->into == NULL)
		die_usage(&program, "--pick: give children, or --into AGENT");
	if (j->into != NULL && j->child == NULL && !j->pick)
		die_usage(&program, "--into goes with --join or --pick");
}

static void
parse(int argc, char *argv[], struct arguments *a, int *first)
{
	const char *value;
	int letter;

	while ((letter = opt_next(&program, argc, argv, &value, first)) != -1)
		option(a, letter, value);
	check_join(&a->join, argc - *first);
	if (!a->join.pick && a->join.child == NULL && argc - *first != 1)
		die_usage(&program, "want one agent");
	if (a->make.fork.count > FORK_MOST)
		die_usage(&program, "-n: at most %d children", FORK_MOST);
}

int
main(int argc, char *argv[])
{
	struct arguments a = {.make = {.fork = {.count = 1}},
	    .join = {.program = &program, .wait = WAIT}};
	struct secret_args secrets = {0};
	struct launcher *l = NULL;
	struct root root;
	struct err e;
	int first, status = 0;

	parse(argc, argv, &a, &first);
	if (a.join.check != NULL && !a.join.pick &&
	    launcher_start(a.join.mode, &l, &e) < 0)
		die_err(&e);
	(void)umask(077);
	file_open_many();
	if (root_open(a.root, false, &root, &e) < 0)
		die_err(&e);
	root.secrets = secret_args_load(&secrets);
	a.join.root = &root;
	a.join.root_name = a.root;
	if (a.join.pick)
		status =
		    forkpick(&a.join, argv + first, (size_t)(argc - first));
	else if (a.join.check != NULL)
		status = forkpick_check(&a.join, l, argv[first]);
	else if (a.join.child != NULL)
		status = forkjoin_one(&a.join);
	else
		forkmake(&a.make, &a.join, argv[first]);
	launcher_stop(l);
	root_close(&root);
	secret_args_free(&secrets);
	finish(status);
}
