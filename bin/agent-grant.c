/* agent-grant: what agents may do, and what they ask of people. */
#include <string.h>
#include <sys/stat.h>

#include "cli/grantverb.h"
#include "cli/value.h"

enum { O_BECAUSE = 256, O_JSON, O_KEY, O_ROOT, O_WAIT };

static const struct opt opts[] = {
    {"because", O_BECAUSE, "TEXT", "deny, revoke: say why"},
    {"json", O_JSON, NULL, "one JSON object a line"},
    {"key", O_KEY, "FILE", "sign with this secret key, not the root's"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"wait", O_WAIT, "DURATION", "for a running agent (default 30s)"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {"pending [--json] [AGENT]",
    "answer REQUEST TEXT|-", "approve REQUEST", "deny [--because TEXT] REQUEST",
    "give [--key FILE] AGENT 'LINE'", "revoke [--because TEXT] AGENT GRANT",
    "list [--json] AGENT", "check AGENT RIGHT RESOURCE", NULL};

static const struct program program = {.name = "agent-grant",
    .usage = usage,
    .purpose = "Show what an agent may do, and answer what agents ask.",
    .opts = opts,
    .notes = "Status: 0 (check: allowed), 1 nothing is pending, or check: not "
	     "allowed,\n66 no such request, 75 the agent runs: try again."};

struct arguments {
	const char *root;
	struct grant_args verb;
};

static void
option(void *arg, int letter, const char *v)
{
	struct arguments *a = arg;

	if (letter == O_JSON)
		a->verb.json = true;
	else if (letter == O_ROOT)
		a->root = v;
	else if (letter == O_KEY)
		a->verb.key = v;
	else if (letter == O_WAIT)
		a->verb.wait = value_duration(&program, "wait", v);
	else
		a->verb.because = v;
}

static const struct verb {
	const char *name;
	int (*run)(const struct grant_args *, char *operands[]);
	int least, most; /* operands */
} verbs[] = {
    {"answer", grantask_answer, 2, 2},
    {"approve", grantask_approve, 1, 1},
    {"check", grantverb_check, 3, 3},
    {"deny", grantask_deny, 1, 1},
    {"give", grantverb_give, 2, 2},
    {"list", grantverb_list, 1, 1},
    {"pending", grantask_pending, 0, 1},
    {"revoke", grantverb_revoke, 2, 2},
};

static const struct verb *
find_verb(const char *name, int n)
{
	size_t i;

	for (i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0 && n >= verbs[i].least &&
		    n <= verbs[i].most)
			return &verbs[i];
	die_usage(&program, "'%s' with %d operands", name, n);
}

int
main(int argc, char *argv[])
{
	struct arguments a = {.verb = {.program = &program}};
	const struct verb *verb;
	struct root root;
	const char *name;
	struct err e;
	int first, status;

	name = opt_verb(&program, argc, argv, option, &a, &first);
	verb = find_verb(name, argc - first);
	(void)umask(077);
	if (root_open(a.root, false, &root, &e) < 0)
		die_err(&e);
	a.verb.root = &root;
	status = verb->run(&a.verb, argv + first);
	root_close(&root);
	finish(status);
}
