/* agent-fork --pick: the best of several children is joined. */
#include "cli/forkjoin.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "agent/ckpt.h"
#include "agent/run.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/tree.h"
#include "cli/jobs.h"
#include "cli/show.h"
#include "cli/stop.h"

#define CHECK_SECONDS 3600    /* the most that run_command gives */
#define CHECK_DIR     "check" /* in the child's folder, while one runs */

struct candidate {
	char id[ULID_TEXT];
	char *name; /* or NULL */
	int64_t at; /* seq of the bundle with its files; 0: none */
	int status; /* of the check; -1: it has not ended */
	int64_t began, ns;
	char why[200]; /* it cannot be checked */
};

struct picking {
	const struct join_args *a;
	char parent[ULID_TEXT];
	struct candidate *c;
	size_t count;
};

/* ---- one check ---------------------------------------------------------------------------- */

static int
exit_status(const struct tool_result *r)
{
	switch (r->status) {
	case TOOL_OK:
		return 0;
	case TOOL_DENIED:
	case TOOL_PENDING:
		return EX_NOPERM;
	default:
		return EX_NO;
	}
}

/* What the check leaves behind is no work of the child's: it runs in a copy.
 * One that died left its own, which goes now. */
static int
copy_workspace(struct session *s, struct err *e)
{
	int work CLEANUP_FD = -1;

	if (file_remove_tree(s->dir, CHECK_DIR, e) < 0 ||
	    file_open_dir(s->workspace, false, &work, e) < 0 ||
	    tree_copy(work, s->dir, CHECK_DIR, 0, 0, e) < 0)
		return -1;
	free(s->workspace);
	s->workspace =
	    mem_printf("%s/agents/%s/" CHECK_DIR, s->root->path, s->info.id);
	return 0;
}

int
forkpick_check(const struct join_args *a, struct launcher *l, const char *child)
{
	struct buf args CLEANUP_BUF = {0};
	struct jsonw w = {.out = &args};
	struct tool_result r;
	struct session s;
	char id[ULID_TEXT];
	struct err e;
	int status;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "command", a->check);
	jsonw_integer(&w, "timeout_s", CHECK_SECONDS);
	jsonw_end(&w, '}');
	if (root_find(a->root, child, id, &e) < 0 ||
	    session_write(a->root, id, &s, &e) < 0 ||
	    copy_workspace(&s, &e) < 0 ||
	    run_call(&s, l, "user", "run_command", buf_str(&args),
		stop_signals(), &r, &e) < 0)
		die_err(&e);
	(void)fwrite(buf_str(&r.text), 1, r.text.len, stdout);
	if (r.text.len > 0 && r.text.data[r.text.len - 1] != '\n')
		(void)fputs("\n", stdout);
	status = exit_status(&r);
	tool_result_free(&r);
	if (file_remove_tree(s.dir, CHECK_DIR, &e) < 0)
		die_err(&e);
	session_close(&s);
	return status;
}

/* ---- who is picked from ---------------------------------------------------------------------- */

static void
add(struct picking *p, const char *id)
{
	struct candidate *c;
	struct session s;
	struct err e;

	if (session_read(p->a->root, id, true, &s, &e) < 0)
		die_err(&e);
	if (s.info.parent == NULL ||
	    (p->parent[0] != '\0' && strcmp(p->parent, s.info.parent) != 0))
		die(EX_NOPERM, "agent '%s' is no child of %s%s", id,
		    p->parent[0] == '\0' ? "any agent" : "agent ", p->parent);
	(void)snprintf(p->parent, sizeof(p->parent), "%s", s.info.parent);
	p->c = mem_grow(p->c, p->count + 1, sizeof(*p->c));
	c = &p->c[p->count++];
	*c = (struct candidate){.name = mem_strdup(s.info.name), .status = -1};
	(void)snprintf(c->id, sizeof(c->id), "%s", id);
	session_close(&s);
}

static void
add_all(struct picking *p)
{
	struct session s;
	struct err e;
	size_t i;

	if (session_read(p->a->root, p->parent, true, &s, &e) < 0)
		die_err(&e);
	for (i = 0; i < s.state.child_count; i++)
		if (!s.state.children[i].joined)
			add(p, s.state.children[i].id);
	session_close(&s);
}

static void
gather(struct picking *p, char *const *children, size_t count)
{
	char id[ULID_TEXT];
	struct err e;
	size_t i;

	if (p->a->into != NULL &&
	    root_find(p->a->root, p->a->into, p->parent, &e) < 0)
		die_err(&e);
	for (i = 0; i < count; i++) {
		if (root_find(p->a->root, children[i], id, &e) < 0)
			die_err(&e);
		add(p, id);
	}
	if (count == 0)
		add_all(p);
}

