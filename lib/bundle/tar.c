#include "bundle/tar.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

/* Offsets and lengths of the fields of a ustar header. */
enum {
	NAME = 0,
	NAME_LEN = 100,
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	MTIME = 136,
	CHECKSUM = 148,
	TYPE = 156,
	LINK = 157,
	LINK_LEN = 100,
	MAGIC = 257,
	PREFIX = 345,
	PREFIX_LEN = 155
};

#define OCTAL_MAX ((int64_t)077777777777) /* eleven digits */

static void
octal(char *field, size_t digits, uint64_t n)
{
	size_t i;

	for (i = digits; i-- > 0; n >>= 3)
		field[i] = (char)('0' + (n & 7));
}

static void
seal(char *h)
{
	unsigned sum = 0;
	size_t i;

	memset(h + CHECKSUM, ' ', 8);
	for (i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)h[i];
	octal(h + CHECKSUM, 6, sum);
	h[CHECKSUM + 6] = '\0';
}

static char
type_flag(enum entry_type t)
{
	switch (t) {
	case ENTRY_DIR:
		return '5';
	case ENTRY_SYMLINK:
		return '2';
	case ENTRY_HARDLINK:
		return '1';
	default:
		return '0';
	}
}

/* The member's name: folders end in a slash, removals are whiteouts. */
static void
member_name(struct buf *b, const struct entry *e)
{
	const char *slash = memrchr(e->path.data, '/', e->path.len);
	size_t dir;

	if (e->type != ENTRY_GONE || slash == NULL) {
		buf_add(b, e->path.data, e->path.len);
		if (e->type == ENTRY_DIR)
			buf_putc(b, '/');
		return;
	}
	dir = (size_t)(slash - e->path.data) + 1;
	buf_add(b, e->path.data, dir);
	buf_puts(b, ".wh.");
	buf_add(b, slash + 1, e->path.len - dir);
}

/* Put the name in a ustar header; false when it does not fit. */
static bool
put_name(char *h, const char *name, size_t len)
{
	size_t cut;

	if (len <= NAME_LEN) {
		memcpy(h + NAME, name, len);
		return true;
	}
	for (cut = len - NAME_LEN - 1; cut < len - 1 && cut <= PREFIX_LEN;
	     cut++) {
		if (name[cut] != '/' || cut == 0)
			continue;
		memcpy(h + PREFIX, name, cut);
		memcpy(h + NAME, name + cut + 1, len - cut - 1);
		return true;
	}
	memcpy(h + NAME, name, NAME_LEN);
	return false;
}

/* One extended record, "LEN key=value\n", whose LEN counts itself. */
static void
record(struct buf *b, const char *key, const char *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, digits = 1, n = 10;

	while (rest + digits >= n) {
		digits++;
		n *= 10;
	}
	buf_printf(b, "%zu %s=", rest + digits, key);
	buf_add(b, value, len);
	buf_putc(b, '\n');
}

static bool
is_utf8(const char *s, size_t len)
{
	return utf8_valid(s, len) == len;
}

static void
extend(struct buf *b, const struct buf *records, char *plain)
{
	char x[TAR_BLOCK] = {0};

	memcpy(x, plain, TAR_BLOCK);
	memset(x + NAME, 0, NAME_LEN);
	memset(x + LINK, 0, LINK_LEN);
	memset(x + PREFIX, 0, PREFIX_LEN);
	memcpy(x + NAME, "PaxHeader", 9);
	octal(x + MODE, 7, 0644);
	octal(x + SIZE, 11, records->len);
	x[TYPE] = 'x';
	seal(x);
	buf_add(b, x, TAR_BLOCK);
	buf_add(b, records->data, records->len);
	memset(x, 0, sizeof(x));
	buf_add(b, x, tar_padding((int64_t)records->len));
}

static void
put_time(char *h, const struct entry *e, struct buf *pax)
{
	int64_t sec = e->mtime / CLOCK_SECOND;
	char text[48];
	int n;

	octal(h + MTIME, 11, (uint64_t)(sec > OCTAL_MAX ? OCTAL_MAX : sec));
	if (e->mtime % CLOCK_SECOND == 0 && sec <= OCTAL_MAX)
		return;
	n = snprintf(text, sizeof(text), "%" PRId64 ".%09" PRId64, sec,
	    e->mtime % CLOCK_SECOND);
	record(pax, "mtime", text, (size_t)n);
}

static void
put_size(char *h, const struct entry *e, struct buf *pax)
{
	int64_t size = tar_content(e);
	char text[24];
	int n;

	octal(h + SIZE, 11, (uint64_t)(size > OCTAL_MAX ? 0 : size));
	if (size <= OCTAL_MAX)
		return;
	n = snprintf(text, sizeof(text), "%" PRId64, size);
	record(pax, "size", text, (size_t)n);
}

void
tar_header(struct buf *b, const struct entry *e)
{
	struct buf name CLEANUP_BUF = {0}, pax CLEANUP_BUF = {0};
	bool long_name, long_link = e->link.len > LINK_LEN;
	char h[TAR_BLOCK] = {0};

	member_name(&name, e);
	long_name = !put_name(h, name.data, name.len);
	/* The records of names are UTF-8 unless this one is before them. */
	if ((long_name && !is_utf8(name.data, name.len)) ||
	    (long_link && !is_utf8(e->link.data, e->link.len)))
		record(&pax, "hdrcharset", "BINARY", 6);
	if (long_name)
		record(&pax, "path", name.data, name.len);
	if (e->link.len > 0)
		memcpy(h + LINK, e->link.data,
		    long_link ? (size_t)LINK_LEN : e->link.len);
	if (long_link)
		record(&pax, "linkpath", e->link.data, e->link.len);
	octal(h + MODE, 7, e->type == ENTRY_SYMLINK ? 0777 : e->mode);
	octal(h + UID, 7, 0);
	octal(h + GID, 7, 0);
	put_size(h, e, &pax);
	put_time(h, e, &pax);
	h[TYPE] = type_flag(e->type);
	memcpy(h + MAGIC, "ustar\00000", 8);
	if (pax.len > 0)
		extend(b, &pax, h);
	seal(h);
	buf_add(b, h, TAR_BLOCK);
}

int64_t
tar_content(const struct entry *e)
{
	return e->type == ENTRY_FILE ? e->size : 0;
}

size_t
tar_padding(int64_t size)
{
	return (TAR_BLOCK - (size_t)(size % (int64_t)TAR_BLOCK)) % TAR_BLOCK;
}

int64_t
tar_size(const char block[TAR_BLOCK])
{
	int64_t n = 0;
	size_t i;

	for (i = 0; i < 11; i++) {
		if (block[SIZE + i] < '0' || block[SIZE + i] > '7')
			return -1;
		n = n << 3 | (block[SIZE + i] - '0');
	}
	return n;
}
