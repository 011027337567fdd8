/* The verb html: runs as one page for a browser. */
#include <string.h>
#include <unistd.h>

#include "audit/page.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/audithtmldiff.h"
#include "cli/auditsources.h"
#include "cli/progress.h"

/* What an agent's first records are, to know those of it in a fork. */
struct known {
	struct digest *by_seq;
	size_t count, cap;
};

struct job {
	const struct audit_args *args;
	struct audit_sources from;
	struct page_agent *agents;
	struct known *known;
	char *title;
	struct page page;
	struct progress progress;
};

/* ---- which agents ---------------------------------------------------------------------- */

static void
describe(struct job *j, size_t i)
{
	const struct source *s = &j->from.items[i];
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
	struct blob_source blobs = source_blobs(&j->from.items[i]);
	struct page_agent *a = &j->agents[i];
	struct htmldiff diff;
	struct source_walk w;
	struct record rec;
	int got;

	htmldiff_open(j->from.items[i].live ? j->args->open : NULL, a->id,
	    j->args->diffs < 0 ? HTMLDIFF_USUAL : j->args->diffs, &diff);
	source_walk_init(&j->from.items[i], &w);
	while ((got = source_walk_next(&w, &rec, e)) == 1) {
		bool old = j->from.count > 1 && inherited(j, i, &rec);

		follow_state(a, &rec);
		if (j->from.count > 1)
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
	for (i = 0; i < j->from.count; i++)
		if (write_agent(j, i, e) < 0)
			return -1;
	return page_end(&j->page, j->title, j->agents, j->from.count, e);
}

/* ---- the verb ------------------------------------------------------------------------------- */

int
auditverb_html(const struct audit_args *a, char *args[])
{
	struct job j = {.args = a};
	const struct page_agent *first;
	size_t i;

	if (a->output == NULL && isatty(STDOUT_FILENO))
		die_usage(a->program, "html: say where to: -o FILE");
	auditsources_open(a, args, &j.from);
	j.agents = mem_new(j.from.count, sizeof(*j.agents));
	j.known = mem_new(j.from.count, sizeof(*j.known));
	for (i = 0; i < j.from.count; i++)
		describe(&j, i);
	first = &j.agents[0];
	j.title = mem_strdup(a->title != NULL      ? a->title
			     : first->name != NULL ? first->name
						   : first->id);
	j.page.file = a->output == NULL ? "stdout" : a->output;
	j.page.most = a->max_text == 0 ? PAGE_TEXT : (size_t)a->max_text;
	progress_start(&j.progress, "writing", 0);
	auditsources_write(a, write_page, &j);
	progress_end(&j.progress);
	page_free(&j.page);
	for (i = 0; i < j.from.count; i++) {
		free(j.agents[i].name);
		free(j.agents[i].created);
		free(j.known[i].by_seq);
	}
	auditsources_close(&j.from);
	free(j.agents);
	free(j.known);
	free(j.title);
	return 0;
}
