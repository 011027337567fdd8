/* The verb html: runs as one page for a browser. */
#include <string.h>
#include <unistd.h>

#include "audit/family.h"
#include "audit/page.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "bundle/save.h"
#include "cli/audithtmldiff.h"
#include "cli/auditverb.h"
#include "cli/ckptverb.h"
#include "cli/progress.h"

/* What an agent's first records are, to know those of it in a fork. */
struct known {
	struct digest *by_seq;
	size_t count, cap;
};

struct job {
	const struct audit_args *args;
	struct source *sources;
	struct page_agent *agents;
	struct known *known;
	size_t count;
	char *title;
	struct page page;
	struct progress progress;
};

/* ---- which agents ---------------------------------------------------------------------- */

static int
by_id(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static void
open_family(struct job *j, const char *name)
{
	struct family f;
	char id[ULID_TEXT];
	struct err e;
	size_t i;

	if (j->args->open == NULL)
		die_err(&j->args->why);
	if (root_find(j->args->open, name, id, &e) < 0 ||
	    family_open(j->args->open, id, &f, &e) < 0)
		die_err(&e);
	j->sources = mem_new(f.count, sizeof(*j->sources));
	for (i = 0; i < f.count; i++)
		if (source_open_agent(
			j->args->open, f.items[i].id, &j->sources[i], &e) < 0)
			die_err(&e);
	j->count = f.count;
	family_free(&f);
}

/* An agent begins before its children do: ids sort by age. */
static void
open_all(struct job *j, char *names[])
{
	size_t i;

	file_open_many();
	if (j->args->family) {
		if (names[1] != NULL)
			die_usage(j->args->program, "html: one family");
		open_family(j, names[0]);
		return;
	}
	while (names[j->count] != NULL)
		j->count++;
	j->sources = mem_new(j->count, sizeof(*j->sources));
	for (i = 0; i < j->count; i++)
		auditverb_open(j->args, names[i], &j->sources[i]);
	qsort(j->sources, j->count, sizeof(*j->sources), by_id);
}

static void
describe(struct job *j, size_t i)
{
	const struct source *s = &j->sources[i];
	struct page_agent *a = &j->agents[i];
	size_t p;

	a->up = a->from = -1;
	(void)snprintf(a->id, sizeof(a->id), "%s", s->id);
	if (!s->live)
		return;
	if (s->history.info.name != NULL)
		a->name = mem_strdup(s->history.info.name);
	a->created = mem_strdup(s->history.info.created);
	for (p = 0; p < i && s->history.info.parent != NULL; p++)
		if (strcmp(j->agents[p].id, s->history.info.parent) == 0)
			a->up = (int)p;
}

/* ---- records ------------------------------------------------------------------------------ */

static void
remember(struct known *k, const struct record *r)
{
	mem_room(&k->by_seq, k->count, &k->cap, sizeof(*k->by_seq));
	k->by_seq[k->count++] = r->digest;
}

/* A fork's history begins with records of the agent that it was made from;
 * these are shown once. */
static bool
inherited(struct job *j, size_t i, const struct record *r)
{
	struct page_agent *a = &j->agents[i];
	const struct known *k;
	size_t p;

	for (p = 0; p < i; p++) {
		k = &j->known[p];
		if ((a->from < 0 || a->from == (int)p) && r->seq >= 1 &&
		    (size_t)r->seq <= k->count &&
		    digest_equal(&k->by_seq[r->seq - 1], &r->digest)) {
			a->from = (int)p;
			return true;
		}
	}
	return false;
}

static void
follow_state(struct page_agent *a, const struct record *r)
{
	struct json *body CLEANUP_JSON = NULL;
	enum agent_status s;
	struct err e;

	if (r->type == RECORD_WAKE)
		a->state = agent_status_name(AGENT_RUNNING);
	if (r->type == RECORD_EXIT &&
	    json_parse(r->body.data, r->body.len, &body, &e) == 0 &&
	    json_get_string(body, "state") != NULL &&
	    agent_status_parse(json_get_string(body, "state"), &s) == 0)
		a->state = agent_status_name(s);
}

static int
write_agent(struct job *j, size_t i, struct err *e)
{
	struct blob_source blobs = source_blobs(&j->sources[i]);
	struct page_agent *a = &j->agents[i];
	struct htmldiff diff;
	struct source_walk w;
	struct record rec;
	int got;

	htmldiff_open(j->sources[i].live ? j->args->open : NULL, a->id,
	    j->args->diffs < 0 ? HTMLDIFF_USUAL : j->args->diffs, &diff);
	source_walk_init(&j->sources[i], &w);
	while ((got = source_walk_next(&w, &rec, e)) == 1) {
		bool old = j->count > 1 && inherited(j, i, &rec);

		follow_state(a, &rec);
		if (j->count > 1)
			remember(&j->known[i], &rec);
		if (old)
			continue;
		a->records++;
		if (page_record(&j->page, (int)i, &rec, &blobs, e) < 0 ||
		    (rec.type == RECORD_CKPT &&
			htmldiff_put(&diff, &j->page, (int)i, &rec, e) < 0))
			return -1;
		progress_add(&j->progress, (int64_t)rec.line.len);
	}
	htmldiff_close(&diff);
	a->mark = w.mark;
	source_walk_free(&w);
	return got < 0 ? err_wrap(e, "agent %s", a->id) : 0;
}

static int
write_page(void *arg, int fd, struct err *e)
{
	struct job *j = arg;
	size_t i;

	j->page.fd = fd;
	if (page_begin(&j->page, j->title, e) < 0)
		return -1;
	for (i = 0; i < j->count; i++)
		if (write_agent(j, i, e) < 0)
			return -1;
	return page_end(&j->page, j->title, j->agents, j->count, e);
}

/* ---- the verb ------------------------------------------------------------------------------- */

static void
write_out(struct job *j)
{
	const char *to = j->args->output;
	char *path, *name;
	struct err e;
	int dir, r;

	if (to == NULL || strcmp(to, "-") == 0) {
		r = write_page(j, STDOUT_FILENO, &e);
	} else {
		dir = ckptverb_parent(to, &path, &name);
		r = save_durably(dir, name, write_page, j, &e);
		(void)close(dir);
		free(path);
	}
	if (r < 0)
		die_err(&e);
}

int
auditverb_html(const struct audit_args *a, char *args[])
{
	struct job j = {.args = a};
	const struct page_agent *first;
	size_t i;

	if (a->output == NULL && isatty(STDOUT_FILENO))
		die_usage(a->program, "html: say where to: -o FILE");
	open_all(&j, args);
	j.agents = mem_new(j.count, sizeof(*j.agents));
	j.known = mem_new(j.count, sizeof(*j.known));
	for (i = 0; i < j.count; i++)
		describe(&j, i);
	first = &j.agents[0];
	j.title = mem_strdup(a->title != NULL      ? a->title
			     : first->name != NULL ? first->name
						   : first->id);
	j.page.file = a->output == NULL ? "stdout" : a->output;
	j.page.most = a->max_text == 0 ? PAGE_TEXT : (size_t)a->max_text;
	progress_start(&j.progress, "writing", 0);
	write_out(&j);
	progress_end(&j.progress);
	page_free(&j.page);
	for (i = 0; i < j.count; i++) {
		source_close(&j.sources[i]);
		free(j.agents[i].name);
		free(j.agents[i].created);
		free(j.known[i].by_seq);
	}
	free(j.sources);
	free(j.agents);
	free(j.known);
	free(j.title);
	return 0;
}
