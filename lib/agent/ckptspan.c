#include "agent/ckptspan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/lineage.h"
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
	for (i = 0; i < s->parts; i++)
		fd_cleanup(&s->part[i].fd);
	free(s->part);
}

static int
read_part(void *arg, void *buf, size_t n, struct err *e)
{
	struct span *s = arg;
	struct span_part *p;
	struct content_range at;
	struct content c;
	size_t k;

	while (n > 0) {
		p = &s->part[s->reading];
		k = (int64_t)n < p->to - p->from ? n
						 : (size_t)(p->to - p->from);
		at = (struct content_range){p->fd, p->from, JOURNAL_FILE};
		c = content_file(&at, (int64_t)k);
		if (c.read(c.arg, buf, k, e) < 0)
			return -1;
		p->from += (int64_t)k;
		n -= k;
		buf = (char *)buf + k;
		if (p->from == p->to && s->reading + 1 < s->parts)
			s->reading++;
	}
	return 0;
}

struct content
span_journal(struct span *s)
{
	struct content c = {0, read_part, s};
	size_t i;

	for (i = 0; i < s->parts; i++)
		c.size += s->part[i].to - s->part[i].from;
	return c;
}

int64_t
span_end(const struct span *s)
{
	return s->parts == 0 ? 0 : s->part[s->parts - 1].to;
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
add_info(const struct lineage *l, struct span *span, struct err *e)
{
	const char *name = l->count == 1 ? INFO_FILE : FROM_DIR "/1.json";
	struct span_file f = {.fd = -1, .name = "--/"};
	struct stat st;

	if (file_open(l->dir, name, O_RDONLY | O_NOFOLLOW, 0, &f.fd, e) < 0 ||
	    fstat(f.fd, &st) < 0)
		return -1;
	digest_hex(&l->level[0].info, f.name + 3);
	mem_room(&span->blob, span->count, &span->cap, sizeof(*span->blob));
	mem_room(
	    &span->file, span->count, &span->file_cap, sizeof(*span->file));
	span->blob[span->count].digest = l->level[0].info;
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
	    "calls_blob", "provider_blob", "parts_blob", "tools", "paths"};
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

/* Does the record `seq` stand at the hint of the last ckpt record? */
static bool
stands_there(const struct session *s, const struct lineage *l, int64_t seq)
{
	int fd CLEANUP_FD = -1;
	char want[40], is[40];
	struct err e;
	ssize_t n;
	int len;

	if (lineage_journal(l, lineage_level(l, seq - 1), &fd, &e) < 0)
		return false;
	len = snprintf(want, sizeof(want), "{\"seq\":%" PRId64 ",", seq);
	n = pread(fd, is, (size_t)len, s->state.ckpt_offset);
	return n == len && memcmp(want, is, (size_t)len) == 0;
}

/* Where the records behind the last bundle begin: as its ckpt record says, if
 * the record stands there; else they are looked for from the first on. */
static void
span_start(const struct session *s, const struct manifest *m,
    const struct lineage *l, struct lineage_reader *r)
{
	struct journal_mark start;

	if (s->state.ckpt_offset <= 0 || m == NULL ||
	    m->seq != s->state.ckpt_seq || !stands_there(s, l, m->seq + 1)) {
		lineage_reader_init(r, l, NULL);
		return;
	}
	start = (struct journal_mark){.seq = m->seq,
	    .time = m->time,
	    .offset = s->state.ckpt_offset,
	    .head = m->head};
	lineage_reader_init(r, l, &start);
}

/* Records of one journal are one part. */
static int
add_record(struct span *s, const struct lineage_reader *r, size_t *level,
    const struct record *rec, struct err *e)
{
	struct span_part p = {.to = r->reader.mark.offset};

	if (s->parts > 0 && *level == r->at) {
		s->part[s->parts - 1].to = p.to;
		return 0;
	}
	*level = r->at;
	p.from = p.to - (int64_t)rec->line.len - 1;
	if (lineage_journal(r->lineage, r->at, &p.fd, e) < 0)
		return -1;
	mem_room(&s->part, s->parts, &s->part_cap, sizeof(*s->part));
	s->part[s->parts++] = p;
	return 0;
}

static int
read_span(const struct session *s, int64_t since, const struct digest *known,
    struct lineage_reader *r, struct span *out, struct err *e)
{
	struct record rec;
	size_t level = 0;
	int got;

	while (
	    (got = lineage_next(r, &rec, e)) == 1 && rec.seq <= s->mark.seq) {
		if (rec.seq <= since)
			continue;
		if (add_record(out, r, &level, &rec, e) < 0 ||
		    note_blobs(s->root, &rec, known, out, e) < 0)
			return -1;
	}
	return got < 0 ? -1 : 0;
}

int
span_read(const struct session *s, const struct manifest *m,
    const struct digest *known, struct span *out, struct err *e)
{
	struct lineage l CLEANUP_LINEAGE = {0};
	struct lineage_reader r;
	int got;

	*out = (struct span){0};
	if (lineage_open(s->dir, &s->info, &l, e) < 0)
		return -1;
	span_start(s, m, &l, &r);
	got = read_span(s, m == NULL ? 0 : m->seq, known, &r, out, e);
	lineage_reader_free(&r);
	if (got == 0 && m == NULL)
		got = add_info(&l, out, e);
	if (got < 0) {
		span_free(out);
		*out = (struct span){0};
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
	struct lineage l CLEANUP_LINEAGE = {0};
	struct lineage_reader r;
	struct record rec;
	int got;

	if (lineage_open(s->dir, &s->info, &l, e) < 0)
		return -1;
	span_start(s, parent, &l, &r);
	do
		got = lineage_next(&r, &rec, e);
	while (got == 1 && rec.seq < seq);
	if (got == 1)
		*out = r.reader.mark;
	lineage_reader_free(&r);
	return got < 0 ? -1 : got == 1 && out->seq == seq;
}
