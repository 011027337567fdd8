/* Verbs over several histories. */
#include "cli/auditverb.h"

#include "base/mem.h"

static void
one(const struct audit_args *a, const char *name, bool id,
    const struct audit_each *each, int *status)
{
	struct source s;
	struct err e;
	int got;

	got = id ? source_open_agent(a->open, name, &s, &e)
		 : source_open(a->open, name, 0, &a->why, &s, &e);
	if (got == 0) {
		got = each->one(each->arg, &s, &e);
		if (got < 0)
			err_wrap(&e, "agent %s", s.id);
		source_close(&s);
	}
	if (got == 0)
		return;
	warn_msg("%s", e.msg);
	if (*status == 0)
		*status = e.status;
}

int
auditverb_each(
    const struct audit_args *a, char *operands[], const struct audit_each *each)
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	int status = 0;
	size_t n, i;
	struct err e;

	if (a->all == (operands[0] != NULL))
		die_usage(
		    a->program, a->all ? "--all: wants no agent"
				       : "want an agent or a bundle, or --all");
	for (i = 0; operands[i] != NULL; i++)
		one(a, operands[i], false, each, &status);
	if (!a->all)
		return status;
	if (a->open == NULL)
		die_err(&a->why);
	if (root_list(a->open, &ids, &n, &e) < 0)
		die_err(&e);
	for (i = 0; i < n; i++)
		one(a, ids[i], true, each, &status);
	return status;
}

bool
auditverb_many(const struct audit_args *a, char *operands[])
{
	return a->all || (operands[0] != NULL && operands[1] != NULL);
}

int64_t
auditverb_own(const struct source *s)
{
	const struct lineage *l = &s->history.lineage;

	return s->live ? l->level[l->count - 1].before + 1 : 1;
}
