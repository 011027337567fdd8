/*
 * agent-exec: run one command inside the sandbox that a set of grants
 * compiles to.  See agent-exec(1).
 */
#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/root.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/secret.h"
#include "cli/env.h"
#include "cli/opt.h"
#include "cli/policy.h"
#include "cli/stop.h"
#include "cli/value.h"
#include "sandbox/guard.h"
#include "sandbox/proxy.h"
#include "sandbox/sandbox.h"

#define SECRETS_MOST 64
#define GRACE        (2 * CLOCK_SECOND) /* between SIGTERM and SIGKILL */

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

static const struct program program = {
    .name = "agent-exec",
    .usage = usage,
    .purpose = "Run one command where only granted files exist.",
    .opts = opts,
    .notes = "Without -g: system folders to read and execute, and the\n"
	     "workspace to read and write.",
};

/* What the command line asks for. */
struct request {
	struct policy_args grants;
	struct policy policy; /* that they make */
	enum sandbox_mode mode;
	char *workspace;
	int64_t timeout;
	int status_fd;
	struct env_args env;
	struct spawn_limits limits;
	const char *secret[SECRETS_MOST]; /* as the options say */
	size_t secret_count;
	struct secrets secrets;
};

static void
set_workspace(struct request *r, const char *dir)
{
	free(r->workspace);
	r->workspace = realpath(dir, NULL);
	if (r->workspace == NULL)
		die(EX_NOINPUT, "workspace '%s': %s", dir, strerror(errno));
}

static void
set_limit(struct spawn_limits *l, int option, const char *value)
{
	if (option == OPT_CPU)
		l->cpu_seconds = (value_duration(&program, "cpu", value) +
				     CLOCK_SECOND - 1) /
				 CLOCK_SECOND;
	else if (option == OPT_FILE_SIZE)
		l->file_bytes =
		    value_size(&program, "file-size", value, INT64_MAX);
	else if (option == OPT_MEMORY)
		l->memory_bytes =
		    value_size(&program, "memory", value, INT64_MAX);
	else
		l->processes = value_integer(&program, "processes", value);
}

static void
set_option(struct request *r, int option, const char *value)
{
	switch (option) {
	case OPT_ALLOW:
		policy_arg(&r->grants, "allow", value);
		break;
	case OPT_DENY:
		policy_arg(&r->grants, "deny", value);
		break;
	case OPT_ENV:
		env_arg(&program, &r->env, value);
		break;
	case OPT_SANDBOX:
		r->mode = value_sandbox(&program, value);
		break;
	case OPT_SECRET:
		if (r->secret_count == SECRETS_MOST)
			die_usage(&program, "too many secrets");
		r->secret[r->secret_count++] = value;
		break;
	case OPT_STATUS:
		r->status_fd = value_descriptor(&program, "json-status", value);
		break;
	case OPT_CPU:
	case OPT_FILE_SIZE:
	case OPT_MEMORY:
	case OPT_PROCESSES:
		set_limit(&r->limits, option, value);
		break;
	case 'g':
		policy_arg(&r->grants, "", value);
		break;
	case 't':
		r->timeout = value_duration(&program, "timeout", value);
		break;
	case 'w':
		set_workspace(r, value);
		break;
	}
}

/* Wait for it; true when its time was up. */
static bool
attend(struct child *c, int signals, int64_t timeout)
{
	struct pollfd p[] = {{.fd = c->pidfd, .events = POLLIN},
	    {.fd = signals, .events = POLLIN}};
	int64_t deadline = clock_deadline(timeout);
	bool late = false, ending = false;
	struct signalfd_siginfo info;
	int n;

	for (;;) {
		n = poll(p, COUNT_OF(p), clock_poll_ms(deadline));
		if (n < 0 && errno != EINTR)
			die(EX_OSERR, "cannot wait: %s", strerror(errno));
		if (n > 0 && p[0].revents != 0)
			return late;
		if (n > 0 && p[1].revents != 0)
			(void)!read(signals, &info, sizeof(info));
		else if (n != 0)
			continue;
		else if (!ending)
			late = true;
		if (ending && n == 0)
			spawn_kill(c);
		else
			spawn_terminate(c);
		deadline =
		    ending && n == 0 ? CLOCK_NEVER : clock_deadline(GRACE);
		ending = true;
	}
}

static void
write_status(
    int fd, const struct child_end *end, bool late, const struct buf *net)
{
	struct buf text CLEANUP_BUF = {0};
	struct jsonw w = {.out = &text};
	struct err e;

	if (fd < 0)
		return;
	jsonw_object(&w, NULL);
	jsonw_integer(&w, "status", end->status);
	jsonw_integer(&w, "signal", end->signal);
	jsonw_bool(&w, "timeout", late);
	jsonw_integer(&w, "cpu_ns", end->cpu_ns);
	if (net->len > 0)
		jsonw_raw(&w, "net", net->data, net->len);
	jsonw_end(&w, '}');
	buf_putc(&text, '\n');
	if (file_write_all(fd, text.data, text.len, "--json-status", &e) < 0)
		die_err(&e);
}

