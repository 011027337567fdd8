/*
 * Records that were redacted.  A body that is gone would leave the fold with
 * calls without results and requests without answers; the note that was
 * written before it went holds what is left of it: ids, numbers and words of
 * ours, nothing that was said.
 */
#include <string.h>

#include "agent/folding.h"
#include "agent/redact.h"
#include "base/mem.h"

/* Take the bodies out of one note. */
static void
keep(struct state *s, const struct record *note)
{
	struct slice list, one, body, seq;
	struct redacted r;
	char number[32];
	size_t at = 0;

	if (json_raw(note->body, REDACT_LIST, &list) < 0)
		return;
	while (json_raw_next(list, &at, &one) == 1) {
		if (one.data[0] != '{' || json_raw(one, "seq", &seq) < 0 ||
		    json_raw(one, "body", &body) < 0 || body.data[0] != '{' ||
		    seq.len >= sizeof(number))
			continue;
		(void)snprintf(
		    number, sizeof(number), "%.*s", (int)seq.len, seq.data);
		r.seq = strtoll(number, NULL, 10);
		r.body = mem_dup(body.data, body.len);
		mem_room(&s->redacted, s->redacted_count, &s->redacted_cap,
		    sizeof(*s->redacted));
		s->redacted[s->redacted_count++] = r;
	}
}

static int
look_at(void *arg, const struct record *rec, struct err *e)
{
	if (rec->type != RECORD_NOTE || record_redacted(rec) ||
	    memmem(rec->body.data, rec->body.len, REDACT_LIST,
		strlen(REDACT_LIST)) == NULL)
		return 0;
	if (json_check(rec->body.data, rec->body.len, e) < 0)
		return -1;
	keep(arg, rec);
	return 0;
}

static int
by_seq(const void *a, const void *b)
{
	const struct redacted *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int
seek(struct state *s, struct err *e)
{
	struct past_each each = {look_at, s};

	s->redacted_sought = true;
	if (s->past.replay == NULL)
		return 0;
	if (s->past.replay(&s->past, INT64_MAX, &each, e) < 0)
		return -1;
	if (s->redacted_count > 0)
		qsort(s->redacted, s->redacted_count, sizeof(*s->redacted),
		    by_seq);
	return 0;
}

int
folding_redacted(struct state *s, const struct record *rec, struct record *out,
    struct err *e)
{
	struct redacted key = {.seq = rec->seq}, *r;

	if (!redact_takes(rec->type))
		return 0;
	if (!s->redacted_sought && seek(s, e) < 0)
		return -1;
	if (s->redacted_count == 0)
		return 0;
	r = bsearch(&key, s->redacted, s->redacted_count, sizeof(*r), by_seq);
	if (r == NULL)
		return 0;
	s->redaction = true;
	*out = *rec;
	out->body = (struct slice){r->body, strlen(r->body)};
	return 1;
}
