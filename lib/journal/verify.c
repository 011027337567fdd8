#include "journal/verify.h"

#include <inttypes.h>

#include "base/jsontext.h"
#include "journal/journal.h"

static int
check_seal(const struct record *rec, const struct sign_public *key,
    struct verify_result *res, struct err *e)
{
	if (key != NULL && journal_foreign_seal(rec, key)) {
		if (res->foreign_seq == 0)
			res->foreign_seq = rec->seq;
		return 0;
	}
	if (key != NULL && journal_check_seal(rec, key, e) < 0)
		return -1;
	res->seals++;
	res->sealed_seq = rec->seq - 1;
	return 0;
}

int
verify_record(const struct record *rec, const struct verify_options *o,
    struct verify_result *res, struct err *e)
{
	struct slice token;

	res->records++;
	if (record_redacted(rec))
		res->redacted++;
	else if (json_check(rec->body.data, rec->body.len, e) < 0)
		return err_wrap(e, "record %" PRId64, rec->seq);
	if (rec->type == RECORD_SEAL && !record_redacted(rec) &&
	    check_seal(rec, o->key, res, e) < 0)
		return -1;
	/* What was brought in has the seals of where it came from; our own
	 * seal behind covers them. */
	if (rec->type == RECORD_RESTORE && !record_redacted(rec) &&
	    json_raw(rec->body, "import", &token) == 0)
		res->foreign_seq = 0;
	if (o->known != NULL && rec->seq == o->known->seq &&
	    !digest_equal(&o->known->head, &rec->digest))
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 " is not the one that was there",
		    rec->seq);
	if (o->head != NULL && digest_equal(o->head, &rec->digest))
		res->found_head = true;
	return o->each == NULL ? 0 : o->each(o->arg, rec, e);
}

int
verify_end(const struct verify_options *o, const struct verify_result *res,
    struct err *e)
{
	if (o->known != NULL && res->mark.seq < o->known->seq)
		return err_set(e, EX_DATAERR, 0,
		    "the journal was cut: record %" PRId64 " is gone",
		    res->mark.seq + 1);
	if (res->records == 0)
		return err_set(e, EX_DATAERR, 0, "the journal is empty");
	if (res->foreign_seq != 0)
		return err_set(e, EX_DATAERR, 0,
		    "seal %" PRId64 ": by another key", res->foreign_seq);
	return 0;
}

int
verify_journal(int fd, const struct digest *agent_json,
    const struct verify_options *o, struct verify_result *out, struct err *e)
{
	struct journal_mark start = {.head = *agent_json};
	struct verify_result res = {0};
	struct reader r;
	struct record rec;
	int got;

	reader_init(&r, fd, &start);
	while ((got = reader_next(&r, &rec, e)) == 1)
		if (verify_record(&rec, o, &res, e) < 0) {
			got = -1;
			break;
		}
	res.mark = r.mark;
	if (r.torn)
		res.torn_bytes = r.size - r.mark.offset;
	reader_free(&r);
	if (got < 0 || verify_end(o, &res, e) < 0)
		return -1;
	*out = res;
	return 0;
}
