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
#include "cli/execopts.h"
#include "cli/stop.h"
#include "sandbox/guard.h"
#include "sandbox/proxy.h"
#include "sandbox/sandbox.h"

#define GRACE (2 * CLOCK_SECOND) /* between SIGTERM and SIGKILL */

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
	jsonw_integer(&w, "cpu_ns", end->took.cpu_ns);
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
labels(const struct exec_args *a)
{
	return LABEL_TAINTED | policy_labels_of(&a->policy, GRANT_FILE) |
	       policy_labels_of(&a->policy, GRANT_NET);
}

/* What the policy says of the network. */
static struct proxy_job
proxy_job(const struct exec_args *a)
{
	return (struct proxy_job){.policy = &a->policy,
	    .workspace = a->workspace,
	    .now = clock_real(),
	    .labels = labels(a),
	    .secrets = &a->secrets.secrets};
}

/* Spawn it with its network; `*net` stands for its proxy. */
static void
spawn_all(struct exec_args *a, struct launcher *l, struct spawn *s,
    struct child *child, int *net)
{
	const struct proxy_job job = proxy_job(a);
	const char *const *more;
	struct err e;

	if (proxy_prepare(l, &job, s, &more, &e) < 0)
		die_err(&e);
	for (; more != NULL && *more != NULL; more++)
		env_args_default(&a->env, *more);
	s->env = env_args_list(&a->env);
	if (launcher_spawn(l, s, child, &e) < 0 ||
	    proxy_serve(l, &job, child, net, &e) < 0)
		die_err(&e);
}

static int
run(struct exec_args *a, struct launcher *l, char *argv[])
{
	struct view view CLEANUP(view_free) = {0};
	struct guard guard CLEANUP(guard_free) = {0};
	char *root CLEANUP_FREE = agents_root();
	char *hidden CLEANUP_FREE = hidden_root(root, a->workspace);
	struct child_end end;
	struct child child;
	struct spawn s = {.view = &view,
	    .argv = (const char *const *)argv,
	    .limits = a->limits,
	    .in = STDIN_FILENO,
	    .out = STDOUT_FILENO,
	    .errout = STDERR_FILENO};
	struct buf asked CLEANUP_BUF = {0};
	int signals = stop_signals(), net = -1;
	struct err e;
	bool late;

	if (view_compile(&a->policy, a->workspace, hidden, NULL, labels(a),
		clock_real(), &view, &e) < 0)
		die_err(&e);
	guard_take(&guard, &view);
	spawn_all(a, l, &s, &child, &net);
	late = attend(&child, signals, a->timeout);
	if (child_wait(&child, &end, &e) < 0)
		die_err(&e);
	proxy_finish(&net, &a->policy, &asked);
	write_status(a->status_fd, &end, late, &asked);
	return look_again(&guard, root, late ? EX_DEADLINE : end.status);
}

/* Small processes first, secrets then: nobody inherits them. */
static struct launcher *
start(struct exec_args *a)
{
	struct proxy_job job = proxy_job(a);
	struct secret_args *named = &a->secrets;
	struct launcher *l;
	struct err e;
	size_t i;

	if (launcher_start(a->mode, &l, &e) < 0)
		die_err(&e);
	if (launcher_missing(l)[0] != '\0')
		warn_msg("not enforced: %s", launcher_missing(l));
	if (proxy_wanted(&job) && !launcher_has_networks(l))
		warn_msg("no network: that needs namespaces");
	if (proxy_wanted(&job) && launcher_add_proxy(l, &e) < 0)
		die_err(&e);
	for (i = 0; i < named->count; i++)
		if (secrets_load(&named->secrets, named->spec[i], &e) < 0)
			die_err(&e);
	if (proxy_check(&job, &e) < 0)
		die_err(&e);
	return l;
}

int
main(int argc, char *argv[])
{
	struct exec_args a;
	struct launcher *l;
	char **command;
	int status;

	command = exec_args_parse(argc, argv, &a);
	l = start(&a);
	status = run(&a, l, command);
	launcher_stop(l);
	exec_args_free(&a);
	finish(status);
}
