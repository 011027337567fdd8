#include "agent/ckptspan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

struct span_file {
	int fd;
	struct content_range range;
	char name[DIGEST_HEX + 4];
};

void
span_free(struct span *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		fd_cleanup(&s->file[i].fd);
	free(s->file);
	free(s->blob);
	fd_cleanup(&s->fd);
}

static int
add_blob(const struct root *root, struct span *s, const struct digest *d,
    struct err *e)
{
	struct span_file f = {.fd = -1};
	char hex[DIGEST_HEX + 1];
	struct stat st;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (digest_equal(&s->blob[i].digest, d))
			return 0;
	digest_hex(d, hex);
	(void)snprintf(f.name, sizeof(f.name), "%.2s/%s", hex, hex);
	if (file_open(root->blobs, f.name, O_RDONLY | O_NOFOLLOW, 0, &f.fd, e) <
		0 ||
	    fstat(f.fd, &st) < 0)
		return err_wrap(e, "a blob is missing");
	mem_room(&s->blob, s->count, &s->cap, sizeof(*s->blob));
	mem_room(&s->file, s->count, &s->file_cap, sizeof(*s->file));
	s->blob[s->count].digest = *d;
	s->blob[s->count].content.size = st.st_size;
	s->file[s->count++] = f;
	return 0;
}

/* The first record follows agent.json: with it a history can be rebuilt. */
static int
add_info(const struct session *s, struct span *span, struct err *e)
{
	struct span_file f = {.fd = -1, .name = "--/"};
	struct stat st;

	if (file_open(s->dir, INFO_FILE, O_RDONLY | O_NOFOLLOW, 0, &f.fd, e) <
		0 ||
	    fstat(f.fd, &st) < 0)
		return -1;
	digest_hex(&s->info.digest, f.name + 3);
	mem_room(&span->blob, span->count, &span->cap, sizeof(*span->blob));
	mem_room(
	    &span->file, span->count, &span->file_cap, sizeof(*span->file));
	span->blob[span->count].digest = s->info.digest;
	span->blob[span->count].content.size = st.st_size;
	span->file[span->count++] = f;
	return 0;
}

static int
compare_blobs(const void *a, const void *b)
{
	const struct writer_blob *x = a, *y = b;

	return memcmp(x->digest.b, y->digest.b, DIGEST_SIZE);
}

static int
note_blobs(const struct root *root, const struct record *rec,
    const struct digest *known, struct span *s, struct err *e)
{
	static const char *const keys[] = {"blob", "arguments_blob",
	    "calls_blob", "provider_blob", "tools", "paths"};
	struct slice token;
	struct digest d;
	size_t i;

	if (record_redacted(rec) ||
	    json_check(rec->body.data, rec->body.len, e) < 0)
		return record_redacted(rec) ? 0 : -1;
	for (i = 0; i < COUNT_OF(keys); i++) {
		if (json_raw(rec->body, keys[i], &token) < 0 ||
		    token.len != DIGEST_HEX + 2 ||
		    digest_parse(token.data + 1, DIGEST_HEX, &d) < 0 ||
		    digest_equal(known, &d))
			continue;
		if (add_blob(root, s, &d, e) < 0)
			return -1;
	}
	return 0;
}

/* Where the records behind the last bundle begin: as its ckpt record says, if
 * the record stands there; else they are looked for from the first on. */
static struct journal_mark
span_start(const struct session *s, const struct manifest *m, int fd)
{
	struct journal_mark start = {.head = s->info.digest};
	char want[40], is[40];
	ssize_t n;
	int len;

	if (s->state.ckpt_offset <= 0 || m == NULL ||
	    m->seq != s->state.ckpt_seq)
		return start;
	len = snprintf(want, sizeof(want), "{\"seq\":%" PRId64 ",", m->seq + 1);
	n = pread(fd, is, (size_t)len, s->state.ckpt_offset);
	if (n != len || memcmp(want, is, (size_t)len) != 0)
		return start;
	return (struct journal_mark){.seq = m->seq,
	    .time = m->time,
	    .offset = s->state.ckpt_offset,
	    .head = m->head};
}

int
span_read(const struct session *s, const struct manifest *m,
    const struct digest *known, struct span *out, struct err *e)
{
	int64_t since = m == NULL ? 0 : m->seq;
	struct journal_mark start;
	struct reader r;
	struct record rec;
	int got;

	*out = (struct span){.fd = -1, .from = -1};
	if (file_open(s->dir, JOURNAL_FILE, O_RDONLY | O_NOFOLLOW, 0, &out->fd,
		e) < 0)
		return -1;
	start = span_start(s, m, out->fd);
	reader_init(&r, out->fd, &start);
	while (
	    (got = reader_next(&r, &rec, e)) == 1 && rec.seq <= s->mark.seq) {
		if (rec.seq <= since)
			continue;
		if (out->from < 0)
			out->from = r.mark.offset - (int64_t)rec.line.len - 1;
		out->to = r.mark.offset;
		if (note_blobs(s->root, &rec, known, out, e) < 0) {
			got = -1;
			break;
		}
	}
	reader_free(&r);
	if (got == 0 && m == NULL)
		got = add_info(s, out, e);
	if (got < 0) {
		span_free(out);
		return -1;
	}
	if (out->count > 0)
		qsort(out->blob, out->count, sizeof(*out->blob), compare_blobs);
	return 0;
}

void
span_contents(struct span *s)
{
	char hex[DIGEST_HEX + 1];
	size_t i, k;

	for (i = 0; i < s->count; i++) {
		digest_hex(&s->blob[i].digest, hex);
		for (k = 0; strcmp(s->file[k].name + 3, hex) != 0; k++)
			;
		s->file[k].range =
		    (struct content_range){s->file[k].fd, 0, s->file[k].name};
		s->blob[i].content =
		    content_file(&s->file[k].range, s->blob[i].content.size);
	}
}

int
span_seek(const struct session *s, const struct manifest *parent, int64_t seq,
    struct journal_mark *out, struct err *e)
{
	int fd CLEANUP_FD = -1;
	struct journal_mark start;
	struct reader r;
	struct record rec;
	int got;

	if (file_open(s->dir, JOURNAL_FILE, O_RDONLY | O_NOFOLLOW, 0, &fd, e) <
	    0)
		return -1;
	start = span_start(s, parent, fd);
	reader_init(&r, fd, &start);
	do
		got = reader_next(&r, &rec, e);
	while (got == 1 && rec.seq < seq);
	if (got == 1)
		*out = r.mark;
	reader_free(&r);
	return got < 0 ? -1 : got == 1 && out->seq == seq;
}
