/* agent-ckpt: bundles made, inspected, judged, restored, moved, pruned. */
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/ckptverb.h"
#include "cli/value.h"

enum {
	O_ALSO = 256,
	O_AT,
	O_DAILY,
	O_EACH,
	O_FILES,
	O_FULL,
	O_JSON,
	O_JUNIT,
	O_KEEP,
	O_KEY,
	O_MAX_SIZE,
	O_MAX_TEXT,
	O_MESSAGES,
	O_NAME,
	O_NAME_ONLY,
	O_NEW_AGENT,
	O_PLAIN_HTTP,
	O_ROOT,
	O_RULES,
	O_SECRET,
	O_SINCE,
	O_STAT,
	O_STATE,
	O_TO,
	O_TOOLS,
	O_TRUST,
	O_END
};

static const struct opt opts[] = {
    {"also", O_ALSO, "SEQ", "prune: keep this one; may be repeated"},
    {"at", O_AT, "SEQ", "restore: as it was at this record"},
    {"daily", O_DAILY, "N", "prune: keep the newest of each of N days"},
    {"dry-run", 'n', NULL, "prune, restore: only say what would be done"},
    {"each", O_EACH, "N", "prune: keep each Nth of the others"},
    {"files", O_FILES, NULL, "diff: only the files"},
    {"full", O_FULL, NULL, "save: all files, not what changed"},
    {"json", O_JSON, NULL, "one JSON object a line"},
    {"junit", O_JUNIT, "FILE", "check: a report in JUnit's XML"},
    {"keep", O_KEEP, "N", "prune: keep the N newest"},
    {"key", O_KEY, "FILE", "bundles must be signed by this key"},
    {"max-size", O_MAX_SIZE, "SIZE",
	"what a bundle may expand to; default 64G"},
    {"max-text", O_MAX_TEXT, "SIZE", "diff: larger is binary; default 1M"},
    {"messages", O_MESSAGES, NULL, "show: the conversation"},
    {"model", 'm', "MODEL", "import: run it with this model"},
    {"name", O_NAME, "NAME", "import, restore: name the new agent"},
    {"name-only", O_NAME_ONLY, NULL, "diff: only the paths"},
    {"new-agent", O_NEW_AGENT, NULL, "restore: make another agent of it"},
    {"output", 'o', "FILE", "export: write here; pull: the folder"},
    {"plain-http", O_PLAIN_HTTP, NULL, "push, pull: no TLS"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"rules", O_RULES, "FILE", "check: rules, one a line"},
    {"secret", O_SECRET, "NAME=SOURCE", "what holds it is not saved"},
    {"since", O_SINCE, "BUNDLE", "check: what changes are counted from"},
    {"stat", O_STAT, NULL, "diff: only how much changed"},
    {"state", O_STATE, NULL, "diff: only the state"},
    {"to", O_TO, "DIR", "restore: make this new folder"},
    {"tools", O_TOOLS, "DIR", "import: its executable tools; repeatable"},
    {"trust", O_TRUST, "FILE", "import: keep grants that this key signed"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {"save [--full] AGENT", "list AGENT|BUNDLE",
    "show [--messages] BUNDLE", "cat BUNDLE PATH",
    "diff [--stat] [--state|--files] BUNDLE BUNDLE|AGENT@live",
    "check [--rules FILE] [--since BUNDLE] BUNDLE [RULE...]", "verify BUNDLE",
    "restore [--at SEQ] [-n] BUNDLE", "restore --to DIR BUNDLE",
    "restore --new-agent [--name N] [--at SEQ] BUNDLE",
    "export [-o FILE] BUNDLE",
    "import [--name N] [-m MODEL] [--trust KEY] [--tools D] BUNDLE",
    "push BUNDLE oci://HOST/NAME:TAG", "pull [-o DIR] oci://HOST/NAME:TAG",
    "prune [--keep N] [--daily N] [--each N] [--also N] [-n] AGENT", NULL};

static const struct program program = {.name = "agent-ckpt",
    .usage = usage,
    .purpose = "Make, inspect, compare, verify, restore, move and prune "
	       "checkpoints of agents.",
    .opts = opts,
    .notes =
	"BUNDLE is a file, '-', or AGENT[@SEQ]; AGENT@live is the agent as it "
	"is now.\nStatus: 0; 1 they differ, a rule is broken, there are none, "
	"not all could be put\nback; 64 usage; 65 damaged; 66 not there; 69 no "
	"registry; 73 DIR or the agent is\nthere; 75 the agent runs; 77 "
	"denied; 78 a bad rule in a file; 79 too large."};

struct arguments {
	struct ckpt_args verb;
	const char *root;
	bool given[O_END];
};

static void
option(void *arg, int letter, const char *v)
{
	struct arguments *all = arg;
	struct ckpt_args *a = &all->verb;

	all->given[letter] = true;
	switch (letter) {
	case O_SECRET:
		secret_arg(&program, &a->secrets, v);
		break;
	case O_ALSO:
		if (a->policy.also_count == PRUNE_ALSO)
			die_usage(&program, "prune: too many --also");
		a->policy.also[a->policy.also_count++] =
		    value_integer(&program, "also", v);
		break;
	case O_AT:
		a->at = value_integer(&program, "at", v);
		break;
	case O_DAILY:
		a->policy.daily = value_integer(&program, "daily", v);
		break;
	case O_EACH:
		a->policy.each = value_integer(&program, "each", v);
		break;
	case 'n':
		a->dry = true;
		break;
	case O_FILES:
		a->files = true;
		break;
	case O_FULL:
		a->full = true;
		break;
	case O_JSON:
		a->json = true;
		break;
	case O_JUNIT:
		a->junit = v;
		break;
	case O_KEEP:
		a->policy.keep = value_integer(&program, "keep", v);
		break;
	case O_KEY:
		a->key = v;
		break;
	case O_MAX_SIZE:
		a->max_size =
		    value_size(&program, "max-size", v, INT64_MAX / 2);
		break;
	case O_MAX_TEXT:
		a->max_text =
		    value_size(&program, "max-text", v, (int64_t)1 << 30);
		break;
	case O_MESSAGES:
		a->messages = true;
		break;
	case O_NAME_ONLY:
		a->names = true;
		break;
	case 'm':
		a->model = v;
		break;
	case O_NAME:
		a->name = v;
		break;
	case O_NEW_AGENT:
		a->fresh = true;
		break;
	case 'o':
		a->output = v;
		break;
	case O_PLAIN_HTTP:
		a->plain_http = true;
		break;
	case O_RULES:
		a->rules = v;
		break;
	case O_SINCE:
		a->since = v;
		break;
	case O_STAT:
		a->stat = true;
		break;
	case O_STATE:
		a->state = true;
		break;
	case O_TO:
		a->to = v;
		break;
	case O_TOOLS:
		if (a->tool_count == CKPT_KEYS)
			die_usage(&program, "import: too many --tools");
		a->tools[a->tool_count++] = v;
		break;
	case O_TRUST:
		if (a->trust_count == CKPT_KEYS)
			die_usage(&program, "import: too many --trust");
		a->trust[a->trust_count++] = v;
		break;
	default:
		all->root = v;
	}
}

#define TAKES 8

static const struct verb {
	const char *name;
	int operands; /* below 0: so many or more */
	int (*run)(const struct ckpt_args *, char *args[]);
	int takes[TAKES]; /* options, besides those of all verbs */
} verbs[] = {
    {"cat", 2, ckptverb_cat, {0}},
    {"check", -1, ckptverb_check, {O_JUNIT, O_RULES, O_SINCE}},
    {"diff", 2, ckptverb_diff,
	{O_FILES, O_MAX_TEXT, O_NAME_ONLY, O_STAT, O_STATE}},
    {"export", 1, ckptverb_export, {'o'}},
    {"import", 1, ckptverb_import, {'m', O_NAME, O_TOOLS, O_TRUST}},
    {"list", 1, ckptverb_list, {0}},
    {"prune", 1, ckptverb_prune, {O_ALSO, O_DAILY, O_EACH, O_KEEP, 'n'}},
    {"pull", 1, ckptverb_pull, {'o', O_PLAIN_HTTP}},
    {"push", 2, ckptverb_push, {O_PLAIN_HTTP}},
    {"restore", 1, ckptverb_restore,
	{'m', 'n', O_AT, O_NAME, O_NEW_AGENT, O_TO, O_TOOLS, O_TRUST}},
    {"save", 1, ckptverb_save, {O_FULL}},
    {"show", 1, ckptverb_show, {O_MESSAGES}},
    {"verify", 1, ckptverb_verify, {0}},
};

static const struct verb *
find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	die_usage(&program, "unknown verb '%s'", name);
}

/* What a verb does not take would be passed over, and -n done for real. */
static void
refuse_foreign(const struct verb *v, const bool given[])
{
	const struct opt *o;
	bool taken;
	size_t i;

	for (o = opts; o->name != NULL; o++) {
		taken = o->letter == O_JSON || o->letter == O_KEY ||
			o->letter == O_MAX_SIZE || o->letter == O_ROOT ||
			o->letter == O_SECRET;
		for (i = 0; i < TAKES; i++)
			taken = taken || v->takes[i] == o->letter;
		if (given[o->letter] && !taken)
			die_usage(
			    &program, "%s: takes no --%s", v->name, o->name);
	}
}

int
main(int argc, char *argv[])
{
	struct arguments a = {.verb.program = &program};
	const struct verb *verb;
	struct root root;
	bool makes;
	struct err e;
	int first, n;

	verb = find_verb(opt_verb(&program, argc, argv, option, &a, &first));
	refuse_foreign(verb, a.given);
	n = argc - first;
	if (verb->operands < 0 ? n < -verb->operands : n != verb->operands)
		die_usage(&program, "%s: wrong number of operands", verb->name);
	(void)umask(077);
	file_open_many();
	/* A CI job has only the file: no root is needed for one. */
	makes = verb->run == ckptverb_import || a.verb.fresh;
	if (root_open(a.root, makes, &root, &e) == 0) {
		root.secrets = secret_args_load(&a.verb.secrets);
		a.verb.open = &root;
	}
	if (a.verb.open == NULL &&
	    (a.root != NULL || makes ||
		(e.status != EX_NOINPUT && e.status != EX_CONFIG)))
		die_err(&e);
	finish(verb->run(&a.verb, argv + first));
}
