#include "cli/execopts.h"

#include <errno.h>

#include "base/clock.h"
#include "cli/value.h"

enum {
	OPT_ALLOW = 1000,
	OPT_CPU,
	OPT_DENY,
	OPT_ENV,
	OPT_FILE_SIZE,
	OPT_MEMORY,
	OPT_PROCESSES,
	OPT_SANDBOX,
	OPT_SECRET,
	OPT_STATUS
};

static const struct opt opts[] = {
    {"allow", OPT_ALLOW, "GRANT", "add the line 'allow GRANT'"},
    {"cpu", OPT_CPU, "DURATION", "processor time of each process"},
    {"deny", OPT_DENY, "GRANT", "add the line 'deny GRANT'"},
    {"env", OPT_ENV, "NAME=VALUE", "set a variable for the command"},
    {"file-size", OPT_FILE_SIZE, "SIZE", "how large a file may get"},
    {"grants", 'g', "FILE", "the policy, instead of the default one"},
    {"json-status", OPT_STATUS, "FD", "write how it ended to a descriptor"},
    {"memory", OPT_MEMORY, "SIZE", "memory of each process"},
    {"processes", OPT_PROCESSES, "N", "how many there may be at a time"},
    {"sandbox", OPT_SANDBOX, "MODE", "strict, or best-effort"},
    {"secret", OPT_SECRET, "NAME=SOURCE",
	"a credential for grants 'with NAME'"},
    {"timeout", 't', "DURATION", "end it after this time, status 124"},
    {"workspace", 'w', "DIR", "the working folder (.)"},
    {NULL, 0, NULL, NULL},
};

static const char *const usage[] = {
    "[OPTION]... [--] COMMAND [ARGUMENT]...", NULL};

const struct program exec_program = {
    .name = "agent-exec",
    .usage = usage,
    .purpose = "Run one command where only granted files exist.",
    .opts = opts,
    .notes = "Without -g: system folders to read and execute, and the\n"
	     "workspace to read and write.",
};

static void
set_workspace(struct exec_args *a, const char *dir)
{
	free(a->workspace);
	a->workspace = realpath(dir, NULL);
	if (a->workspace == NULL)
		die(EX_NOINPUT, "workspace '%s': %s", dir, strerror(errno));
}

static void
set_limit(struct spawn_limits *l, int option, const char *value)
{
	if (option == OPT_CPU)
		l->cpu_seconds = (value_duration(&exec_program, "cpu", value) +
				     CLOCK_SECOND - 1) /
				 CLOCK_SECOND;
	else if (option == OPT_FILE_SIZE)
		l->file_bytes =
		    value_size(&exec_program, "file-size", value, INT64_MAX);
	else if (option == OPT_MEMORY)
		l->memory_bytes =
		    value_size(&exec_program, "memory", value, INT64_MAX);
	else
		l->processes = value_integer(&exec_program, "processes", value);
}

static void
set_option(struct exec_args *a, int option, const char *value)
{
	switch (option) {
	case OPT_ALLOW:
		policy_arg(&a->grants, "allow", value);
		break;
	case OPT_DENY:
		policy_arg(&a->grants, "deny", value);
		break;
	case OPT_ENV:
		env_arg(&exec_program, &a->env, value);
		break;
	case OPT_SANDBOX:
		a->mode = value_sandbox(&exec_program, value);
		break;
	case OPT_SECRET:
		secret_arg(&exec_program, &a->secrets, value);
		break;
	case OPT_STATUS:
		a->status_fd =
		    value_descriptor(&exec_program, "json-status", value);
		break;
	case OPT_CPU:
	case OPT_FILE_SIZE:
	case OPT_MEMORY:
	case OPT_PROCESSES:
		set_limit(&a->limits, option, value);
		break;
	case 'g':
		policy_arg(&a->grants, "", value);
		break;
	case 't':
		a->timeout = value_duration(&exec_program, "timeout", value);
		break;
	case 'w':
		set_workspace(a, value);
		break;
	}
}

/* Nothing remembers, from one command to the next, how often; the proxy counts
 * within one. */
static void
check_uses(const struct policy *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->grants[i].kind != GRANT_NET &&
		    p->grants[i].limits.uses >= 0)
			die(EX_CONFIG,
			    "'%s': uses are not counted by this program",
			    p->grants[i].line);
}

char **
exec_args_parse(int argc, char *argv[], struct exec_args *out)
{
	struct exec_args a = {.timeout = CLOCK_NEVER, .status_fd = -1};
	const char *value;
	int option, first;

	env_args_base(&a.env);
	while ((option = opt_next(&exec_program, argc, argv, &value, &first)) !=
	       -1)
		set_option(&a, option, value);
	if (first == argc)
		die_usage(&exec_program, "a command is missing");
	if (a.workspace == NULL)
		set_workspace(&a, ".");
	policy_args_build(&a.grants, &a.policy);
	check_uses(&a.policy);
	*out = a;
	return argv + first;
}

void
exec_args_free(struct exec_args *a)
{
	secret_args_free(&a->secrets);
	policy_free(&a->policy);
	free(a->workspace);
	env_args_free(&a->env);
}
