#include "bundle/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "bundle/tar.h"

#define MAX_BYTES ((int64_t)64 << 30)
#define MAX_SPOOL ((int64_t)16 << 30)

/* Of all signify files. */
enum { SIGNATURE_MAX = 2048 };

void
bundle_close(struct bundle *b)
{
	if (b == NULL)
		return;
	frame_view_free(&b->index);
	frame_view_free(&b->data);
	frames_close(&b->frames);
	manifest_free(&b->manifest);
	buf_free(&b->text);
	buf_free(&b->signature);
	entry_text_free(&b->names);
	free(b);
}

void
bundle_cleanup(struct bundle **b)
{
	bundle_close(*b);
	*b = NULL;
}

static int
foreign(const struct bundle *b, struct err *e)
{
	return err_set(e, EX_DATAERR, 0,
	    "'%s' is no bundle: it does not end with a manifest",
	    b->frames.name);
}

/*
 * Take the member at `*at`, a plain header and its contents.  The rest of the
 * header is bundle_check's: it changes nothing here, and takes libarchive.
 */
static int
take(const struct bundle *b, struct slice end, size_t *at, size_t most,
    struct buf *out, struct err *e)
{
	int64_t size;

	if (end.len - *at < TAR_BLOCK)
		return foreign(b, e);
	size = tar_size(end.data + *at);
	if (size < 0 || (uint64_t)size > most ||
	    end.len - *at - TAR_BLOCK < (size_t)size + tar_padding(size))
		return foreign(b, e);
	buf_add(out, end.data + *at + TAR_BLOCK, (size_t)size);
	*at += TAR_BLOCK + (size_t)size + tar_padding(size);
	return 0;
}

/* `*at` before the manifest's header, past the members that share its frame. */
static int
skip_members(
    const struct bundle *b, struct slice end, size_t *at, struct err *e)
{
	static const char name[] = "agent/manifest.json";
	const char *header;
	int64_t size;

	for (;;) {
		header = end.data + *at;
		if (end.len - *at < TAR_BLOCK)
			return foreign(b, e);
		if (memcmp(header, name, sizeof(name)) == 0)
			return 0;
		size = tar_size(header);
		if (size < 0 || end.len - *at - TAR_BLOCK <
				    (size_t)size + tar_padding(size))
			return foreign(b, e);
		*at += TAR_BLOCK + (size_t)size + tar_padding(size);
	}
}

static int
read_end(struct bundle *b, struct err *e)
{
	size_t last = b->frames.table.count - 1, pad, at = 0;
	struct slice end;

	if (b->frames.table.frame[last].size > FRAME_MAX ||
	    frame_get(&b->data, (int64_t)last, &end, e) < 0)
		return -1;
	pad = tar_padding(b->frames.table.frame[last].start);
	if (end.len < pad + TAR_BLOCK)
		return foreign(b, e);
	for (; at < pad; at++)
		if (end.data[at] != '\0')
			return foreign(b, e);
	end = (struct slice){end.data + pad, end.len - pad};
	at = 0;
	if (skip_members(b, end, &at, e) < 0 ||
	    take(b, end, &at, MANIFEST_MAX, &b->text, e) < 0)
		return -1;
	if (end.len - at > TAR_END &&
	    take(b, end, &at, SIGNATURE_MAX, &b->signature, e) < 0)
		return -1;
	if (end.len - at != TAR_END)
		return foreign(b, e);
	if (manifest_parse(buf_str(&b->text), b->text.len, &b->manifest, e) < 0)
		return err_wrap(e, "'%s'", b->frames.name);
	digest_of(b->text.data, b->text.len, &b->id);
	return 0;
}

static int
check_signature(
    const struct bundle *b, const struct sign_public *key, struct err *e)
{
	unsigned char num[SIGN_KEYNUM], sig[SIGN_BYTES];

	if (key == NULL)
		return 0;
	if (b->signature.len == 0)
		return err_set(
		    e, EX_DATAERR, 0, "'%s' is not signed", b->frames.name);
	if (manifest_signature(
		b->signature.data, b->signature.len, num, sig, e) < 0)
		return err_wrap(e, "'%s'", b->frames.name);
	if (memcmp(num, key->keynum, SIGN_KEYNUM) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "'%s' is signed by another key", b->frames.name);
	if (sign_check(key, b->text.data, b->text.len, sig, e) < 0)
		return err_wrap(e, "'%s'", b->frames.name);
	return 0;
}

/* The index lies where the manifest says, with a part in each of its frames. */
static bool
index_fits(const struct manifest *m, const struct seek_table *t)
{
	uint64_t first = (uint64_t)m->index_frame;
	const struct seek_frame *f, *last;
	int64_t end;

	if (first >= t->count || m->frame_count == 0 ||
	    m->frame_count > t->count - first || m->index_size == 0 ||
	    m->index_size > t->size)
		return false;
	f = t->frame + first;
	last = f + m->frame_count - 1;
	end = f->start + m->index_offset + m->index_size;
	return m->index_offset < (int64_t)f->size && end > last->start &&
	       end <= last->start + (int64_t)last->size;
}

static int
check_frames(const struct bundle *b, struct err *e)
{
	if (!index_fits(&b->manifest, &b->frames.table))
		return err_set(e, EX_DATAERR, 0,
		    "the manifest of '%s' does not fit its seek table",
		    b->frames.name);
	return 0;
}

/* A pipe can be read once: a copy that can be read at random. */
static int
spool(int *fd, const char *name, int64_t most, struct err *e)
{
	char *block CLEANUP_FREE = mem_grow(NULL, 65536, 1);
	int copy CLEANUP_FD = -1;
	int64_t total = 0;
	ssize_t n;

	if (file_scratch(&copy, e) < 0)
		return err_wrap(e, "a copy of '%s'", name);
	for (;;) {
		n = read(*fd, block, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(
			    e, EX_IOERR, errno, "cannot read '%s'", name);
		if (n == 0)
			break;
		total += n;
		if (total > most)
			return err_set(e, EX_LIMIT, 0,
			    "'%s' is larger than the limit of %" PRId64
			    " bytes",
			    name, most);
		if (file_write_all(
			copy, block, (size_t)n, "temporary file", e) < 0)
			return -1;
	}
	(void)close(*fd);
	*fd = copy;
	copy = -1;
	return 0;
}

int
bundle_open(int fd, const char *name, const struct reader_options *o,
    struct bundle **out, struct err *e)
{
	struct bundle *b CLEANUP_BUNDLE = mem_new(1, sizeof(*b));
	int64_t most = o->max_bytes > 0 ? o->max_bytes : MAX_BYTES;
	int64_t spooled = o->max_spool > 0 ? o->max_spool : MAX_SPOOL;
	struct stat st;

	b->frames.fd = -1;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) &&
	    !S_ISDIR(st.st_mode) && spool(&fd, name, spooled, e) < 0) {
		(void)close(fd);
		return -1;
	}
	if (frames_open(fd, name, most, &b->frames, e) < 0)
		return -1;
	frame_view_init(&b->index, &b->frames);
	frame_view_init(&b->data, &b->frames);
	if (read_end(b, e) < 0 || check_signature(b, o->key, e) < 0 ||
	    check_frames(b, e) < 0)
		return -1;
	*out = b;
	b = NULL;
	return 0;
}
