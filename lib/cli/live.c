#include "cli/live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "agent/allot.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/show.h"

#define TEXT_MAX ((size_t)400)

static void
row_clear(struct live_row *r)
{
	free(r->doing);
	free(r->text);
	free(r->left);
	r->doing = r->text = r->left = NULL;
}

static void
row_free(struct live_row *r)
{
	row_clear(r);
	free(r->name);
}

void
live_free(struct live *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		row_free(&l->rows[i]);
	free(l->rows);
	free(l->ids);
}

/* ---- one agent ----------------------------------------------------------------------------- */

/* The beginning of a text in one line, safe for a terminal. */
static char *
in_a_line(const char *s)
{
	struct buf out = {0};
	char *copy CLEANUP_FREE = NULL;
	size_t i, n;

	if (s == NULL)
		return mem_strdup("");
	n = utf8_cut(s, strlen(s), TEXT_MAX);
	copy = mem_dup(s, n);
	for (i = 0; i < n; i++)
		if (copy[i] == '\n' || copy[i] == '\t')
			copy[i] = ' ';
	utf8_safe(&out, copy, n, false);
	return out.data == NULL ? mem_strdup("") : buf_steal(&out);
}

static char *
wait_text(const struct state *s)
{
	const char *kind = state_waits_for(s);
	const struct call *c = state_waiting(s);
	char when[16];

	if (kind == NULL)
		return mem_strdup("");
	if (strcmp(kind, "human") == 0 && s->request_count > 0)
		return mem_printf("human: %s", s->requests[0].text != NULL
						   ? s->requests[0].text
						   : s->requests[0].id);
	if (c == NULL || c->wait == NULL)
		return mem_strdup(kind);
	if (strcmp(kind, "timer") == 0 && c->wait->until > 0) {
		show_time(c->wait->until - clock_real(), when);
		return mem_printf("timer: %s", when);
	}
	if (strcmp(kind, "child") == 0)
		return mem_printf("%s of %zu child%s",
		    c->wait->all ? "all" : "one", c->wait->agent_count,
		    c->wait->agent_count == 1 ? "" : "ren");
	return mem_printf("%s%s%s", kind, c->wait->event == NULL ? "" : ": ",
	    c->wait->event == NULL ? "" : c->wait->event);
}

static char *
doing_text(const struct state *s, const char *state)
{
	struct buf out = {0};
	size_t i;

	if (strcmp(state, "waiting") == 0)
		return wait_text(s);
	if (strcmp(state, "failed") == 0 || strcmp(state, "killed") == 0)
		return mem_strdup(s->exit_why == NULL ? "" : s->exit_why);
	if (strcmp(state, "running") != 0)
		return mem_strdup("");
	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].phase == CALL_OPEN)
			buf_printf(&out, "%s%s %.200s",
			    out.len > 0 ? " + " : "", s->calls[i].name,
			    s->calls[i].arguments);
	if (out.len == 0 && s->model_call > 0)
		buf_puts(&out, "asks the model");
	return out.data == NULL ? mem_strdup("") : buf_steal(&out);
}

/* The limit of which the smallest part is left. */
static char *
left_text(const struct state *s)
{
	enum budget_kind k, which = BUDGET_KINDS;
	int percent = 101, p;
	int64_t most;

	for (k = 0; k < BUDGET_KINDS; k++) {
		most = limits_of(&s->limits, k);
		if (most == INT64_MAX)
			continue;
		p = most == 0
			? 0
			: (int)((double)allot_left(s, k) * 100 / (double)most);
		if (p < percent) {
			percent = p;
			which = k;
		}
	}
	return which == BUDGET_KINDS
		   ? mem_strdup("")
		   : mem_printf("%d%% %s", percent, budget_name(which));
}

