/* What the verbs of agent-audit share, and the smallest of them. */
#include "cli/auditverb.h"

#include "audit/sent.h"
#include "base/num.h"
#include "cli/show.h"

void
auditverb_open(const struct audit_args *a, const char *name, struct source *out)
{
	struct err e;

	if (source_open(a->open, name, 0, &a->why, out, &e) < 0)
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
	struct source s;
	struct err e;
	int64_t seq = auditverb_seq(a, "show", args[0]);

	auditverb_open(a, args[1], &s);
	if ((a->request ? sent_request(&s, seq, &text, &e)
			: source_record(&s, seq, &text, &e)) < 0)
		die_err(&e);
	show_json(stdout, text.data, text.len);
	source_close(&s);
	return 0;
}
