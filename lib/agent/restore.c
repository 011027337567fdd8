#include "agent/restore.h"

#include "agent/rework.h"
#include "base/jsonw.h"
#include "base/mem.h"

static int
make_plan(const struct session *s, struct chain *files, struct restore *r,
    struct err *e)
{
	struct snapshot is CLEANUP(snapshot_free) = {0};
	struct snapshot want CLEANUP(snapshot_free) = {0};

	if (rework_saved(s, r->saved.seq, &is, e) < 0 ||
	    chain_tree(files, 0, &want, e) < 0)
		return -1;
	restoreplan_make(&is, &want, &r->plan);
	return 0;
}

static int
stage_record(struct session *s, const struct restore *r, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_digest(&w, "bundle", &r->bundle);
	jsonw_integer(&w, "seq", r->seq);
	jsonw_digest(&w, "saved", &r->saved.id);
	if (rework_put(s, &r->plan, &w, e) < 0)
		return -1;
	jsonw_array(&w, "cancelled");
	for (i = 0; i < r->cancelled_count; i++)
		jsonw_string(&w, NULL, r->cancelled[i].id);
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	return session_stage(
	    s, RECORD_RESTORE, (struct slice){body.data, body.len}, e);
}

static int
go_back(struct session *s, struct chain *files, int64_t seq,
    const struct restore_options *o, struct restore *r, struct err *e)
{
	if (restore_point(s, chain_newest(files), seq, r, e) < 0 ||
	    ckpt_save(s, false, NULL, NULL, &r->saved, e) < 0 ||
	    make_plan(s, files, r, e) < 0 ||
	    rework_stage(s, files, &r->plan, o, e) < 0 ||
	    stage_record(s, r, e) < 0)
		return -1;
	return rework_finish(s, &r->conflicts, e);
}

int
restore_go_back(struct session *s, struct chain *files, int64_t seq,
    const struct restore_options *o, struct restore *out, struct err *e)
{
	struct restore r = {0};

	if (go_back(s, files, seq, o, &r, e) == 0) {
		*out = r;
		return 0;
	}
	/* What was only prepared goes; once it is recorded, it is finished by
	 * who opens the agent next. */
	rework_drop(s);
	restore_free(&r);
	return -1;
}
