#include "bundle/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#define BLOCK ((size_t)256 << 10)
#define MAGIC "agidx\0001" /* eight bytes with the NUL */

/* What the check sum is over begins behind it. */
#define SUMMED (offsetof(struct head, count))

/* The file, in the machine's own byte order: a head, then the entries, each
 * with its path and link behind, padded to eight bytes. */
struct head {
	char magic[8];
	uint64_t sum; /* of all behind it */
	uint64_t count, device;
	struct digest work;
};

struct item {
	uint64_t inode;
	int64_t changed, mtime, size;
	uint16_t path_len, link_len, mode;
	uint8_t type, known;
	struct digest sha256;
};

void
snapshot_free(struct snapshot *s)
{
	while (s->blocks > 0)
		free(s->block[--s->blocks]);
	free(s->block);
	free(s->entry);
	free(s->stamp);
	*s = (struct snapshot){0};
}

struct entry *
snapshot_add(struct snapshot *s, struct stamp **stamp)
{
	size_t cap = s->cap;

	mem_room(&s->entry, s->count, &s->cap, sizeof(*s->entry));
	if (s->cap != cap)
		s->stamp = mem_grow(s->stamp, s->cap, sizeof(*s->stamp));
	s->entry[s->count] = (struct entry){0};
	s->stamp[s->count] = (struct stamp){0};
	*stamp = &s->stamp[s->count];
	return &s->entry[s->count++];
}

void
snapshot_reserve(struct snapshot *s, size_t count)
{
	if (count <= s->cap)
		return;
	s->cap = count;
	s->entry = mem_grow(s->entry, s->cap, sizeof(*s->entry));
	s->stamp = mem_grow(s->stamp, s->cap, sizeof(*s->stamp));
}

struct slice
snapshot_keep(struct snapshot *s, const char *text, size_t len)
{
	char *at;

	if (s->blocks == 0 || s->block_size - s->block_used < len + 1) {
		mem_room(&s->block, s->blocks, &s->block_cap, sizeof(char *));
		s->block_size = len + 1 > BLOCK ? len + 1 : BLOCK;
		s->block[s->blocks++] = mem_grow(NULL, s->block_size, 1);
		s->block_used = 0;
	}
	at = s->block[s->blocks - 1] + s->block_used;
	if (len > 0)
		memcpy(at, text, len);
	at[len] = '\0';
	s->block_used += len + 1;
	return (struct slice){at, len};
}

