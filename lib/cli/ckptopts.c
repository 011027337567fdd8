#include "cli/ckptopts.h"

#include "cli/value.h"

static const struct opt opts[] = {
    {"also", CKPTOPT_ALSO, "SEQ", "prune: keep this one; may be repeated"},
    {"at", CKPTOPT_AT, "SEQ", "restore: as it was at this record"},
    {"daily", CKPTOPT_DAILY, "N", "prune: keep the newest of each of N days"},
    {"dry-run", 'n', NULL, "prune, restore: only say what would be done"},
    {"each", CKPTOPT_EACH, "N", "prune: keep each Nth of the others"},
    {"files", CKPTOPT_FILES, NULL, "diff: only the files"},
    {"full", CKPTOPT_FULL, NULL, "save: all files, not what changed"},
    {"json", CKPTOPT_JSON, NULL, "one JSON object a line"},
    {"junit", CKPTOPT_JUNIT, "FILE", "check: a report in JUnit's XML"},
    {"keep", CKPTOPT_KEEP, "N", "prune: keep the N newest"},
    {"key", CKPTOPT_KEY, "FILE", "bundles must be signed by this key"},
    {"max-size", CKPTOPT_MAX_SIZE, "SIZE",
	"what a bundle may expand to; default 64G"},
    {"max-text", CKPTOPT_MAX_TEXT, "SIZE",
	"diff: larger is binary; default 1M"},
    {"messages", CKPTOPT_MESSAGES, NULL, "show: the conversation"},
    {"model", 'm', "MODEL", "import: run it with this model"},
    {"name", CKPTOPT_NAME, "NAME", "import, restore: name the new agent"},
    {"name-only", CKPTOPT_NAME_ONLY, NULL, "diff: only the paths"},
    {"new-agent", CKPTOPT_NEW_AGENT, NULL, "restore: make another agent of it"},
    {"output", 'o', "FILE", "export: write here; pull: the folder"},
    {"plain-http", CKPTOPT_PLAIN_HTTP, NULL, "push, pull: no TLS"},
    {"root", CKPTOPT_ROOT, "DIR", "where the agents are"},
    {"rules", CKPTOPT_RULES, "FILE", "check: rules, one a line"},
    {"secret", CKPTOPT_SECRET, "NAME=SOURCE", "what holds it is not saved"},
    {"since", CKPTOPT_SINCE, "BUNDLE", "check: what changes are counted from"},
    {"stat", CKPTOPT_STAT, NULL, "diff: only how much changed"},
    {"state", CKPTOPT_STATE, NULL, "diff: only the state"},
    {"to", CKPTOPT_TO, "DIR", "restore: make this new folder"},
    {"tools", CKPTOPT_TOOLS, "DIR", "import: its executable tools; repeatable"},
    {"trust", CKPTOPT_TRUST, "FILE",
	"import: keep grants that this key signed"},
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

const struct program ckptopts_program = {.name = "agent-ckpt",
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

/* What an option without a value sets; or NULL. */
static bool *
flag_of(struct ckpt_args *a, int letter)
{
	switch (letter) {
	case CKPTOPT_FILES:
		return &a->files;
	case CKPTOPT_FULL:
		return &a->full;
	case CKPTOPT_JSON:
		return &a->json;
	case CKPTOPT_MESSAGES:
		return &a->messages;
	case 'n':
		return &a->dry;
	case CKPTOPT_NAME_ONLY:
		return &a->names;
	case CKPTOPT_NEW_AGENT:
		return &a->fresh;
	case CKPTOPT_PLAIN_HTTP:
		return &a->plain_http;
	case CKPTOPT_STAT:
		return &a->stat;
	case CKPTOPT_STATE:
		return &a->state;
	default:
		return NULL;
	}
}

/* What keeps the value as it is; or NULL. */
static const char **
text_of(struct ckpt_args *a, int letter)
{
	switch (letter) {
	case CKPTOPT_JUNIT:
		return &a->junit;
	case CKPTOPT_KEY:
		return &a->key;
	case 'm':
		return &a->model;
	case CKPTOPT_NAME:
		return &a->name;
	case 'o':
		return &a->output;
	case CKPTOPT_RULES:
		return &a->rules;
	case CKPTOPT_SINCE:
		return &a->since;
	case CKPTOPT_TO:
		return &a->to;
	default:
		return NULL;
	}
}

/* The others. */
static void
keep(struct ckptopts *all, int letter, const char *v)
{
	struct ckpt_args *a = &all->verb;

	switch (letter) {
	case CKPTOPT_SECRET:
		secret_arg(&ckptopts_program, &a->secrets, v);
		break;
	case CKPTOPT_ALSO:
		if (a->policy.also_count == PRUNE_ALSO)
			die_usage(&ckptopts_program, "prune: too many --also");
		a->policy.also[a->policy.also_count++] =
		    value_integer(&ckptopts_program, "also", v);
		break;
	case CKPTOPT_AT:
		a->at = value_integer(&ckptopts_program, "at", v);
		break;
	case CKPTOPT_DAILY:
		a->policy.daily = value_integer(&ckptopts_program, "daily", v);
		break;
	case CKPTOPT_EACH:
		a->policy.each = value_integer(&ckptopts_program, "each", v);
		break;
	case CKPTOPT_KEEP:
		a->policy.keep = value_integer(&ckptopts_program, "keep", v);
		break;
	case CKPTOPT_MAX_SIZE:
		a->max_size =
		    value_size(&ckptopts_program, "max-size", v, INT64_MAX / 2);
		break;
	case CKPTOPT_MAX_TEXT:
		a->max_text = value_size(
		    &ckptopts_program, "max-text", v, (int64_t)1 << 30);
		break;
	case CKPTOPT_TOOLS:
		if (a->tool_count == CKPT_KEYS)
			die_usage(
			    &ckptopts_program, "import: too many --tools");
		a->tools[a->tool_count++] = v;
		break;
	case CKPTOPT_TRUST:
		if (a->trust_count == CKPT_KEYS)
			die_usage(
			    &ckptopts_program, "import: too many --trust");
		a->trust[a->trust_count++] = v;
		break;
	default:
		all->root = v;
	}
}

void
ckptopts_take(void *all, int letter, const char *v)
{
	struct ckptopts *out = all;
	bool *flag = flag_of(&out->verb, letter);
	const char **text = text_of(&out->verb, letter);

	out->given[letter] = true;
	if (flag != NULL)
		*flag = true;
	else if (text != NULL)
		*text = v;
	else
		keep(out, letter, v);
}
