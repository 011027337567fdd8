/* What a child may be given at most. */
#include "agent/fork.h"
#include "grant/within.h"

int
fork_within(const struct session *s, const struct grant *g, struct err *e)
{
	const struct policy *p = &s->state.policy;
	int64_t now = journal_now(&s->journal);
	size_t i;

	if (g->effect == GRANT_DENY || g->effect == GRANT_MARK)
		return 0;
	for (i = 0; i < p->count; i++) {
		const struct grant *own = &p->grants[i];

		if (own->limits.uses < 0 && own->limits.bytes < 0 &&
		    grant_stands(own, now) && grant_within(g, own))
			return 0;
	}
	return err_set(e, EX_NOPERM, 0,
	    "'%s' is more than agent '%s' may hand down: it has no such grant, "
	    "or one that runs out",
	    g->line, s->info.id);
}