static void
fill(struct live_row *r, const struct session *s)
{
	const struct state *st = &s->state;
	char *doing CLEANUP_FREE = NULL;

	/* Who holds the lock runs; one that is awake without has crashed. */
	r->state = r->held     ? "running"
		   : st->awake ? "ready"
			       : agent_status_name(st->status);
	doing = doing_text(st, r->state);
	r->doing = in_a_line(doing);
	r->text = in_a_line(st->text);
	r->left = left_text(st);
	r->usage = st->usage;
	r->seq = st->seq;
	r->time = st->time;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_ino == b->st_ino &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void
look_at(struct root *root, struct live_row *r)
{
	int dir CLEANUP_FD = -1;
	struct stat now = {0};
	struct session s;
	struct err e;
	bool held = false;

	if (file_open(root->agents, r->id, O_RDONLY | O_DIRECTORY, 0, &dir,
		&e) == 0) {
		held = lock_holder(dir, "lock") != 0;
		(void)fstatat(dir, JOURNAL_FILE, &now, 0);
	}
	/* A timer's rest is another one each time. */
	r->changed = r->state == NULL || held != r->held ||
		     !same_file(&now, &r->journal);
	if (!r->changed && strcmp(r->state, "waiting") != 0)
		return;
	row_clear(r);
	r->held = held;
	r->journal = now;
	if (session_read(root, r->id, true, &s, &e) < 0) {
		r->state = "damaged";
		r->doing = in_a_line(e.msg);
		r->text = mem_strdup("");
		r->left = mem_strdup("");
		return;
	}
	fill(r, &s);
	session_close(&s);
}

/* ---- which ones --------------------------------------------------------------------------- */

static bool
wanted(const struct live *l, const struct family *f, size_t at)
{
	size_t i, top = l->family ? family_root(f, at) : 0;
	int named;

	if (l->id_count == 0)
		return true;
	for (i = 0; i < l->id_count; i++) {
		named = family_find(f, l->ids[i]);
		if (named < 0)
			continue;
		if (l->family) {
			if (family_root(f, (size_t)named) == top)
				return true;
			continue;
		}
		for (int p = (int)at; p >= 0; p = f->items[p].up)
			if (p == named)
				return true;
	}
	return false;
}

/* The row of before, or a new one. */
static struct live_row
row_of(struct live *l, const struct relative *who)
{
	struct live_row r = {0};
	size_t i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->rows[i].id, who->id) == 0) {
			r = l->rows[i];
			l->rows[i] = (struct live_row){0};
			return r;
		}
	memcpy(r.id, who->id, sizeof(r.id));
	if (who->name != NULL)
		r.name = in_a_line(who->name);
	return r;
}

/* `at` and all below it, in order. */
static void
add_tree(struct live *l, const struct family *f, size_t at, size_t depth,
    const bool *in, struct live_row *out, size_t *n)
{
	size_t i;

	if (in[at]) {
		out[*n] = row_of(l, &f->items[at]);
		out[(*n)++].depth = depth++;
	}
	for (i = at + 1; i < f->count; i++)
		if (f->items[i].up == (int)at)
			add_tree(l, f, i, depth, in, out, n);
}

static int
find_rows(struct live *l, struct err *e)
{
	bool *in CLEANUP_FREE = NULL;
	struct live_row *rows;
	struct family f;
	size_t i, n = 0;

	if (family_open(l->root, NULL, &f, e) < 0)
		return -1;
	in = mem_new(f.count, sizeof(*in));
	rows = mem_new(f.count, sizeof(*rows));
	for (i = 0; i < f.count; i++)
		in[i] = wanted(l, &f, i);
	for (i = 0; i < f.count; i++)
		if (f.items[i].up < 0)
			add_tree(l, &f, i, 0, in, rows, &n);
	for (i = 0; i < l->count; i++)
		row_free(&l->rows[i]);
	free(l->rows);
	l->rows = rows;
	l->count = n;
	family_free(&f);
	return 0;
}

int
live_look(struct live *l, struct err *e)
{
	struct stat st;
	size_t i;

	if (fstat(l->root->agents, &st) < 0)
		return err_set(e, EX_IOERR, errno, "cannot look at the agents");
	if (l->rows == NULL || st.st_mtim.tv_sec != l->agents.tv_sec ||
	    st.st_mtim.tv_nsec != l->agents.tv_nsec) {
		if (find_rows(l, e) < 0)
			return -1;
		l->agents = st.st_mtim;
	}
	for (i = 0; i < l->count; i++)
		look_at(l->root, &l->rows[i]);
	return 0;
}

bool
live_over(const struct live *l)
{
	enum agent_status s;
	size_t i;

	for (i = 0; i < l->count; i++)
		if (agent_status_parse(l->rows[i].state, &s) == 0 &&
		    !agent_has_ended(s))
			return false;
	return true;
}
