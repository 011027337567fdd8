/* agent-ckpt: bundles made, inspected, judged, restored, moved, pruned. */
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/ckptopts.h"

#define TAKES 8

static const struct verb {
	const char *name;
	int operands; /* below 0: so many or more */
	int (*run)(const struct ckpt_args *, char *args[]);
	int takes[TAKES]; /* options, besides those of all verbs */
} verbs[] = {
    {"cat", 2, ckptverb_cat, {0}},
    {"check", -1, ckptverb_check,
	{CKPTOPT_JUNIT, CKPTOPT_RULES, CKPTOPT_SINCE}},
    {"diff", 2, ckptverb_diff,
	{CKPTOPT_FILES, CKPTOPT_MAX_TEXT, CKPTOPT_NAME_ONLY, CKPTOPT_STAT,
	    CKPTOPT_STATE}},
    {"export", 1, ckptverb_export, {'o'}},
    {"import", 1, ckptverb_import,
	{'m', CKPTOPT_NAME, CKPTOPT_TOOLS, CKPTOPT_TRUST}},
    {"list", 1, ckptverb_list, {0}},
    {"prune", 1, ckptverb_prune,
	{CKPTOPT_ALSO, CKPTOPT_DAILY, CKPTOPT_EACH, CKPTOPT_KEEP, 'n'}},
    {"pull", 1, ckptverb_pull, {'o', CKPTOPT_PLAIN_HTTP}},
    {"push", 2, ckptverb_push, {CKPTOPT_PLAIN_HTTP}},
    {"restore", 1, ckptverb_restore,
	{'m', 'n', CKPTOPT_AT, CKPTOPT_NAME, CKPTOPT_NEW_AGENT, CKPTOPT_TO,
	    CKPTOPT_TOOLS, CKPTOPT_TRUST}},
    {"save", 1, ckptverb_save, {CKPTOPT_FULL}},
    {"show", 1, ckptverb_show, {CKPTOPT_MESSAGES}},
    {"verify", 1, ckptverb_verify, {0}},
};

static const struct verb *
find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	die_usage(&ckptopts_program, "unknown verb '%s'", name);
}

/* What a verb does not take would be passed over, and -n done for real. */
static void
refuse_foreign(const struct verb *v, const bool given[])
{
	const struct opt *o;
	bool taken;
	size_t i;

	for (o = ckptopts_program.opts; o->name != NULL; o++) {
		taken = o->letter == CKPTOPT_JSON || o->letter == CKPTOPT_KEY ||
			o->letter == CKPTOPT_MAX_SIZE ||
			o->letter == CKPTOPT_ROOT ||
			o->letter == CKPTOPT_SECRET;
		for (i = 0; i < TAKES; i++)
			taken = taken || v->takes[i] == o->letter;
		if (given[o->letter] && !taken)
			die_usage(&ckptopts_program, "%s: takes no --%s",
			    v->name, o->name);
	}
}

int
main(int argc, char *argv[])
{
	struct ckptopts a = {.verb.program = &ckptopts_program};
	const struct verb *verb;
	struct root root;
	bool makes;
	struct err e;
	int first, n;

	verb = find_verb(
	    opt_verb(&ckptopts_program, argc, argv, ckptopts_take, &a, &first));
	refuse_foreign(verb, a.given);
	n = argc - first;
	if (verb->operands < 0 ? n < -verb->operands : n != verb->operands)
		die_usage(&ckptopts_program, "%s: wrong number of operands",
		    verb->name);
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
