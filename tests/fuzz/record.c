/* One line of a journal: what is read is written again as the same bytes, and
 * a record that was redacted keeps its digest. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "journal/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_redacted(const struct record *rec)
{
	struct buf line CLEANUP_BUF = {0};
	struct record r;
	struct err e;

	buf_add(&line, rec->line.data, rec->line.len - rec->body.len - 1);
	buf_puts(&line, "null}");
	assert(record_parse(line.data, line.len, &r, &e) == 0);
	assert(record_redacted(&r) && digest_equal(&r.digest, &rec->digest));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	struct buf out CLEANUP_BUF = {0};
	struct record r, again;
	struct err e;

	if (record_parse(line, size, &r, &e) < 0) {
		assert(e.status == EX_DATAERR && e.msg[0] != '\0');
		return 0;
	}
	assert(r.seq > 0 && r.time >= 0 && r.type < RECORD_TYPES);
	assert(r.line.data == line && r.line.len == size);
	assert(r.body.data + r.body.len == line + size - 1);
	check_redacted(&r);
	if (record_redacted(&r))
		return 0; /* its sum is that of another body */
	again = r;
	record_write(&again, &out);
	assert(out.len == size + 1 && memcmp(out.data, line, size) == 0);
	assert(digest_equal(&again.digest, &r.digest) &&
	       digest_equal(&again.sum, &r.sum));
	return 0;
}
