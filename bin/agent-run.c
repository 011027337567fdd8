/* agent-run: create an agent, or go on with one, and drive it. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/image.h"
#include "agent/order.h"
#include "base/file.h"
#include "cli/runopts.h"
#include "cli/stop.h"
#include "model/command.h"
#include "sandbox/proxy.h"

/* Before a run began: the error is the last event as well. */
static NORETURN void
fail(const struct run_args *a, const char *id, struct err *e)
{
	secrets_scrub_err(&a->secrets.secrets, e);
	watch_failed(a->watch, a->events, id, e);
	die_err(e);
}

/* What would end its first run at once leaves no agent behind. */
static void
check_first(const struct run_args *a, struct launcher *launcher)
{
	const char *prices =
	    a->run.prices != NULL ? a->run.prices : getenv("AGENT_PRICES");
	struct tool_table tools;
	struct model *model;
	struct err e;
	size_t i;

	if (model_open(a->birth.model, &model, &e) < 0)
		fail(a, NULL, &e);
	model_close(model);
	if (prices != NULL && prices[0] != '\0' && access(prices, R_OK) < 0)
		die(EX_NOINPUT, "price file '%s': %s", prices, strerror(errno));
	if (proxy_check(&(struct proxy_job){.policy = a->birth.policy,
			    .secrets = launcher_secrets(launcher)},
		&e) < 0)
		fail(a, NULL, &e);
	tool_table_init(&tools);
	for (i = 0; i < a->birth.tool_count; i++)
		if (tool_table_add_dir(&tools, a->tools[i], launcher, &e) < 0)
			fail(a, NULL, &e);
	tool_table_free(&tools);
}

/*
 * What runs for the agent with more authority than its commands, the agent
 * does not rewrite: tools, which grants may be limited to, and a program that
 * is its model, which runs outside the sandbox.
 */
static void
guard(const struct run_args *a, struct policy *p)
{
	struct command model = {0};
	char *path = NULL;
	struct err e;
	size_t i;

	for (i = 0; i < a->birth.tool_count; i++)
		if (policy_add_guard(p, a->tools[i], true, "--tools", &e) < 0)
			die_err(&e);
	if (strncmp(a->birth.model, "exec:", 5) == 0 &&
	    command_parse(a->birth.model + 5, &model, &e) == 0 &&
	    (path = realpath(model.path, NULL)) != NULL &&
	    policy_add_guard(p, path, false, "model", &e) < 0)
		die_err(&e);
	free(path);
	command_free(&model);
}

static void
new_agent(struct root *root, struct run_args *a, struct launcher *launcher,
    char id[ULID_TEXT])
{
	struct image image CLEANUP(image_free) = {0};
	struct policy policy;
	struct err e;
	char *model, *dir = NULL;

	if (a->image != NULL && image_read(a->image, &image, &e) < 0)
		fail(a, NULL, &e);
	/* An image may ask for authority; starting a program here is more. */
	if (a->birth.model == NULL && image.model != NULL &&
	    strncmp(image.model, "exec:", 5) == 0)
		die(EX_CONFIG,
		    "the image wants '%s' to be run as its model: if it may, "
		    "give -m",
		    image.model);
	image_fill(&image, &a->birth);
	if (a->birth.model == NULL)
		a->birth.model = getenv("AGENT_MODEL");
	if (a->birth.model == NULL)
		die_usage(
		    &runopts_program, "no model: give -m, or set AGENT_MODEL");
	if (a->birth.copy && a->birth.workspace == NULL)
		die_usage(&runopts_program, "--copy needs -w DIR");
	if (a->birth.workspace != NULL &&
	    (dir = realpath(a->birth.workspace, NULL)) == NULL)
		die(EX_NOINPUT, "-w: '%s': %s", a->birth.workspace,
		    strerror(errno));
	model = image_model_path(a->birth.model);
	policy_args_build(&a->grants, &policy);
	guard(a, &policy);
	a->birth.model = model;
	a->birth.workspace = dir;
	a->birth.policy = &policy;
	a->birth.tools = a->tools;
	check_first(a, launcher);
	if (birth_agent(root, &a->birth, id, &e) < 0)
		fail(a, NULL, &e);
	birth_sweep(root);
	policy_free(&policy);
	free(model);
	free(dir);
}

static int
drive(struct root *root, struct run_args *a, const char *id,
    struct launcher *launcher)
{
	struct session s;
	struct run_end end;
	struct watch watch;
	struct err e;
	int r;

	if (session_write(root, id, &s, &e) < 0) {
		fail(a, id, &e);
	}
	watch_start(&watch, a->watch, a->events, id, &s.state, &a->run);
	r = run_agent(&s, launcher, &a->run, &end, &e);
	if (r < 0) {
		secrets_scrub_err(root->secrets, &e);
		end.state = AGENT_READY;
		end.status = e.status;
		(void)snprintf(end.why, sizeof(end.why), "%s", e.msg);
	}
	watch_end(&watch, &s, &end);
	session_close(&s);
	order_sweep(root, id);
	return end.status;
}

static NORETURN void
run_all(struct run_args *a)
{
	struct root root;
	struct err e;
	int status;

	if (root_open(a->root, false, &root, &e) < 0) {
		/* A root that is not there yet holds no agents. */
		if (e.status == EX_NOINPUT && a->root == NULL)
			finish(0);
		die_err(&e);
	}
	a->schedule.stop_fd = stop_signals();
	status = schedule_run(&root, &a->schedule);
	root_close(&root);
	finish(status);
}

int
main(int argc, char *argv[])
{
	const struct secrets *secrets;
	struct launcher *launcher;
	struct run_args a;
	char id[ULID_TEXT];
	struct root root;
	struct err e;
	int status;

	runopts_parse(argc, argv, &a);
	if (a.all)
		run_all(&a);
	if (launcher_start(a.sandbox, &launcher, &e) < 0)
		fail(&a, NULL, &e);
	if (launcher_missing(launcher)[0] != '\0')
		warn_msg("%s", launcher_missing(launcher));
	if (launcher_add_proxy(launcher, &e) < 0)
		fail(&a, NULL, &e);
	file_open_many(); /* those that tools get are limited anew */
	secrets = secret_args_load(&a.secrets);
	launcher_set_secrets(launcher, secrets);
	(void)umask(077);
	if (root_open(a.root, a.resume == NULL, &root, &e) < 0)
		fail(&a, NULL, &e);
	root.secrets = secrets;
	if (a.resume != NULL) {
		if (root_find(&root, a.resume, id, &e) < 0)
			fail(&a, NULL, &e);
		a.run.goal = a.goal;
		a.run.limits = &a.limits;
		a.run.model = image_model_path(a.birth.model);
	} else {
		a.birth.goal = a.goal;
		a.birth.labels = a.run.labels;
		a.birth.limits = a.limits;
		new_agent(&root, &a, launcher, id);
	}
	a.run.stop_fd = stop_signals();
	a.run.stop_status = stop_status;
	status = drive(&root, &a, id, launcher);
	launcher_stop(launcher);
	root_close(&root);
	secret_args_free(&a.secrets);
	finish(status);
}
