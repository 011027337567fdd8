/* What going back would mean: the point, and what cannot be taken back. */
#include "agent/restore.h"

#include <inttypes.h>
#include <string.h>

#include "agent/lineage.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Of a call's arguments, for people. */
#define ARGUMENTS_MAX ((size_t)200)

void
restore_free(struct restore *r)
{
	restoreplan_free(&r->plan);
	while (r->outside_count > 0) {
		free(r->outside[--r->outside_count].tool);
		free(r->outside[r->outside_count].arguments);
	}
	free(r->outside);
	while (r->cancelled_count > 0)
		request_free(&r->cancelled[--r->cancelled_count]);
	free(r->cancelled);
	conflicts_free(&r->conflicts);
	ckpt_saved_free(&r->saved);
	*r = (struct restore){0};
}

int
restore_files(
    const struct chain *c, int64_t seq, struct chain *out, struct err *e)
{
	struct chain part = *c;

	while (part.count > 0 && chain_newest(&part)->manifest.seq > seq)
		part.count--;
	if (part.count == 0)
		return err_set(e, EX_NOINPUT, 0,
		    "there is no bundle as old as record %" PRId64, seq);
	part.base = part.count - 1;
	while (part.base > 0 && !part.layer[part.base]->manifest.full)
		part.base--;
	*out = part;
	return 0;
}

/* ---- the records --------------------------------------------------------------------------------- */

struct looking {
	const struct manifest *m;
	int64_t seq;
	bool known;    /* the bundle's head is in this history */
	int64_t wrote; /* a call that could, or a join, between bundle and
			  point */
	struct restore *out;
};

static void
add_outside(struct restore *r, int64_t seq, const struct json *body)
{
	const char *tool = json_get_string(body, "tool");
	const char *args = json_get_string(body, "arguments");
	struct outside o = {.seq = seq};

	if (args == NULL)
		args = "";
	o.tool = mem_strdup(tool == NULL ? "" : tool);
	o.arguments =
	    mem_dup(args, utf8_cut(args, strlen(args), ARGUMENTS_MAX));
	mem_room(&r->outside, r->outside_count, &r->outside_cap,
	    sizeof(*r->outside));
	r->outside[r->outside_count++] = o;
}

static int
look_at_call(struct looking *l, const struct record *rec, struct err *e)
{
	struct json *body CLEANUP_JSON = NULL;
	enum tool_effect effect = EFFECT_EXTERNAL;
	const char *verdict, *name;

	if (rec->seq <= l->m->seq || record_redacted(rec))
		return 0;
	if (json_parse(rec->body.data, rec->body.len, &body, e) < 0)
		return err_wrap(e, "record %" PRId64, rec->seq);
	verdict = json_get_string(json_get(body, "decision"), "verdict");
	name = json_get_string(body, "effect");
	if (verdict == NULL || strcmp(verdict, "allow") != 0 || name == NULL)
		return 0;
	(void)tool_effect_parse(name, &effect);
	if (effect == EFFECT_NONE)
		return 0;
	if (rec->seq <= l->seq)
		l->wrote = rec->seq;
	else if (effect == EFFECT_EXTERNAL)
		add_outside(l->out, rec->seq, body);
	return 0;
}

static int
read_records(const struct session *s, struct looking *l, struct err *e)
{
	struct lineage lineage CLEANUP_LINEAGE = {0};
	struct lineage_reader r;
	struct record rec;
	int got;

	if (lineage_open(s->dir, &s->info, &lineage, e) < 0)
		return -1;
	lineage_reader_init(&r, &lineage, NULL);
	while ((got = lineage_next(&r, &rec, e)) == 1) {
		if (rec.seq == l->m->seq)
			l->known = digest_equal(&rec.digest, &l->m->head);
		if (rec.type == RECORD_JOIN && rec.seq > l->m->seq &&
		    rec.seq <= l->seq)
			l->wrote = rec.seq;
		if (rec.type == RECORD_TOOL_CALL &&
		    look_at_call(l, &rec, e) < 0) {
			got = -1;
			break;
		}
	}
	lineage_reader_free(&r);
	return got;
}

int
restore_look(const struct session *s, const struct manifest *m, int64_t seq,
    struct restore *out, struct err *e)
{
	struct looking l = {.m = m, .seq = seq, .out = out};

	if (seq < m->seq || seq > s->mark.seq)
		return err_set(e, EX_NOINPUT, 0,
		    "there is no record %" PRId64 " to go back to", seq);
	if (read_records(s, &l, e) < 0)
		return -1;
	if (!l.known)
		return err_set(e, EX_DATAERR, 0,
		    "the bundle of record %" PRId64
		    " is not of this agent's history",
		    m->seq);
	if (l.wrote != 0)
		return err_set(e, EX_NOINPUT, 0,
		    "no bundle holds the files of record %" PRId64
		    ": record %" PRId64 " could write; the one before is of "
		    "record %" PRId64,
		    seq, l.wrote, m->seq);
	out->seq = seq;
	return 0;
}

/* ---- requests ------------------------------------------------------------------------------------- */

static void
add_cancelled(struct restore *r, const struct request *q)
{
	struct request copy = {.id = mem_strdup(q->id),
	    .call = mem_strdup(q->call),
	    .tool = mem_strdup(q->tool),
	    .text = mem_strdup(q->text),
	    .arguments = mem_strdup(q->arguments),
	    .effect = mem_strdup(q->effect),
	    .deadline = q->deadline,
	    .seq = q->seq};

	mem_room(&r->cancelled, r->cancelled_count, &r->cancelled_cap,
	    sizeof(*r->cancelled));
	r->cancelled[r->cancelled_count++] = copy;
}

int
restore_point(const struct session *s, const struct bundle *b, int64_t seq,
    struct restore *r, struct err *e)
{
	struct state then;
	size_t i;

	if (restore_look(s, &b->manifest, seq, r, e) < 0 ||
	    state_then(&s->state, seq, &then, e) < 0)
		return -1;
	/* Those that nobody had asked yet. */
	for (i = 0; i < s->state.request_count; i++)
		if (state_request(&then, s->state.requests[i].id) == NULL)
			add_cancelled(r, &s->state.requests[i]);
	state_free(&then);
	r->bundle = b->id;
	return 0;
}

/* ---- preview --------------------------------------------------------------------------------------- */

static int
scan(const struct session *s, struct snapshot *out, struct err *e)
{
	struct snapshot old CLEANUP(snapshot_free) = {0};
	int work CLEANUP_FD = -1;

	snapshot_load(s->dir, &old);
	if (ckpt_scan(s, &old, &old, false, out, &work, NULL, e) < 0)
		return err_wrap(e, "workspace");
	return scan_hash(work, out, e);
}

int
restore_preview(const struct session *s, struct chain *files, int64_t seq,
    struct restore *out, struct err *e)
{
	struct snapshot is CLEANUP(snapshot_free) = {0};
	struct snapshot want CLEANUP(snapshot_free) = {0};
	struct restore r = {0};

	if (restore_point(s, chain_newest(files), seq, &r, e) < 0 ||
	    scan(s, &is, e) < 0 || chain_tree(files, 0, &want, e) < 0) {
		restore_free(&r);
		return -1;
	}
	restoreplan_make(&is, &want, &r.plan);
	*out = r;
	return 0;
}
