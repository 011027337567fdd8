#include "tool/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"

#define STREAM_PIECE  65536
#define STREAM_PIECES 16 /* in one go, so that deadlines are kept */

void
stream_init(struct tool_stream *s, int fd, size_t keep)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->keep = keep;
}

void
stream_free(struct tool_stream *s)
{
	fd_cleanup(&s->fd);
	buf_free(&s->head);
	buf_free(&s->tail);
}

void
stream_add(struct tool_stream *s, const char *data, size_t len)
{
	size_t half = s->keep / 2, first = s->keep - half, n;

	s->bytes += len;
	n = s->head.len < first ? first - s->head.len : 0;
	if (n > len)
		n = len;
	buf_add(&s->head, data, n);
	data += n;
	len -= n;
	if (len > half) {
		buf_clear(&s->tail);
		data += len - half;
		len = half;
	}
	buf_add(&s->tail, data, len);
	/* Dropping only every now and then makes it cheap. */
	if (s->tail.len > 2 * half)
		buf_drop(&s->tail, s->tail.len - half);
}

void
stream_read(struct tool_stream *s)
{
	char piece[STREAM_PIECE];
	ssize_t n;
	int i;

	for (i = 0; s->fd >= 0 && i < STREAM_PIECES; i++) {
		n = read(s->fd, piece, sizeof(piece));
		if (n > 0)
			stream_add(s, piece, (size_t)n);
		else if (n < 0 && errno == EAGAIN)
			return;
		else if (n == 0 || errno != EINTR)
			fd_cleanup(&s->fd);
	}
}

void
text_clean(struct buf *out, const char *s, size_t len)
{
	const char *nul;
	size_t n;

	for (;;) {
		nul = len == 0 ? NULL : memchr(s, '\0', len);
		n = nul == NULL ? len : (size_t)(nul - s);
		utf8_repair(out, s, n);
		if (nul == NULL)
			return;
		buf_puts(out, "\xef\xbf\xbd");
		s += n + 1;
		len -= n + 1;
	}
}

/* Without a character that was cut at the end. */
static size_t
whole_head(const char *s, size_t len)
{
	size_t back;

	for (back = 1; back <= 3 && back <= len; back++) {
		unsigned char c = (unsigned char)s[len - back];

		if (c < 0x80)
			break;
		if (c >= 0xc0) /* starts one that needs more than is there */
			return utf8_next(s + len - back, back, NULL) == 0
				   ? len - back
				   : len;
	}
	return len;
}

/* How much to drop so that the tail starts with a whole character. */
static size_t
cut_tail(const char *s, size_t len)
{
	size_t n = 0;

	while (n < 3 && n < len && ((unsigned char)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* The last bytes of valid UTF-8, at most `most`, in whole characters. */
static struct slice
suffix(const struct buf *b, size_t most)
{
	size_t from = b->len > most ? b->len - most : 0;

	while (from < b->len && ((unsigned char)b->data[from] & 0xc0) == 0x80)
		from++;
	return (struct slice){buf_str(b) + from, b->len - from};
}

/* Repairing makes text longer, so it may have to be cut once more. */
static void
join(const struct tool_stream *s, const struct buf *head,
    const struct buf *tail, uint64_t left, struct buf *out)
{
	size_t half = s->keep / 2, n;
	struct slice end;

	if (left == 0 && head->len <= s->keep) {
		buf_add(out, buf_str(head), head->len);
		return;
	}
	n = utf8_cut(buf_str(head), head->len, s->keep - half);
	end = suffix(left == 0 ? head : tail, half);
	left += head->len + tail->len - n - end.len;
	buf_add(out, buf_str(head), n);
	buf_printf(out, "\n[… %" PRIu64 " bytes left out …]\n", left);
	buf_add(out, end.data, end.len);
}

void
stream_text(const struct tool_stream *s, struct buf *out)
{
	struct buf head CLEANUP_BUF = {0}, tail CLEANUP_BUF = {0};
	struct buf raw CLEANUP_BUF = {0};
	size_t half = s->keep / 2, n = s->tail.len, cut;
	const char *t = buf_str(&s->tail);
	uint64_t left;

	if (n > half) {
		t += n - half;
		n = half;
	}
	left = s->bytes - s->head.len - n;
	buf_add(&raw, buf_str(&s->head), s->head.len);
	if (left == 0) {
		buf_add(&raw, t, n);
		text_clean(&head, buf_str(&raw), raw.len);
	} else {
		cut = whole_head(buf_str(&raw), raw.len);
		left += raw.len - cut;
		text_clean(&head, buf_str(&raw), cut);
		cut = cut_tail(t, n);
		left += cut;
		text_clean(&tail, t + cut, n - cut);
	}
	join(s, &head, &tail, left, out);
}
