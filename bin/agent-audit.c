/* agent-audit: the history of an agent printed, proved and asked about. */
#include <string.h>
#include <sys/stat.h>

#include "cli/auditopts.h"

#define TAKES       12
#define AT_LEAST(n) (-1 - (n))

static const struct verb {
	const char *name;
	int operands; /* or AT_LEAST so many */
	int (*run)(const struct audit_args *, char *args[]);
	int takes[TAKES]; /* options, besides those of all verbs */
} verbs[] = {
    {"explain", 2, auditverb_explain, {AUDITOPT_DEPTH, AUDITOPT_JSON}},
    {"export", AT_LEAST(1), auditverb_export,
	{AUDITOPT_CONTENT, AUDITOPT_CSV, AUDITOPT_ENDPOINT, AUDITOPT_FAMILY,
	    AUDITOPT_HEADER_ENV, AUDITOPT_JSONL, AUDITOPT_OTLP, 'o'}},
    {"head", 1, auditverb_head, {0}},
    {"html", AT_LEAST(1), auditverb_html,
	{AUDITOPT_DIFFS, AUDITOPT_FAMILY, AUDITOPT_MAX_TEXT, 'o',
	    AUDITOPT_TITLE}},
    {"log", 1, auditverb_log, {'f', AUDITOPT_JSON, 't'}},
    {"query", AT_LEAST(1), auditverb_query,
	{AUDITOPT_ALL, AUDITOPT_COUNT, AUDITOPT_JSON, AUDITOPT_LIMIT}},
    {"redact", AT_LEAST(0), auditverb_redact,
	{AUDITOPT_ALL, 'n', AUDITOPT_POLICY, AUDITOPT_WHY}},
    {"replay", AT_LEAST(0), auditverb_replay,
	{AUDITOPT_ALL, AUDITOPT_JSON, AUDITOPT_RERUN, AUDITOPT_STATE,
	    AUDITOPT_UNTIL}},
    {"show", 2, auditverb_show, {AUDITOPT_REQUEST}},
    {"sql", AT_LEAST(0), auditverb_sql,
	{AUDITOPT_ALL, AUDITOPT_CSV, AUDITOPT_JSON, 'o'}},
    {"stats", AT_LEAST(0), auditverb_stats,
	{AUDITOPT_ALL, AUDITOPT_BY, AUDITOPT_JSON}},
    {"verify", AT_LEAST(0), auditverb_verify,
	{AUDITOPT_AGAINST, AUDITOPT_ALL, AUDITOPT_FROM, AUDITOPT_HEAD,
	    AUDITOPT_JSON, AUDITOPT_KEY, AUDITOPT_TREE}},
    {"watch", AT_LEAST(0), auditverb_watch,
	{AUDITOPT_ALL, AUDITOPT_FAMILY, AUDITOPT_INTERVAL}},
};

static const struct verb *
find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	die_usage(&auditopts_program, "unknown verb '%s'", name);
}

/* What a verb does not take would be passed over. */
static void
refuse_foreign(const struct verb *v, const bool given[])
{
	const struct opt *o;
	bool taken;
	size_t i;

	for (o = auditopts_program.opts; o->name != NULL; o++) {
		taken = o->letter == AUDITOPT_ROOT;
		for (i = 0; i < TAKES; i++)
			taken = taken || v->takes[i] == o->letter;
		if (given[o->letter] && !taken)
			die_usage(&auditopts_program, "%s: takes no --%s",
			    v->name, o->name);
	}
}

int
main(int argc, char *argv[])
{
	struct auditopts a = {.verb.program = &auditopts_program,
	    .verb.diffs = -1,
	    .verb.interval = CLOCK_SECOND};
	const struct verb *verb;
	struct root root;
	int first, n;

	verb = find_verb(opt_verb(
	    &auditopts_program, argc, argv, auditopts_take, &a, &first));
	refuse_foreign(verb, a.given);
	n = argc - first;
	if (verb->operands < 0 ? n < AT_LEAST(verb->operands)
			       : n != verb->operands)
		die_usage(&auditopts_program, "%s: wrong number of operands",
		    verb->name);
	(void)umask(077);
	/* A bundle's file can be read where there is no root. */
	if (root_open(a.root, false, &root, &a.verb.why) == 0)
		a.verb.open = &root;
	else if (a.root != NULL || (a.verb.why.status != EX_NOINPUT &&
				       a.verb.why.status != EX_CONFIG))
		die_err(&a.verb.why);
	finish(verb->run(&a.verb, argv + first));
}