ssize_t
snapshot_find(const struct snapshot *s, struct slice path)
{
	size_t lo = 0, hi = s->count, mid;
	int r;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		r = entry_compare(s->entry[mid].path, path);
		if (r == 0)
			return (ssize_t)mid;
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

void
snapshot_digest(const struct snapshot *s, struct digest *out)
{
	struct buf lines CLEANUP_BUF = {0};
	struct sha256 sum;
	size_t i;

	sha256_init(&sum);
	for (i = 0; i < s->count; i++) {
		entry_tree_line(&lines, &s->entry[i]);
		if (lines.len < 65536 && i + 1 < s->count)
			continue;
		sha256_add(&sum, lines.data, lines.len);
		buf_clear(&lines);
	}
	sha256_get(&sum, out);
}

/* Finds accidents, not attacks: who can write here can write the journal. */
static uint64_t
checksum(const char *p, size_t len)
{
	uint64_t h = 0x9e3779b97f4a7c15 ^ len, word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	return h;
}

static size_t
padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static bool
load_item(struct snapshot *s, const char *at, const char *end, size_t *used)
{
	struct item it;
	struct stamp *stamp;
	struct entry *e;

	if ((size_t)(end - at) < sizeof(it))
		return false;
	memcpy(&it, at, sizeof(it));
	*used = padded(sizeof(it) + (size_t)it.path_len + it.link_len);
	if ((size_t)(end - at) < *used || it.type >= ENTRY_TYPES)
		return false;
	e = snapshot_add(s, &stamp);
	e->path = (struct slice){at + sizeof(it), it.path_len};
	e->link = (struct slice){at + sizeof(it) + it.path_len, it.link_len};
	e->type = (enum entry_type)it.type;
	e->mode = it.mode;
	e->size = it.size;
	e->mtime = it.mtime;
	e->sha256 = it.sha256;
	*stamp = (struct stamp){
	    .inode = it.inode, .changed = it.changed, .known = it.known != 0};
	return s->count < 2 || entry_compare(e[-1].path, e->path) < 0;
}

static bool
load(struct snapshot *s, const char *text, size_t len)
{
	const char *at = text + sizeof(struct head), *end = text + len;
	struct head h;
	size_t used = 0;

	if (len < sizeof(h))
		return false;
	memcpy(&h, text, sizeof(h));
	if (memcmp(h.magic, MAGIC, sizeof(h.magic)) != 0 ||
	    h.sum != checksum(text + SUMMED, len - SUMMED))
		return false;
	s->device = h.device;
	s->work = h.work;
	snapshot_reserve(s, len / sizeof(struct item));
	for (; at < end; at += used)
		if (!load_item(s, at, end, &used))
			return false;
	return s->count == h.count;
}

void
snapshot_load(int dir, struct snapshot *out)
{
	struct buf text CLEANUP_BUF = {0};
	struct err e;

	*out = (struct snapshot){0};
	if (file_read(dir, SNAPSHOT_FILE, (size_t)4 << 30, &text, &e) < 0)
		return;
	if (!load(out, buf_str(&text), text.len)) {
		snapshot_free(out);
		return;
	}
	mem_room(&out->block, out->blocks, &out->block_cap, sizeof(char *));
	out->block[out->blocks++] = buf_steal(&text);
}

/*
 * Time stamps come from a clock that moves once a tick, 10 ms at most, and
 * some file systems keep whole (even) seconds.
 */
static bool
settled(const struct entry *e, const struct stamp *st, int64_t began)
{
	int64_t last = st->changed > e->mtime ? st->changed : e->mtime;
	bool coarse = last % CLOCK_SECOND == 0;

	return last + (coarse ? 2 * CLOCK_SECOND : 20 * CLOCK_MILLI) < began;
}

/*
 * In place, without a rename: ext4 starts to write a file out when it replaces
 * another, which costs more than all the rest.  The check sum tells a torn one.
 */
static int
overwrite(int dir, const struct buf *b, struct err *e)
{
	int fd CLEANUP_FD = -1;

	if (file_open(dir, SNAPSHOT_FILE, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600,
		&fd, e) < 0 ||
	    file_write_all(fd, b->data, b->len, SNAPSHOT_FILE, e) < 0)
		return -1;
	if (ftruncate(fd, (off_t)b->len) < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot write '%s'", SNAPSHOT_FILE);
	return fd_close(&fd, SNAPSHOT_FILE, e);
}

int
snapshot_store(int dir, const struct snapshot *s, struct err *e)
{
	static const char zeros[8];
	struct head h = {MAGIC, 0, s->count, s->device, s->work};
	struct buf b CLEANUP_BUF = {0};
	size_t i, len;

	buf_reserve(&b, s->count * (sizeof(struct item) + 40) + sizeof(h));
	buf_add(&b, &h, sizeof(h));
	for (i = 0; i < s->count; i++) {
		const struct entry *n = &s->entry[i];
		const struct stamp *st = &s->stamp[i];
		struct item it = {st->inode, st->changed, n->mtime, n->size,
		    (uint16_t)n->path.len, (uint16_t)n->link.len,
		    (uint16_t)n->mode, (uint8_t)n->type,
		    st->known && settled(n, st, s->began), n->sha256};

		buf_add(&b, &it, sizeof(it));
		buf_add(&b, n->path.data, n->path.len);
		buf_add(&b, n->link.data, n->link.len);
		len = sizeof(it) + n->path.len + n->link.len;
		buf_add(&b, zeros, padded(len) - len);
	}
	h.sum = checksum(b.data + SUMMED, b.len - SUMMED);
	memcpy(b.data + offsetof(struct head, sum), &h.sum, sizeof(h.sum));
	return overwrite(dir, &b, e);
}
