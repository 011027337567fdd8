/* agent-grant: what agents may do, and what they ask of people. */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/grantverb.h"
#include "cli/secretargs.h"
#include "cli/value.h"

enum {
	O_AGENT = 256,
	O_ALL,
	O_ALWAYS,
	O_ARGS,
	O_AS,
	O_BECAUSE,
	O_FOR,
	O_JSON,
	O_KEY,
	O_ROOT,
	O_TOOL,
	O_USES,
	O_WAIT,
	O_WATCH
};

static const struct opt opts[] = {
    {"agent", O_AGENT, "AGENT", "only requests of this agent"},
    {"all", O_ALL, NULL, "all requests that are open"},
    {"always", O_ALWAYS, NULL, "approve: as often as it is asked"},
    {"args", O_ARGS, "JSON", "check: a call's arguments, for 'where'"},
    {"as", O_AS, "LINE", "approve: give this grant instead"},
    {"because", O_BECAUSE, "TEXT", "deny, revoke: say why"},
    {"for", O_FOR, "DURATION", "approve: for so long"},
    {"json", O_JSON, NULL, "one JSON object a line"},
    {"key", O_KEY, "FILE", "sign with this secret key, not the root's"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"tool", O_TOOL, "TOOL", "requests for it; check: in its sandbox"},
    {"uses", O_USES, "N", "approve: so often; default 1"},
    {"wait", O_WAIT, "DURATION", "for a running agent (default 30s)"},
    {"watch", O_WATCH, NULL, "pending: go on with what comes"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {"pending [--json] [--watch] [AGENT]",
    "show [--json] REQUEST...", "answer REQUEST TEXT|-",
    "approve [--uses N|--for D|--always] [--as LINE] REQUEST...",
    "deny [--because TEXT] REQUEST...", "give [--key FILE] AGENT 'LINE'",
    "delegate [--key FILE] FROM TO 'LINE'",
    "revoke [--key FILE] [--because TEXT] AGENT GRANT", "list [--json] AGENT",
    "check [--args JSON] [--tool TOOL] AGENT RIGHT RESOURCE", "keygen FILE",
    NULL};

static const struct program program = {.name = "agent-grant",
    .usage = usage,
    .purpose = "Show what an agent may do, and answer what agents ask.",
    .opts = opts,
    .notes =
	"A REQUEST may be a pattern of the shell: '9N5ACE71-*'; or --all, "
	"--agent,\n--tool instead.  Status: 0 (check: allowed), 1 nothing "
	"is pending, answered\nalready or too late, or check: not allowed, "
	"66 no such request, 75 the agent\nruns: try again."};

struct arguments {
	const char *root;
	bool approves; /* an option was given that only approve has */
	struct grant_args verb;
};

static void
option(void *arg, int letter, const char *v)
{
	struct arguments *a = arg;

	switch (letter) {
	case O_AGENT:
		a->verb.agent = v;
		break;
	case O_ALL:
		a->verb.all = true;
		break;
	case O_ALWAYS:
		a->verb.always = a->approves = true;
		break;
	case O_ARGS:
		a->verb.args = v;
		break;
	case O_AS:
		a->verb.as = v;
		a->approves = true;
		break;
	case O_BECAUSE:
		a->verb.because = v;
		break;
	case O_FOR:
		a->verb.for_ns = value_duration(&program, "for", v);
		a->approves = true;
		break;
	case O_JSON:
		a->verb.json = true;
		break;
	case O_KEY:
		a->verb.key = v;
		break;
	case O_ROOT:
		a->root = v;
		break;
	case O_TOOL:
		a->verb.tool = v;
		break;
	case O_USES:
		a->verb.uses = value_integer(&program, "uses", v);
		a->approves = true;
		break;
	case O_WAIT:
		a->verb.wait = value_duration(&program, "wait", v);
		break;
	default:
		a->verb.watch = true;
	}
}

static const struct verb {
	const char *name;
	int (*run)(const struct grant_args *, char *operands[]);
	int least, most; /* operands */
	bool rootless;   /* there need be no agents */
} verbs[] = {
    {"answer", grantask_answer, 2, 2, false},
    {"approve", grantask_approve, 0, INT_MAX, false},
    {"check", grantverb_check, 3, 3, false},
    {"delegate", grantverb_delegate, 3, 3, false},
    {"deny", grantask_deny, 0, INT_MAX, false},
    {"give", grantverb_give, 2, 2, false},
    {"keygen", grantverb_keygen, 1, 1, true},
    {"list", grantverb_list, 1, 1, false},
    {"pending", grantshow_pending, 0, 1, false},
    {"revoke", grantverb_revoke, 2, 2, false},
    {"show", grantshow_request, 0, INT_MAX, false},
};

static const struct verb *
find_verb(const char *name, int n)
{
	size_t i;

	for (i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			break;
	if (i == COUNT_OF(verbs))
		die_usage(&program, "no verb '%s'", name);
	if (n < verbs[i].least || n > verbs[i].most)
		die_usage(&program, "'%s' with %d operands", name, n);
	return &verbs[i];
}

int
main(int argc, char *argv[])
{
	struct arguments a = {.verb = {.program = &program}};
	const struct verb *verb;
	struct root root = {.fd = -1, .agents = -1, .blobs = -1};
	struct secret_args secrets = {0};
	const char *name;
	struct err e;
	int first, status;

	name = opt_verb(&program, argc, argv, option, &a, &first);
	verb = find_verb(name, argc - first);
	if (a.approves && verb->run != grantask_approve)
		die_usage(&program, "--uses, --for, --always and --as are for "
				    "approve");
	(void)umask(077);
	if (!verb->rootless && root_open(a.root, false, &root, &e) < 0)
		die_err(&e);
	root.secrets = secret_args_load(&secrets);
	a.verb.root = &root;
	status = verb->run(&a.verb, argv + first);
	root_close(&root);
	finish(status);
}
