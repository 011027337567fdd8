/*
 * A record as a row, whatever its body is: one object a line, one row of as
 * many cells as there are columns.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "audit/flat.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Cells of the row at `*at`, which then is behind it (RFC 4180). */
static size_t
cells(const char **at)
{
	size_t n = 1;
	const char *p;
	bool quoted = false;

	for (p = *at; quoted || strncmp(p, "\r\n", 2) != 0; p++) {
		assert(*p != '\0');
		if (*p == '"')
			quoted = !quoted;
		else if (*p == ',' && !quoted)
			n++;
	}
	*at = p + 2;
	return n;
}

static bool
row(struct slice body, bool csv, enum record_type type, struct buf *out)
{
	struct flat f = {.csv = csv, .content = true};
	struct record r = {.seq = 1, .type = type, .body = body};
	struct err e;
	int got;

	flat_agent(&f, "01M83P3ZRF7R4YAFY2Y4WETZZD", "=name");
	flat_head(&f, out);
	got = flat_row(&f, &r, body, out, &e);
	flat_free(&f);
	return got == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf csv CLEANUP_BUF = {0}, line CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	struct slice body;
	enum record_type type;
	const char *at;
	struct err e;
	size_t n;

	if (size == 0)
		return 0;
	type = (enum record_type)(data[0] % RECORD_TYPES);
	body = (struct slice){(const char *)data + 1, size - 1};
	if (!row(body, false, type, &line)) {
		assert(!row(body, true, type, &csv));
		return 0;
	}
	assert(row(body, true, type, &csv));
	assert(line.len > 0 && line.data[line.len - 1] == '\n');
	assert(memchr(line.data, '\n', line.len - 1) == NULL);
	assert(json_parse(line.data, line.len, &j, &e) == 0);
	at = buf_str(&csv);
	n = cells(&at);
	assert(cells(&at) == n && *at == '\0');
	return 0;
}
