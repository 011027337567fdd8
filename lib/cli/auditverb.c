/* What the verbs of agent-audit share, and the smallest of them. */
#include "cli/auditverb.h"

#include "base/num.h"
#include "cli/show.h"

void
auditverb_history(
    const struct audit_args *a, const char *name, struct history *out)
{
	char id[ULID_TEXT];
	struct err e;

	if (a->open == NULL)
		die_err(&a->why);
	if (root_find(a->open, name, id, &e) < 0 ||
	    history_open(a->open, id, out, &e) < 0)
		die_err(&e);
}

int64_t
auditverb_seq(const struct audit_args *a, const char *verb, const char *text)
{
	int64_t seq;

	if (num_int(text, 1, (int64_t)1 << 53, &seq) < 0)
		die_usage(a->program, "%s: want a record's number", verb);
	return seq;
}

int
auditverb_show(const struct audit_args *a, char *args[])
{
	struct buf text CLEANUP_BUF = {0};
	struct history h;
	struct err e;
	int64_t seq = auditverb_seq(a, "show", args[0]);

	auditverb_history(a, args[1], &h);
	if ((a->request ? history_request(&h, seq, &text, &e)
			: history_record(&h, seq, &text, &e)) < 0)
		die_err(&e);
	show_json(stdout, text.data, text.len);
	history_close(&h);
	return 0;
}
