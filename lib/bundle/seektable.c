#include "bundle/seektable.h"

#include <string.h>

#include "base/mem.h"

#define SKIPPABLE ((uint32_t)0x184D2A5E)
#define SUMMED    ((uint32_t)0x184D2A5D)
#define SEEKABLE  ((uint32_t)0x8F92EAB1)

/* Our tables bear no check sums: their descriptor is zero. */
enum { HEAD = 8, PAIR = 8 };
#define BEFORE (HEAD + SEEK_SUM) /* the frame with the sum */

void
seek_free(struct seek_table *t)
{
	free(t->frame);
	*t = (struct seek_table){0};
}

void
seek_add(struct seek_table *t, size_t packed, size_t size)
{
	mem_room(&t->frame, t->count, &t->cap, sizeof(*t->frame));
	t->frame[t->count++] = (struct seek_frame){
	    t->packed, t->size, (uint32_t)packed, (uint32_t)size};
	t->packed += (int64_t)packed;
	t->size += (int64_t)size;
}

static void
put32(struct buf *b, uint32_t n)
{
	char c[4] = {(char)(n & 0xff), (char)(n >> 8 & 0xff),
	    (char)(n >> 16 & 0xff), (char)(n >> 24)};

	buf_add(b, c, 4);
}

static uint32_t
get32(const void *p)
{
	const unsigned char *c = p;

	return (uint32_t)c[0] | (uint32_t)c[1] << 8 | (uint32_t)c[2] << 16 |
	       (uint32_t)c[3] << 24;
}

void
seek_write(const struct seek_table *t, struct buf *out)
{
	size_t i;

	put32(out, SUMMED);
	put32(out, (uint32_t)SEEK_SUM);
	buf_add(out, (const char *)t->sum, SEEK_SUM);
	put32(out, SKIPPABLE);
	put32(out, (uint32_t)(t->count * PAIR + SEEK_FOOTER));
	for (i = 0; i < t->count; i++) {
		put32(out, t->frame[i].packed);
		put32(out, t->frame[i].size);
	}
	put32(out, (uint32_t)t->count);
	buf_putc(out, 0);
	put32(out, SEEKABLE);
}

int64_t
seek_length(const unsigned char f[SEEK_FOOTER])
{
	if (get32(f + 5) != SEEKABLE || f[4] != 0)
		return -1;
	return (int64_t)BEFORE + HEAD + PAIR * (int64_t)get32(f) +
	       (int64_t)SEEK_FOOTER;
}

int
seek_parse(const char *text, size_t len, int64_t file, struct seek_table *out,
    struct err *e)
{
	const unsigned char *p = (const unsigned char *)text;
	struct seek_table t = {0};
	size_t i, n;

	if (len < BEFORE + HEAD + SEEK_FOOTER || get32(p) != SUMMED ||
	    get32(p + 4) != SEEK_SUM || get32(p + BEFORE) != SKIPPABLE ||
	    get32(p + BEFORE + 4) != len - BEFORE - HEAD ||
	    seek_length(p + len - SEEK_FOOTER) != (int64_t)len)
		return err_set(e, EX_DATAERR, 0,
		    "not a bundle: there is no seek table at the end");
	n = get32(p + len - SEEK_FOOTER);
	for (i = 0; i < n; i++) {
		const unsigned char *pair = p + BEFORE + HEAD + i * PAIR;

		if (get32(pair) > FRAME_MAX || get32(pair + 4) > FRAME_MAX ||
		    get32(pair + 4) == 0) {
			seek_free(&t);
			return err_set(e, EX_DATAERR, 0,
			    "the seek table holds a frame larger than %zu "
			    "bytes, or an empty one",
			    FRAME_MAX);
		}
		seek_add(&t, get32(pair), get32(pair + 4));
	}
	if (n == 0 || t.packed + (int64_t)len != file) {
		seek_free(&t);
		return err_set(
		    e, EX_DATAERR, 0, "the seek table does not fit the file");
	}
	memcpy(t.sum, p + HEAD, SEEK_SUM);
	*out = t;
	return 0;
}