/* What is joined is what was checked, whatever becomes of it meanwhile. */
static void
keep_files(struct picking *p, struct candidate *c)
{
	struct ckpt_saved saved = {0};
	struct session s;
	struct err e;

	if (session_write(p->a->root, c->id, &s, &e) == 0) {
		if (ckpt_save(&s, false, NULL, NULL, &saved, &e) == 0 &&
		    session_seal(&s, &e) == 0)
			c->at = saved.seq;
		ckpt_saved_free(&saved);
		session_close(&s);
	}
	if (c->at > 0)
		return;
	c->status = e.status;
	(void)snprintf(c->why, sizeof(c->why), "%.199s", e.msg);
}

/* ---- all checks ----------------------------------------------------------------------------------- */

static void
start(struct picking *p, struct jobs *jobs, struct candidate *c)
{
	const struct join_args *a = p->a;
	const char *argv[10] = {"agent-fork", "--check", a->check};
	size_t n = 3;
	struct err e;

	if (a->root_name != NULL) {
		argv[n++] = "--root";
		argv[n++] = a->root_name;
	}
	if (a->sandbox != NULL) {
		argv[n++] = "--sandbox";
		argv[n++] = a->sandbox;
	}
	argv[n++] = "--";
	argv[n++] = c->id;
	c->began = clock_mono();
	if (jobs_spawn(jobs, c->id, 0, (char *const *)(uintptr_t)argv, &e) < 0)
		die_err(&e);
}

static void
ended(struct picking *p, const struct job *j)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		struct candidate *c = &p->c[i];

		if (strcmp(c->id, j->id) != 0)
			continue;
		c->status = j->status;
		c->ns = clock_mono() - c->began;
		if (j->status != 0)
			(void)snprintf(c->why, sizeof(c->why), "%.199s",
			    buf_str(&j->said));
	}
}

static void
check_all(struct picking *p)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int stop = stop_signals(), got;
	size_t next = 0;
	struct jobs jobs;
	struct job done;
	struct err e;

	jobs_init(&jobs, p->a->jobs > 0 ? (size_t)p->a->jobs : (size_t)cpus);
	for (;;) {
		for (; next < p->count && jobs_room(&jobs); next++)
			if (p->c[next].status < 0)
				start(p, &jobs, &p->c[next]);
		if (jobs_idle(&jobs))
			break;
		got = jobs_wait(&jobs, stop, CLOCK_NEVER, &done, &e);
		if (got < 0)
			die_err(&e);
		if (got == 2) /* they die with us */
			finish(stop_status(stop));
		if (got == 1) {
			ended(p, &done);
			job_free(&done);
		}
	}
	jobs_free(&jobs);
}

/* ---- what came of it -------------------------------------------------------------------------------- */

static void
print_json(const struct candidate *c, bool best)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "child", c->id);
	jsonw_maybe(&w, "name", c->name);
	jsonw_integer(&w, "status", c->status);
	jsonw_bool(&w, "picked", best);
	jsonw_integer(&w, "ms", c->ns / CLOCK_MILLI);
	if (c->why[0] != '\0')
		jsonw_string(&w, "why", c->why);
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

static void
print(const struct picking *p, const struct candidate *best)
{
	struct table t = {.columns = 5, .right = 1U << 2 | 1U << 3};
	char text[24];
	size_t i;

	for (i = 0; i < p->count; i++) {
		const struct candidate *c = &p->c[i];

		if (p->a->json) {
			print_json(c, c == best);
			continue;
		}
		table_add(&t, c->id);
		table_add(&t, c->name == NULL ? "" : c->name);
		(void)snprintf(text, sizeof(text), "%d", c->status);
		table_add(&t, text);
		show_time(c->ns, text);
		table_add(&t, text);
		table_add(&t, c == best ? "picked" : c->why);
	}
	if (!p->a->json)
		table_print(&t, stdout);
	(void)fflush(stdout);
}

int
forkpick(const struct join_args *a, char *const *children, size_t count)
{
	struct picking p = {.a = a};
	struct candidate *best = NULL;
	int status = EX_NO;
	size_t i;

	gather(&p, children, count);
	for (i = 0; i < p.count; i++)
		keep_files(&p, &p.c[i]);
	check_all(&p);
	for (i = p.count; i-- > 0;)
		if (p.c[i].status == 0)
			best = &p.c[i];
	print(&p, best);
	if (best != NULL)
		status = forkjoin_child(a, p.parent, best->id, best->at);
	while (p.count > 0)
		free(p.c[--p.count].name);
	free(p.c);
	return status;
}