static char *
agents_root(void)
{
	char *path = NULL;
	struct err e;

	return root_path(NULL, &path, &e) < 0 ? NULL : path;
}

/* The agents' root, which no command sees; NULL when there is none. */
static char *
hidden_root(const char *path, const char *workspace)
{
	char *real = path == NULL ? NULL : realpath(path, NULL);

	if (real != NULL && path_below(workspace, real))
		die(EX_NOPERM, "the workspace '%s' lies in the agents' root",
		    workspace);
	return real;
}

/* A call that met something denied: what it wrote is out already. */
static int
look_again(const struct guard *g, const char *root, int status)
{
	char *quarantine CLEANUP_FREE =
	    root == NULL ? NULL : mem_printf("%s/quarantine", root);
	struct buf why CLEANUP_BUF = {0};

	if (!guard_check(g, quarantine, &why))
		return status;
	warn_msg("%s", buf_str(&why));
	return EX_NOPERM;
}

/* A command reads what it can: all that is marked, and the network. */
static unsigned
labels(const struct request *r)
{
	return LABEL_TAINTED | policy_labels_of(&r->policy, GRANT_FILE) |
	       policy_labels_of(&r->policy, GRANT_NET);
}

/* What the policy says of the network. */
static struct proxy_job
proxy_job(const struct request *r)
{
	return (struct proxy_job){.policy = &r->policy,
	    .workspace = r->workspace,
	    .now = clock_real(),
	    .labels = labels(r),
	    .secrets = &r->secrets};
}

/* Spawn it with its network; `*net` stands for its proxy. */
static void
spawn_all(struct request *r, struct launcher *l, struct spawn *s,
    struct child *child, int *net)
{
	const struct proxy_job job = proxy_job(r);
	const char *const *more;
	struct err e;

	if (proxy_prepare(l, &job, s, &more, &e) < 0)
		die_err(&e);
	for (; more != NULL && *more != NULL; more++)
		env_args_default(&r->env, *more);
	s->env = env_args_list(&r->env);
	if (launcher_spawn(l, s, child, &e) < 0 ||
	    proxy_serve(l, &job, child, net, &e) < 0)
		die_err(&e);
}

static int
run(struct request *r, struct launcher *l, char *argv[])
{
	struct view view CLEANUP(view_free) = {0};
	struct guard guard CLEANUP(guard_free) = {0};
	char *root CLEANUP_FREE = agents_root();
	char *hidden CLEANUP_FREE = hidden_root(root, r->workspace);
	struct child_end end;
	struct child child;
	struct spawn s = {.view = &view,
	    .argv = (const char *const *)argv,
	    .limits = r->limits,
	    .in = STDIN_FILENO,
	    .out = STDOUT_FILENO,
	    .errout = STDERR_FILENO};
	struct buf asked CLEANUP_BUF = {0};
	int signals = stop_signals(), net = -1;
	struct err e;
	bool late;

	if (view_compile(&r->policy, r->workspace, hidden, NULL, labels(r),
		clock_real(), &view, &e) < 0)
		die_err(&e);
	guard_take(&guard, &view);
	spawn_all(r, l, &s, &child, &net);
	late = attend(&child, signals, r->timeout);
	if (child_wait(&child, &end, &e) < 0)
		die_err(&e);
	proxy_finish(&net, &r->policy, &asked);
	write_status(r->status_fd, &end, late, &asked);
	return look_again(&guard, root, late ? EX_DEADLINE : end.status);
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

/* Small processes first, secrets then: nobody inherits them. */
static struct launcher *
start(struct request *r)
{
	struct proxy_job job = proxy_job(r);
	struct launcher *l;
	struct err e;
	size_t i;

	if (launcher_start(r->mode, &l, &e) < 0)
		die_err(&e);
	if (launcher_missing(l)[0] != '\0')
		warn_msg("not enforced: %s", launcher_missing(l));
	if (proxy_wanted(&job) && !launcher_has_networks(l))
		warn_msg("no network: that needs namespaces");
	if (proxy_wanted(&job) && launcher_add_proxy(l, &e) < 0)
		die_err(&e);
	for (i = 0; i < r->secret_count; i++)
		if (secrets_load(&r->secrets, r->secret[i], &e) < 0)
			die_err(&e);
	if (proxy_check(&job, &e) < 0)
		die_err(&e);
	return l;
}

int
main(int argc, char *argv[])
{
	struct request r = {.timeout = CLOCK_NEVER, .status_fd = -1};
	struct launcher *l;
	const char *value;
	int option, first, status;

	env_args_base(&r.env);
	while ((option = opt_next(&program, argc, argv, &value, &first)) != -1)
		set_option(&r, option, value);
	if (first == argc)
		die_usage(&program, "a command is missing");
	if (r.workspace == NULL)
		set_workspace(&r, ".");
	policy_args_build(&r.grants, &r.policy);
	check_uses(&r.policy);
	l = start(&r);
	status = run(&r, l, argv + first);
	launcher_stop(l);
	secrets_free(&r.secrets);
	policy_free(&r.policy);
	free(r.workspace);
	env_args_free(&r.env);
	finish(status);
}
