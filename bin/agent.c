/* agent: `agent run …` runs `agent-run …`; `agent help` lists the programs. */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/opt.h"

static const struct {
	const char *name, *does;
} programs[] = {
    {"run", "create an agent, or go on with one, and drive it"},
    {"fork", "make children of an agent"},
    {"ps", "list agents"},
    {"audit", "print and verify an agent's history"},
    {"ckpt", "make, inspect, verify and restore checkpoints"},
    {"grant", "list and answer what agents ask of people"},
    {"send", "tell an agent something"},
    {"wait", "block until agents have reached a state"},
    {"tool", "list, describe or call tools without a model"},
    {"exec", "run a command in the sandbox"},
    {"model", "one model call"},
};

static const struct opt opts[] = {{NULL, 0, NULL, NULL}};
static const char *const usage[] = {
    "PROGRAM [ARGUMENT…]", "help [PROGRAM]", NULL};
static const struct program program = {.name = "agent",
    .usage = usage,
    .purpose = "Run one of the agentutils: `agent run …` is `agent-run …`.",
    .opts = opts};

static void
list(void)
{
	size_t i;

	printf("usage: agent PROGRAM [ARGUMENT…]\n\n");
	for (i = 0; i < COUNT_OF(programs); i++)
		printf("  agent-%-8s %s\n", programs[i].name, programs[i].does);
	printf("\n`agent help PROGRAM` shows its manual, "
	       "`man agentutils` the concepts.\n");
	finish(0);
}

/* The program beside this one, else the one in PATH. */
static NORETURN void
run(const char *name, char *argv[])
{
	char self[PATH_MAX], *slash, *beside CLEANUP_FREE = NULL;
	char *plain CLEANUP_FREE = mem_printf("agent-%s", name);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	argv[0] = plain;
	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		beside = mem_printf("%s/%s", self, plain);
		execv(beside, argv);
	}
	execvp(plain, argv);
	die(errno == ENOENT ? EX_NOT_FOUND : EX_CANNOT_EXECUTE,
	    "cannot run '%s': %s", plain, strerror(errno));
}

static NORETURN void
help(char *argv[])
{
	char *page CLEANUP_FREE = mem_printf("agent-%s", argv[2]);
	char name[] = "man", *man[] = {name, page, NULL};
	int status;
	pid_t pid;

	/* Without man(1), or without the page, it helps itself. */
	if (posix_spawnp(&pid, man[0], NULL, NULL, man, environ) == 0 &&
	    waitpid(pid, &status, 0) == pid && status == 0)
		exit(0);
	argv[2] = mem_strdup("--help");
	argv[1] = mem_strdup(page + strlen("agent-"));
	run(argv[1], argv + 1);
}

int
main(int argc, char *argv[])
{
	const char *value;
	int first = 1;

	if (opt_next(&program, argc, argv, &value, &first) != -1)
		die_usage(&program, "unknown option");
	if (argc <= first)
		die_usage(&program, "no program");
	argv += first - 1;
	argc -= first - 1;
	if (strcmp(argv[1], "help") == 0 && argc == 2)
		list();
	if (strcmp(argv[1], "help") == 0)
		help(argv);
	run(argv[1], argv + 1);
}
