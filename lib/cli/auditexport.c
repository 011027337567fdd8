/* The verb export: histories in the forms of other programs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/family.h"
#include "audit/flat.h"
#include "audit/otlp.h"
#include "base/file.h"
#include "cli/auditsources.h"
#include "cli/audittarget.h"
#include "cli/stop.h"

#define FLUSH ((size_t)1 << 20)

struct job {
	const struct audit_args *args;
	struct audit_sources from;
	const char *file; /* for errors */
	int fd;
	struct buf out;
	struct flat flat;
	struct audit_target target;
	struct otlp_partial partial;
};

static int
flush(struct job *j, struct err *e)
{
	if (file_write_all(j->fd, buf_str(&j->out), j->out.len, j->file, e) < 0)
		return -1;
	buf_clear(&j->out);
	return 0;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static const char *
name_of(const struct source *s)
{
	return s->live ? s->history.info.name : NULL;
}

/* Records that a fork has from its ancestors are theirs. */
static int64_t
own_from(const struct source *s)
{
	const struct lineage *l = &s->history.lineage;

	return s->live ? l->level[l->count - 1].before : 0;
}

static int
write_rows(struct job *j, struct source *s, struct err *e)
{
	struct blob_source blobs = source_blobs(s);
	struct buf room CLEANUP_BUF = {0};
	struct source_walk w;
	struct record rec;
	struct slice body;
	int got;

	flat_agent(&j->flat, s->id, name_of(s));
	source_walk_init(s, &w);
	while ((got = source_walk_next(&w, &rec, e)) == 1) {
		if (rec.seq <= own_from(s))
			continue;
		body = rec.body;
		buf_clear(&room);
		/* A blob that is gone leaves its cell empty. */
		if (j->args->content &&
		    blob_expand(&blobs, rec.body, &room, &body, e) < 0)
			body = rec.body;
		if (flat_row(&j->flat, &rec, body, &j->out, e) < 0 ||
		    (j->out.len >= FLUSH && flush(j, e) < 0)) {
			got = -1;
			break;
		}
	}
	source_walk_free(&w);
	return got < 0 ? err_wrap(e, "agent %s", s->id) : 0;
}

static int
fill_rows(void *arg, int fd, struct err *e)
{
	struct job *j = arg;
	size_t i;

	j->fd = fd;
	flat_head(&j->flat, &j->out);
	for (i = 0; i < j->from.count; i++)
		if (write_rows(j, &j->from.items[i], e) < 0)
			return -1;
	return flush(j, e);
}

/* ---- spans --------------------------------------------------------------------------------- */

/* To a file: a request a line, as the collector's file exporter writes and its
 * receiver reads them. */
static int
to_file(void *arg, struct slice request, struct err *e)
{
	struct job *j = arg;

	buf_add(&j->out, request.data, request.len);
	buf_putc(&j->out, '\n');
	return flush(j, e);
}

static int
to_collector(void *arg, struct slice request, struct err *e)
{
	struct job *j = arg;

	return otlp_send(&j->target.send, request, &j->partial, e);
}

static int
spans(struct job *j, int (*request)(void *, struct slice, struct err *),
    struct err *e)
{
	const char *service = getenv("OTEL_SERVICE_NAME");
	struct otlp o = {.content = j->args->content,
	    .request = request,
	    .arg = j,
	    .service =
		service == NULL || service[0] == '\0' ? "agentutils" : service};
	char root[ULID_TEXT];
	struct source *s;
	size_t i;
	int r = 0;

	for (i = 0; i < j->from.count && r == 0; i++) {
		s = &j->from.items[i];
		(void)snprintf(root, sizeof(root), "%s", s->id);
		if (s->live)
			family_oldest(s->root, s->id, root);
		r = otlp_agent(
		    &o, s, root, s->live ? s->history.info.parent : NULL, e);
	}
	if (r == 0)
		r = otlp_end(&o, e);
	otlp_free(&o);
	return r;
}

static int
fill_spans(void *arg, int fd, struct err *e)
{
	struct job *j = arg;

	j->fd = fd;
	return spans(j, to_file, e);
}

/* 1 when the collector took only a part. */
static int
post_spans(struct job *j)
{
	struct err e;

	if (spans(j, to_collector, &e) < 0) {
		if (e.status == 130)
			die(stop_status(j->target.send.stop_fd), "stopped");
		die_err(&e);
	}
	audittarget_close(&j->target);
	if (j->partial.rejected == 0 && j->partial.message[0] == '\0')
		return 0;
	warn_msg("the collector rejected %" PRId64 " spans: %s",
	    j->partial.rejected, j->partial.message);
	return j->partial.rejected > 0 ? EX_NO : 0;
}

/* ---- the verb ------------------------------------------------------------------------------ */

static void
check(const struct audit_args *a)
{
	if (a->otlp + a->csv + a->jsonl != 1)
		die_usage(
		    a->program, "export: want one of --otlp, --csv, --jsonl");
	if (!a->otlp && (a->endpoint != NULL || a->header_count > 0))
		die_usage(a->program, "export: only --otlp has a collector");
	if (a->endpoint != NULL && a->output != NULL)
		die_usage(a->program, "export: --endpoint or --output");
}

int
auditverb_export(const struct audit_args *a, char *args[])
{
	struct job j = {.args = a,
	    .flat = {.csv = a->csv, .content = a->content},
	    .file = a->output == NULL ? "stdout" : a->output};
	int status = 0;

	check(a);
	auditsources_open(a, args, &j.from);
	if (!a->otlp)
		auditsources_write(a, fill_rows, &j);
	else if (a->output == NULL && audittarget_open(a, &j.target))
		status = post_spans(&j);
	else
		auditsources_write(a, fill_spans, &j);
	buf_free(&j.out);
	flat_free(&j.flat);
	auditsources_close(&j.from);
	return status;
}
