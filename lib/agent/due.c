#include "agent/due.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/cache.h"
#include "agent/lease.h"
#include "agent/turn.h"
#include "agent/wait.h"
#include "agent/waitgraph.h"
#include "base/file.h"
#include "base/mem.h"

static void
forget(struct due_agent *a)
{
	free(a->error);
	a->error = NULL;
	state_free(&a->state);
	state_init(&a->state);
	a->size = -1;
}

void
due_free(struct due_table *t)
{
	while (t->count > 0)
		forget(&t->agent[--t->count]);
	free(t->agent);
	*t = (struct due_table){0};
}

/* ---- what is on the disk -------------------------------------------------------- */

static bool
holds_files(int dir, const char *name, bool commands)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	bool found = false;

	if (stream == NULL) {
		fd_cleanup(&fd);
		return false;
	}
	while (!found && (d = readdir(stream)) != NULL)
		found = commands ? strncmp(d->d_name, "command.", 8) == 0
				 : d->d_name[0] != '.';
	(void)closedir(stream);
	return found;
}

/* Letters of who must not be run wait until it may. */
static bool
has_mail(const struct state *s, int dir)
{
	bool commands = s->halt == HALT_PAUSE || s->halt == HALT_KILL;

	return faccessat(dir, "mail", F_OK, 0) == 0 &&
	       (holds_files(dir, "mail/new", commands) ||
		   holds_files(dir, "mail/cur", commands));
}

/* As it was kept when its last run ended, if nothing came behind that: a hint
 * that a run checks. */
static bool
read_kept(struct due_agent *a, int dir, int64_t size)
{
	struct journal_mark m;

	return cache_glance(dir, &a->state, &m) == 1 && m.offset == size;
}

static void
read_journal(struct due_table *t, struct due_agent *a)
{
	struct session s;
	struct err e;

	state_free(&a->state);
	state_init(&a->state);
	if (session_read(t->root, a->id, true, &s, &e) < 0) {
		a->error = mem_strdup(e.msg);
		return;
	}
	state_free(&a->state);
	a->state = s.state;
	state_init(&s.state);
	session_close(&s);
	/* A thousand of these are not to be kept. */
	buf_free(&a->state.convo);
	buf_free(&a->state.held);
	policy_free(&a->state.policy);
	policy_init(&a->state.policy);
}

