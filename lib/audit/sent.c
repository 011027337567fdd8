#include "audit/sent.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"

int
sent_rebuild(struct source *from, const struct state *s,
    const struct record *rec, struct buf *out, struct err *e)
{
	struct json *body CLEANUP_JSON = NULL;
	struct buf tools CLEANUP_BUF = {0};
	const char *hex, *want;
	char is[DIGEST_HEX + 1];
	struct digest d;

	if (rec->type != RECORD_MODEL_CALL || record_redacted(rec))
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 " is no model.call", rec->seq);
	if (json_parse(rec->body.data, rec->body.len, &body, e) < 0)
		return -1;
	hex = json_get_string(body, "tools");
	want = json_get_string(body, "request");
	if (json_get_integer(body, "form", 0) != REQUEST_FORM || hex == NULL ||
	    want == NULL || digest_parse(hex, strlen(hex), &d) < 0)
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 ": a request of another form", rec->seq);
	if (source_blob(from, &d, &tools, e) < 0)
		return -1;
	state_request_text(s, (struct slice){tools.data, tools.len}, out);
	digest_of(out->data, out->len, &d);
	digest_hex(&d, is);
	if (strcmp(is, want) != 0 && s->redaction)
		return err_set(e, EX_NO, 0,
		    "record %" PRId64 ": a part of what was sent is redacted",
		    rec->seq);
	if (strcmp(is, want) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 ": the rebuilt request is not the one "
		    "that was sent",
		    rec->seq);
	return 0;
}

int
sent_request(struct source *from, int64_t seq, struct buf *out, struct err *e)
{
	struct buf line CLEANUP_BUF = {0}, text CLEANUP_BUF = {0};
	struct record rec;
	struct state s;
	int got;

	if (source_record(from, seq, &line, e) < 0 ||
	    record_parse(line.data, line.len, &rec, e) < 0)
		return -1;
	if (rec.type != RECORD_MODEL_CALL || seq == 1)
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 " is no model.call", seq);
	if (source_state(from, seq - 1, &s, e) < 0)
		return -1;
	got = sent_rebuild(from, &s, &rec, &text, e);
	if (got == 0)
		buf_add(out, text.data, text.len);
	state_free(&s);
	return got;
}
