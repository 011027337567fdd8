#include "bundle/frames.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "bundle/codec.h"

/* The largest seek table that is read: five million frames. */
#define TABLE_MAX ((int64_t)64 << 20)

static int
read_at(
    int fd, void *buf, size_t n, int64_t at, const char *name, struct err *e)
{
	struct content_range range = {fd, at, name};
	struct content c = content_file(&range, (int64_t)n);

	return c.read(c.arg, buf, n, e);
}

static int
not_ours(const char *name, struct err *e)
{
	return err_set(e, EX_DATAERR, 0,
	    "'%s' is no bundle: there is no seek table at its end", name);
}

static int
read_table(struct frames *f, struct err *e)
{
	unsigned char footer[SEEK_FOOTER];
	char *text CLEANUP_FREE = NULL;
	int64_t len;

	if (f->file < (int64_t)SEEK_FOOTER)
		return not_ours(f->name, e);
	if (read_at(f->fd, footer, SEEK_FOOTER, f->file - (int64_t)SEEK_FOOTER,
		f->name, e) < 0)
		return -1;
	len = seek_length(footer);
	if (len < 0 || len > f->file)
		return not_ours(f->name, e);
	if (len > TABLE_MAX)
		return err_set(e, EX_DATAERR, 0,
		    "the seek table of '%s' is too large", f->name);
	text = mem_grow(NULL, (size_t)len, 1);
	if (read_at(f->fd, text, (size_t)len, f->file - len, f->name, e) < 0)
		return -1;
	if (seek_parse(text, (size_t)len, f->file, &f->table, e) < 0)
		return err_wrap(e, "'%s'", f->name);
	return 0;
}

int
frames_open(
    int fd, const char *name, int64_t most, struct frames *out, struct err *e)
{
	struct frames f = {.fd = fd, .name = mem_strdup(name)};
	struct stat st;

	if (fstat(fd, &st) < 0) {
		err_set(e, EX_IOERR, errno, "cannot read '%s'", name);
		goto fail;
	}
	f.file = st.st_size;
	if (!S_ISREG(st.st_mode)) {
		not_ours(name, e);
		goto fail;
	}
	if (read_table(&f, e) < 0)
		goto fail;
	if (f.table.size > most) {
		err_set(e, EX_LIMIT, 0,
		    "'%s' expands to %" PRId64 " bytes, more than the limit of "
		    "%" PRId64,
		    name, f.table.size, most);
		goto fail;
	}
	*out = f;
	return 0;
fail:
	frames_close(&f);
	return -1;
}

void
frames_close(struct frames *f)
{
	fd_cleanup(&f->fd);
	seek_free(&f->table);
	free(f->name);
	*f = (struct frames){.fd = -1};
}

void
frame_view_init(struct frame_view *v, const struct frames *f)
{
	*v = (struct frame_view){.frames = f, .frame = -1};
	codec_new(0, &v->codec);
}

void
frame_view_free(struct frame_view *v)
{
	codec_free(v->codec);
	free(v->packed);
	free(v->plain);
	*v = (struct frame_view){.frame = -1};
}

static void
room_for(char **at, size_t *room, size_t n)
{
	if (*room >= n && *at != NULL)
		return;
	free(*at);
	*at = mem_grow(NULL, n + 1, 1);
	*room = n;
}

static void
add_sums(struct frame_sums *s, const struct frame_view *v, size_t packed)
{
	struct digest d;

	digest_of(v->packed, packed, &d);
	sha256_add(&s->packed, &d, sizeof(d));
	if (s->unpacked)
		sha256_add(&s->plain, v->plain, v->len);
	s->count++;
}

int
frame_get(struct frame_view *v, int64_t frame, struct slice *out, struct err *e)
{
	const struct frames *f = v->frames;
	const struct seek_frame *s;

	if (frame < 0 || (uint64_t)frame >= f->table.count)
		return err_set(e, EX_DATAERR, 0, "'%s' has no frame %" PRId64,
		    f->name, frame);
	s = &f->table.frame[frame];
	if (v->frame != frame) {
		v->frame = -1;
		room_for(&v->packed, &v->packed_room, s->packed);
		room_for(&v->plain, &v->plain_room, s->size);
		if (read_at(f->fd, v->packed, s->packed, s->at, f->name, e) < 0)
			return -1;
		if (codec_unpack(v->codec, v->packed, s->packed, v->plain,
			s->size, e) < 0)
			return err_wrap(
			    e, "'%s', frame %" PRId64, f->name, frame);
		v->frame = frame;
		v->len = s->size;
		if (v->sums != NULL && v->sums->count == frame)
			add_sums(v->sums, v, s->packed);
	}
	*out = (struct slice){v->plain, v->len};
	return 0;
}

int
frame_read(struct frame_view *v, int64_t frame, int64_t offset, int64_t len,
    const struct sink *sink, struct err *e)
{
	struct slice s;
	size_t n;

	while (len > 0) {
		if (frame_get(v, frame, &s, e) < 0)
			return -1;
		if (offset < 0 || (uint64_t)offset >= s.len)
			return err_set(e, EX_DATAERR, 0,
			    "'%s' has nothing at byte %" PRId64
			    " of frame %" PRId64,
			    v->frames->name, offset, frame);
		n = s.len - (size_t)offset;
		if ((int64_t)n > len)
			n = (size_t)len;
		if (sink->write(sink->arg, s.data + offset, n, e) < 0)
			return -1;
		len -= (int64_t)n;
		offset = 0;
		frame++;
	}
	return 0;
}
