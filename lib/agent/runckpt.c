#include "agent/runckpt.h"

#include "agent/ckptprune.h"
#include "agent/runrecord.h"
#include "base/clock.h"

static int
save(struct runner *r, struct err *e)
{
	struct ckpt_saved saved;
	int got;

	if (ckpt_save(r->s, false, NULL, NULL, &saved, e) < 0)
		return -1;
	got = runrecord_withheld(r, saved.withheld, e);
	ckpt_saved_free(&saved);
	if (got < 0)
		return -1;
	r->dirty = r->s->reworked = false;
	r->saved = clock_mono();
	if (r->opt->ckpt_keep == 0 || ++r->bundles < r->opt->ckpt_keep)
		return 0;
	r->bundles = 0;
	return ckpt_thin(r->s, r->opt->ckpt_keep, e);
}

int
runckpt_due(struct runner *r, bool last, struct err *e)
{
	const struct run_options *o = r->opt;
	bool due = o->ckpt == RUN_CKPT_TURN ||
		   (o->ckpt == RUN_CKPT_EVERY &&
		       (last || clock_mono() - r->saved >= o->ckpt_every));

	if (o->ckpt == RUN_CKPT_EXIT ? !last
				     : !due || !(r->dirty || r->s->reworked))
		return 0;
	return save(r, e);
}

int
runckpt_first(struct runner *r, struct err *e)
{
	switch (r->opt->ckpt) {
	case RUN_CKPT_TURN:
	case RUN_CKPT_EVERY:
	case RUN_CKPT_EXIT:
		return r->s->state.has_ckpt ? 0 : save(r, e);
	default:
		return 0;
	}
}
