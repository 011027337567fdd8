/* agent-fork: make children of an agent. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/fork.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/forkjoin.h"
#include "cli/limitopts.h"
#include "cli/policy.h"
#include "cli/secretargs.h"
#include "cli/show.h"
#include "cli/value.h"

enum { O_GOAL = 256, O_INTO, O_JOIN, O_JSON, O_NAME, O_ROOT, O_WAIT };

#define WAIT (30 * CLOCK_SECOND)

static const struct opt opts[] = {
    {"goal", O_GOAL, "TEXT", "what the children are to do; '-': from stdin"},
    {"grants", 'g', "POLICY", "and they may do no more than this file says"},
    {"into", O_INTO, "AGENT", "the child is to be joined into this agent"},
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
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"wait", O_WAIT, "DURATION", "for a running agent (default 30s)"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {
    "[-n N] [-g POLICY] [--goal TEXT] [--max-…] [--name N] AGENT",
    "--join CHILD [--into AGENT] [--json]", NULL};

static const struct program program = {.name = "agent-fork",
    .usage = usage,
    .purpose = "Make children of an agent, and print their ids.",
    .opts = opts,
    .notes = "Status: 0 all were made, else none: 66 no such agent, 73 cannot "
	     "create, 75 the\nagent runs or its files would not keep still, 77 "
	     "more than the agent may,\n79 more than its limits leave."};

struct arguments {
	struct fork fork;
	struct policy_args grants;
	struct policy policy;
	struct join_args join;
	const char *root, *goal;
	int64_t wait;
	bool json;
};

static void
option(struct arguments *a, int letter, const char *value)
{
	switch (letter) {
	case 'g':
		policy_arg(&a->grants, "", value);
		break;
	case 'n':
		a->fork.count =
		    (size_t)value_integer(&program, "number", value);
		break;
	case O_GOAL:
		a->goal = value;
		break;
	case O_INTO:
		a->join.into = value;
		break;
	case O_JOIN:
		a->join.child = value;
		break;
	case O_JSON:
		a->json = true;
		break;
	case O_NAME:
		a->fork.name = value;
		break;
	case O_ROOT:
		a->root = value;
		break;
	case O_WAIT:
		a->wait = value_duration(&program, "wait", value);
		break;
	default:
		(void)limitopts_take(&program, letter, value, &a->fork.limits);
	}
}

static void
parse(int argc, char *argv[], struct arguments *a, int *first)
{
	const char *value;
	int letter;

	while ((letter = opt_next(&program, argc, argv, &value, first)) != -1)
		option(a, letter, value);
	if (a->join.child != NULL && argc > *first)
		die_usage(&program, "--join: no operand is wanted");
	if (a->join.child == NULL && a->join.into != NULL)
		die_usage(&program, "--into goes with --join");
	if (a->join.child == NULL && argc - *first != 1)
		die_usage(&program, "want one agent");
	if (a->fork.count > FORK_MOST)
		die_usage(&program, "-n: at most %d children", FORK_MOST);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* In their order by age, which is that of their numbers. */
static void
make_ids(struct fork *f)
{
	size_t i;

	f->ids = mem_new(f->count, sizeof(*f->ids));
	for (i = 0; i < f->count; i++)
		ulid_make(clock_real(), f->ids[i]);
	qsort(f->ids, f->count, sizeof(*f->ids), by_text);
}

static void
print(const struct arguments *a, const char *parent)
{
	size_t i;

	for (i = 0; i < a->fork.count; i++) {
		struct buf line CLEANUP_BUF = {0};
		struct jsonw w = {.out = &line};

		if (!a->json) {
			printf("%s\n", a->fork.ids[i]);
			continue;
		}
		jsonw_object(&w, NULL);
		jsonw_string(&w, "id", a->fork.ids[i]);
		jsonw_string(&w, "parent", parent);
		jsonw_end(&w, '}');
		show_json(stdout, line.data, line.len);
	}
}

static void
run(struct root *root, struct arguments *a, const char *name)
{
	struct order order CLEANUP_ORDER = {0};
	char id[ULID_TEXT], *goal = NULL;
	struct err e;

	if (a->grants.count > 0) {
		policy_args_build(&a->grants, &a->policy);
		a->fork.policy = &a->policy;
	}
	if (a->goal != NULL)
		a->fork.goal = goal = value_text(a->goal);
	make_ids(&a->fork);
	if (root_find(root, name, id, &e) < 0 ||
	    fork_order_make(root, id, &a->fork, &order, &e) < 0 ||
	    order_commit(root, &order, clock_deadline(a->wait), &e) < 0)
		die_err(&e);
	print(a, id);
	free(a->fork.ids);
	free(goal);
	policy_free(&a->policy);
}

int
main(int argc, char *argv[])
{
	struct arguments a = {.fork = {.count = 1}, .wait = WAIT};
	struct secret_args secrets = {0};
	struct root root;
	struct err e;
	int first;

	parse(argc, argv, &a, &first);
	(void)umask(077);
	file_open_many();
	if (root_open(a.root, false, &root, &e) < 0)
		die_err(&e);
	root.secrets = secret_args_load(&secrets);
	if (a.join.child != NULL) {
		a.join.program = &program;
		a.join.root = &root;
		a.join.json = a.json;
		finish(forkjoin_one(&a.join));
	}
	run(&root, &a, argv[first]);
	root_close(&root);
	secret_args_free(&secrets);
	finish(0);
}