/* Unless nothing was appended since. */
static void
read_state(struct due_table *t, struct due_agent *a, int dir)
{
	struct stat st = {.st_size = -1};
	bool there = fstatat(dir, JOURNAL_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0;

	if (there && st.st_size == a->size && a->error == NULL &&
	    st.st_mtim.tv_sec == a->changed.tv_sec &&
	    st.st_mtim.tv_nsec == a->changed.tv_nsec)
		return;
	forget(a);
	a->size = st.st_size;
	a->changed = st.st_mtim;
	if (!there || !read_kept(a, dir, st.st_size))
		read_journal(t, a);
}

static int
open_agent(const struct due_table *t, const struct due_agent *a)
{
	return openat(t->root->agents, a->id,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void
read_agent(struct due_table *t, struct due_agent *a)
{
	int dir CLEANUP_FD = open_agent(t, a);

	a->gone = dir < 0;
	if (a->gone)
		return;
	read_state(t, a, dir);
	a->locked = lease_held(t->root, dir);
	a->mail = has_mail(&a->state, dir);
}

static struct due_agent *
find(const struct due_table *t, const char *id)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(t->agent[middle].id, id);

		if (order == 0)
			return &t->agent[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* ---- is there something to do? ----------------------------------------------------- */

static bool
has_ended(void *table, const char *id)
{
	const struct due_agent *a = find(table, id);

	return a == NULL || a->gone ||
	       (a->error == NULL && wait_is_end(&a->state));
}

static bool
alone(const void *arg, const struct call *c)
{
	(void)arg;
	(void)c;
	return true;
}

/* The nearest of its timers; 0 when a wait is over already. */
static int64_t
waits_left(struct due_table *t, const struct state *s)
{
	int64_t left, least = CLOCK_NEVER;
	struct moment now;
	size_t i;

	if (state_waiting(s) == NULL && s->request_count == 0)
		return CLOCK_NEVER;
	moment_take(s->time, &now);
	for (i = 0; i < s->call_count; i++) {
		if (s->calls[i].phase != CALL_WAITS)
			continue;
		if (wait_look(s, s->calls[i].wait, &now, has_ended, t) !=
		    WAIT_ON)
			return 0;
		left = wait_left(s->calls[i].wait, &now);
		least = left < least ? left : least;
	}
	for (i = 0; i < s->request_count; i++) {
		if (s->requests[i].deadline == 0)
			continue;
		left = s->requests[i].deadline - now.now;
		least = left < least ? left : least;
	}
	return least;
}

static void
judge(struct due_table *t, struct due_agent *a)
{
	const struct state *s = &a->state;
	struct action act;

	a->left = CLOCK_NEVER;
	if (a->error != NULL) {
		a->kind = DUE_DAMAGED;
		return;
	}
	if (a->locked) {
		a->kind = DUE_RUNNING;
		return;
	}
	a->left = waits_left(t, s);
	turn_next(s, alone, NULL, &act);
	if (s->exit_owed != 0)
		a->kind = DUE_NOW;
	else if (s->halt == HALT_PAUSE)
		a->kind = DUE_PAUSED;
	else if (s->halt == HALT_KILL)
		a->kind = DUE_ENDED;
	else if (a->mail)
		a->kind = DUE_NOW;
	else if (s->awake || a->left <= 0)
		a->kind = DUE_NOW;
	else if (wait_is_end(s) && s->status != AGENT_PAUSED)
		a->kind = DUE_ENDED;
	else if (act.kind == ACT_WAIT)
		a->kind = DUE_WAITS;
	else if (act.kind == ACT_EXIT && s->status == AGENT_PAUSED)
		a->kind = DUE_PAUSED;
	else
		a->kind = DUE_NOW;
}

void
due_look(struct due_table *t, struct due_agent *a)
{
	read_agent(t, a);
	if (!a->gone)
		judge(t, a);
}

/* ---- all of them ---------------------------------------------------------------------- */

const char *
due_word(const struct due_agent *a)
{
	if (a->kind == DUE_DAMAGED)
		return "damaged";
	if (a->kind == DUE_RUNNING)
		return "running";
	return agent_status_name(
	    a->state.awake ? AGENT_READY : a->state.status);
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct due_agent *)a)->id,
	    ((const struct due_agent *)b)->id);
}

static void
add(struct due_table *t, const char *id)
{
	struct due_agent a = {.size = -1};

	state_init(&a.state);
	(void)snprintf(a.id, sizeof(a.id), "%s", id);
	mem_room(&t->agent, t->count, &t->cap, sizeof(*t->agent));
	t->agent[t->count++] = a;
}

void
due_add(struct due_table *t, const char *id)
{
	if (t->count > 0 && find(t, id) != NULL)
		return;
	add(t, id);
	qsort(t->agent, t->count, sizeof(*t->agent), by_id);
}

int
due_scan(struct due_table *t, struct err *e)
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	size_t n, i, known = t->count;

	if (root_list(t->root, &ids, &n, e) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (known == 0 ||
		    find(&(struct due_table){.agent = t->agent, .count = known},
			ids[i]) == NULL)
			add(t, ids[i]);
	if (t->count > known)
		qsort(t->agent, t->count, sizeof(*t->agent), by_id);
	/* All are read before one is judged: they wait for each other. */
	for (i = 0; i < t->count; i++)
		read_agent(t, &t->agent[i]);
	for (i = 0; i < t->count; i++)
		if (!t->agent[i].gone)
			judge(t, &t->agent[i]);
	return 0;
}

size_t
due_stuck(struct due_table *t, char **ring)
{
	struct waitgraph g = {0};
	size_t i, n;

	for (i = 0; i < t->count; i++) {
		if (!t->agent[i].gone && t->agent[i].kind == DUE_WAITS)
			waitgraph_take(&g, t->agent[i].id, &t->agent[i].state);
	}
	n = waitgraph_solve(&g);
	for (i = 0; n > 0 && i < g.count; i++)
		if (g.node[i].stuck) {
			*ring = waitgraph_ring(&g, &g.node[i]);
			break;
		}
	waitgraph_free(&g);
	return n;
}
