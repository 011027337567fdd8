/*
 * The first line is an expression, the rest a record's body.  One that is
 * refused is a usage error; a body is bad data when and only when it is no
 * JSON object; and nothing both equals a value and differs from it.
 */
#include <assert.h>

#include "audit/match.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
no_blob(void *arg, const struct digest *d, struct buf *out, struct err *e)
{
	(void)arg;
	(void)d;
	(void)out;
	return err_set(e, EX_NOINPUT, 0, "a blob is missing");
}

static int
held(struct expr *x, const struct record *rec)
{
	struct blob_source blobs = {no_blob, NULL};
	struct match m;
	struct err e = {0};
	int got;

	match_init(&m, x, "01ABCDEFGHJKMNPQRSTVWXYZ00", "name", &blobs);
	got = match_record(&m, rec, &e);
	assert(got >= -1 && got <= 1);
	assert(got >= 0 || e.status == EX_DATAERR || e.status == EX_NOINPUT);
	match_free(&m);
	return got;
}

static void
look(struct expr *x, struct slice body)
{
	struct record rec = {.seq = 3, .time = CLOCK_SECOND, .body = body};
	struct members m = {0};
	struct err e;
	bool good = members_read(&m, body, &e) == 0;
	int was, now;

	assert(record_redacted(&rec) ||
	       good == (json_check(body.data, body.len, &e) == 0 &&
			   body.data[strspn(body.data, " \n\t\r")] == '{'));
	members_free(&m);
	for (rec.type = 0; rec.type < RECORD_TYPES; rec.type++) {
		was = held(x, &rec);
		if (x->count != 1 || x->terms[0].op != EXPR_EQ ||
		    x->terms[0].key == KEY_SINCE ||
		    x->terms[0].key == KEY_UNTIL || x->terms[0].key == KEY_TYPE)
			continue;
		x->terms[0].op = EXPR_NE;
		now = held(x, &rec);
		x->terms[0].op = EXPR_EQ;
		assert((was < 0) == (now < 0));
		assert(was <= 0 || now <= 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nl = size == 0 ? NULL : memchr(data, '\n', size);
	size_t len = nl == NULL ? size : (size_t)(nl - data);
	char *text CLEANUP_FREE = mem_dup(data, len);
	char *body CLEANUP_FREE =
	    nl == NULL ? mem_dup("{}", 2) : mem_dup(nl + 1, size - len - 1);
	struct expr x;
	struct err e = {0};

	if (expr_parse(text, 100 * CLOCK_SECOND, &x, &e) < 0) {
		assert(e.status == EX_USAGE && e.msg[0] != '\0');
		return 0;
	}
	look(&x, (struct slice){body, nl == NULL ? 2 : size - len - 1});
	expr_free(&x);
	return 0;
}
