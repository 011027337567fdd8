#include "cli/auditopts.h"

#include <string.h>

#include "base/num.h"
#include "cli/value.h"

static const struct opt opts[] = {
    {"against", AUDITOPT_AGAINST, "BUNDLE",
	"verify: it must go on from what this holds"},
    {"all", AUDITOPT_ALL, NULL,
	"of every agent: query, redact, replay, and so on"},
    {"by", AUDITOPT_BY, "WHAT", "stats: model, tool, agent or day"},
    {"content", AUDITOPT_CONTENT, NULL, "export: what was said and done, too"},
    {"count", AUDITOPT_COUNT, NULL, "query: only how many records match"},
    {"csv", AUDITOPT_CSV, NULL, "export, sql: comma-separated values"},
    {"depth", AUDITOPT_DEPTH, "N", "explain: follow so many links"},
    {"diffs", AUDITOPT_DIFFS, "N",
	"html: compare the newest N checkpoints; default 200"},
    {"dry-run", 'n', NULL, "redact: only say what would go"},
    {"endpoint", AUDITOPT_ENDPOINT, "URL",
	"export: post to this OpenTelemetry collector"},
    {"family", AUDITOPT_FAMILY, NULL,
	"export, html, watch: of the oldest ancestor on"},
    {"follow", 'f', NULL, "log: go on as records are written"},
    {"from", AUDITOPT_FROM, "SEQ",
	"verify: of records before this one the chain alone"},
    {"head", AUDITOPT_HEAD, "DIGEST", "verify: this record must be there"},
    {"header-env", AUDITOPT_HEADER_ENV, "NAME=VAR",
	"export: a header with the value of $VAR"},
    {"interval", AUDITOPT_INTERVAL, "DURATION",
	"watch: look so often; default 1s"},
    {"json", AUDITOPT_JSON, NULL, "records as they stand; results as JSON"},
    {"jsonl", AUDITOPT_JSONL, NULL, "export: an object a record"},
    {"key", AUDITOPT_KEY, "FILE", "verify: seals must be by this public key"},
    {"limit", AUDITOPT_LIMIT, "N", "query: the first N records alone"},
    {"max-text", AUDITOPT_MAX_TEXT, "SIZE",
	"html: show so much of a text; default 16K"},
    {"otlp", AUDITOPT_OTLP, NULL, "export: OpenTelemetry spans, OTLP/JSON"},
    {"output", 'o', "FILE",
	"export, html: write here; sql: the database to fill"},
    {"policy", AUDITOPT_POLICY, "EXPR", "redact: the records that match"},
    {"request", AUDITOPT_REQUEST, NULL,
	"show: the request that a model call sent"},
    {"rerun-tools", AUDITOPT_RERUN, "WHICH",
	"replay: make calls again; WHICH is none-effect"},
    {"root", AUDITOPT_ROOT, "DIR", "where the agents are"},
    {"state", AUDITOPT_STATE, NULL, "replay: print the state that is reached"},
    {"title", AUDITOPT_TITLE, "TEXT", "html: what the page is called"},
    {"tree", AUDITOPT_TREE, NULL, "verify: the agent and all that came of it"},
    {"type", 't', "TYPE", "log: only records of this type; repeatable"},
    {"until", AUDITOPT_UNTIL, "SEQ", "replay: up to this record"},
    {"why", AUDITOPT_WHY, "TEXT", "redact: the reason, which is recorded"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {
    "log [-f] [--json] [--type TYPE] AGENT|BUNDLE",
    "show [--request] SEQ AGENT|BUNDLE",
    "verify [--head DIGEST] [--against BUNDLE] [--from SEQ]\n"
    "                          [--key FILE] [--json] AGENT|BUNDLE",
    "verify --all|--tree [--json] [AGENT]", "head AGENT|BUNDLE",
    "explain [--depth N] [--json] SEQ AGENT|BUNDLE",
    "replay [--all] [--until SEQ] [--rerun-tools none-effect]\n"
    "                          [--json|--state] [AGENT...]",
    "query [--all] [--count|--json] [--limit N] EXPR [AGENT...]",
    "redact [-n] --why TEXT SEQ... AGENT",
    "redact [-n] --why TEXT --policy EXPR [--all|AGENT...]",
    "sql [--all] [--csv|--json] [-o FILE] [AGENT...] [STATEMENT]",
    "stats [--all] [--by WHAT] [--json] [AGENT...]",
    "export --otlp [--content] [--family] [--endpoint URL]\n"
    "                          "
    "[--header-env NAME=VAR] [-o FILE] AGENT|BUNDLE...",
    "export --csv|--jsonl [--content] [--family] [-o FILE]\n"
    "                          "
    "AGENT|BUNDLE...",
    "watch [--interval DURATION] --all|[--family] AGENT...",
    "html [--diffs N] [--family] [--max-text SIZE] [--title TEXT]\n"
    "                        "
    "[-o FILE] AGENT|BUNDLE...",
    NULL};

const struct program auditopts_program = {.name = "agent-audit",
    .usage = usage,
    .purpose = "Print, prove and search the history of an agent.",
    .opts = opts,
    .notes = "BUNDLE is a file, '-' or AGENT@SEQ.  Options stand before the "
	     "operands.\nStatus: 0, 1 nothing matched, a head is not there, a "
	     "drift, 65 damaged, 66 no\nsuch agent or record."};

/* What an option without a value sets; or NULL. */
static bool *
flag_of(struct audit_args *a, int letter)
{
	switch (letter) {
	case 'f':
		return &a->follow;
	case 'n':
		return &a->dry;
	case AUDITOPT_ALL:
		return &a->all;
	case AUDITOPT_CONTENT:
		return &a->content;
	case AUDITOPT_CSV:
		return &a->csv;
	case AUDITOPT_JSONL:
		return &a->jsonl;
	case AUDITOPT_OTLP:
		return &a->otlp;
	case AUDITOPT_COUNT:
		return &a->count;
	case AUDITOPT_FAMILY:
		return &a->family;
	case AUDITOPT_JSON:
		return &a->json;
	case AUDITOPT_REQUEST:
		return &a->request;
	case AUDITOPT_TREE:
		return &a->tree;
	case AUDITOPT_STATE:
		return &a->state;
	default:
		return NULL;
	}
}

/* What keeps the value as it is; or NULL. */
static const char **
text_of(struct auditopts *all, int letter)
{
	struct audit_args *a = &all->verb;

	switch (letter) {
	case AUDITOPT_AGAINST:
		return &a->against;
	case AUDITOPT_BY:
		return &a->by;
	case AUDITOPT_POLICY:
		return &a->policy;
	case AUDITOPT_WHY:
		return &a->because;
	case AUDITOPT_ENDPOINT:
		return &a->endpoint;
	case AUDITOPT_HEAD:
		return &a->head;
	case AUDITOPT_KEY:
		return &a->key;
	case 'o':
		return &a->output;
	case AUDITOPT_TITLE:
		return &a->title;
	case AUDITOPT_ROOT:
		return &all->root;
	default:
		return NULL;
	}
}

static void
keep_type(struct audit_args *a, const char *v)
{
	enum record_type t = record_type_parse(v, strlen(v));

	if (t == RECORD_TYPES)
		die_usage(&auditopts_program, "--type: no type '%s'", v);
	a->types[t] = a->typed = true;
}

/* The others. */
static void
keep(struct audit_args *a, int letter, const char *v)
{
	switch (letter) {
	case AUDITOPT_DEPTH:
		a->depth = value_integer(&auditopts_program, "depth", v);
		break;
	case AUDITOPT_FROM:
		a->from = value_integer(&auditopts_program, "from", v);
		break;
	case AUDITOPT_LIMIT:
		a->limit = value_integer(&auditopts_program, "limit", v);
		break;
	case 't':
		keep_type(a, v);
		break;
	case AUDITOPT_HEADER_ENV:
		if (a->header_count == AUDIT_HEADERS)
			die_usage(&auditopts_program,
			    "--header-env: too many of them");
		a->header[a->header_count++] = v;
		break;
	case AUDITOPT_INTERVAL:
		a->interval = value_duration(&auditopts_program, "interval", v);
		break;
	case AUDITOPT_DIFFS:
		if (num_int(v, 0, INT32_MAX, &a->diffs) < 0)
			die_usage(&auditopts_program,
			    "--diffs: want a number, not '%s'", v);
		break;
	case AUDITOPT_MAX_TEXT:
		a->max_text = value_size(
		    &auditopts_program, "max-text", v, (int64_t)1 << 40);
		break;
	case AUDITOPT_RERUN:
		if (strcmp(v, "none-effect") != 0)
			die_usage(&auditopts_program,
			    "--rerun-tools: want none-effect, not '%s'", v);
		a->rerun = true;
		break;
	case AUDITOPT_UNTIL:
		a->until = value_integer(&auditopts_program, "until", v);
		break;
	default:
		die(EX_SOFTWARE, "an option that nothing keeps");
	}
}

void
auditopts_take(void *all, int letter, const char *v)
{
	struct auditopts *out = all;
	bool *flag = flag_of(&out->verb, letter);
	const char **text = text_of(out, letter);

	out->given[letter] = true;
	if (flag != NULL)
		*flag = true;
	else if (text != NULL)
		*text = v;
	else
		keep(&out->verb, letter, v);
}
