#include "cli/secretargs.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "model/model.h"

#define VARIABLE "AGENT_SECRETS"

void
secret_arg(const struct program *p, struct secret_args *a, const char *spec)
{
	if (a->count == COUNT_OF(a->spec))
		die_usage(p, "too many secrets");
	a->spec[a->count++] = spec;
}

bool
secret_args_once(const struct secret_args *a)
{
	const char *source;
	size_t i;

	for (i = 0; i < a->count; i++) {
		source = strchr(a->spec[i], '=');
		if (source != NULL && strncmp(source, "=fd:", 4) == 0)
			return true;
	}
	return false;
}

static void
load(struct secrets *all, const char *spec)
{
	struct err e;

	if (secrets_load(all, spec, &e) < 0)
		die_err(&e);
}

/* An option of the same name wins. */
static void
load_variable(struct secrets *all)
{
	const char *list = getenv(VARIABLE);
	char *words CLEANUP_FREE = mem_strdup(list == NULL ? "" : list);
	char *word, *name, *rest = NULL;

	for (word = strtok_r(words, " \t\n", &rest); word != NULL;
	     word = strtok_r(NULL, " \t\n", &rest)) {
		name = mem_dup(word, strcspn(word, ":="));
		if (secrets_find(all, name) == NULL)
			load(all, word);
		free(name);
	}
}

/* What is too short to be told from other text is no key: servers of one's
 * own take any. */
static void
load_keys(struct secrets *all)
{
	const char *name, *value;
	struct err e;
	size_t i;

	for (i = 0; (name = model_key_variable(i)) != NULL; i++) {
		value = getenv(name);
		if (value == NULL || strlen(value) < SECRET_LEAST ||
		    secrets_find(all, name) != NULL)
			continue;
		if (secrets_add(all, name, NULL,
			(struct slice){value, strlen(value)}, &e) < 0)
			die_err(&e);
	}
}

const struct secrets *
secret_args_load(struct secret_args *a)
{
	const struct rlimit none = {0, 0};
	size_t i;

	for (i = 0; i < a->count; i++)
		load(&a->secrets, a->spec[i]);
	load_variable(&a->secrets);
	load_keys(&a->secrets);
	if (a->secrets.count == 0)
		return NULL;
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	return &a->secrets;
}

void
secret_args_free(struct secret_args *a)
{
	secrets_free(&a->secrets);
}
