/* Finding bundles: by file, by agent, by the id of a parent. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ckpt.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"

void
ckpt_name(int64_t seq, char out[CKPT_NAME])
{
	(void)snprintf(out, CKPT_NAME, "%" PRId64 ".tar.zst", seq);
}

/* ---- the chain -------------------------------------------------------------------------- */

/* Ids are found by opening: parents stand in the folder by seq, newest first,
 * and a chain asks for them in that order. */
struct finder {
	int dir;
	int64_t most; /* that each may expand to; 0: the usual */
	int64_t *seq;
	size_t left;
};

static int
seq_of(const char *name, int64_t *out)
{
	const char *dot = strchr(name, '.');
	char digits[24];

	if (dot == NULL || strcmp(dot, ".tar.zst") != 0 ||
	    (size_t)(dot - name) >= sizeof(digits))
		return -1;
	memcpy(digits, name, (size_t)(dot - name));
	digits[dot - name] = '\0';
	return num_int(digits, 1, (int64_t)1 << 53, out);
}

static int
compare_seqs(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

static int
list_seqs(int dir, int64_t **seqs, size_t *count, struct err *e)
{
	int64_t *list = NULL, seq;
	size_t n = 0, cap = 0;
	struct dirent *d;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (stream == NULL) {
		fd_cleanup(&fd);
		return err_set(e, EX_IOERR, errno, "cannot read the bundles");
	}
	while ((d = readdir(stream)) != NULL)
		if (seq_of(d->d_name, &seq) == 0) {
			mem_room(&list, n, &cap, sizeof(*list));
			list[n++] = seq;
		}
	(void)closedir(stream);
	if (n > 0)
		qsort(list, n, sizeof(*list), compare_seqs);
	*seqs = list;
	*count = n;
	return 0;
}

static int
open_seq(int dir, int64_t seq, int64_t most, struct bundle **out, struct err *e)
{
	struct reader_options o = {.max_bytes = most, .max_spool = most};
	char name[CKPT_NAME];
	int fd;

	ckpt_name(seq, name);
	if (file_open(dir, name, O_RDONLY | O_NOFOLLOW, 0, &fd, e) < 0)
		return -1;
	return bundle_open(fd, name, &o, out, e);
}

int
ckpt_bundle(int dir, int64_t seq, struct bundle **out, struct err *e)
{
	return open_seq(dir, seq, 0, out, e);
}

static int
find_parent(
    void *arg, const struct digest *id, struct bundle **out, struct err *e)
{
	struct finder *f = arg;
	struct bundle *b;

	while (f->left > 0) {
		if (open_seq(f->dir, f->seq[--f->left], f->most, &b, e) < 0)
			return -1;
		if (bundle_stands_for(b, id)) {
			*out = b;
			return 1;
		}
		bundle_close(b);
	}
	return 0;
}

/* What is in the folder `dir` (or -1) and older than `b`.  A younger one may
 * stand for a parent, too, when pruning was interrupted: it builds on `b`. */
static int
older(int dir, int64_t most, const struct bundle *b, struct finder *f,
    struct err *e)
{
	*f = (struct finder){.dir = dir, .most = most};
	if (dir >= 0 && list_seqs(dir, &f->seq, &f->left, e) < 0)
		return -1;
	while (f->left > 0 && f->seq[f->left - 1] >= b->manifest.seq)
		f->left--;
	return 0;
}

/* Take over `b`, and follow it in the folder `dir` (or -1). */
static int
follow(struct bundle *b, int dir, int64_t most, bool history, struct chain *out,
    struct err *e)
{
	struct finder f;
	struct chain_opener opener = {find_parent, &f};
	int r;

	if (older(dir, most, b, &f, e) < 0) {
		bundle_close(b);
		return -1;
	}
	r = chain_open(b, &opener, history, out, e);
	free(f.seq);
	return r;
}

int
ckpt_before(
    const struct ckpt_chain *c, bool history, struct chain *out, struct err *e)
{
	const struct bundle *first = c->chain.layer[0];
	struct finder f;
	struct bundle *b;
	int got;

	if (!first->manifest.has_parent)
		return 0;
	if (older(c->dir, c->most, first, &f, e) < 0)
		return -1;
	got = find_parent(&f, &first->manifest.parent, &b, e);
	free(f.seq);
	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(e, EX_NOINPUT, 0, "its parent is missing");
	return follow(b, c->dir, c->most, history, out, e) < 0 ? -1 : 1;
}

int
ckpt_reach_first(struct ckpt_chain *c, struct err *e)
{
	struct chain before;
	struct bundle **all;
	int got = ckpt_before(c, true, &before, e);

	if (got <= 0)
		return got;
	all = mem_new(before.count + c->chain.count, sizeof(struct bundle *));
	memcpy(all, before.layer, before.count * sizeof(struct bundle *));
	memcpy(all + before.count, c->chain.layer,
	    c->chain.count * sizeof(struct bundle *));
	free(before.layer);
	free(c->chain.layer);
	c->chain.layer = all;
	c->chain.count += before.count;
	c->chain.base += before.count;
	return 0;
}

int
ckpt_follow(
    int dir, int64_t seq, bool history, struct chain *out, struct err *e)
{
	struct bundle *b;

	if (ckpt_bundle(dir, seq, &b, e) < 0)
		return -1;
	return follow(b, dir, 0, history, out, e);
}

int
ckpt_newest(int dir, int64_t *seq, struct err *e)
{
	int64_t *seqs CLEANUP_FREE = NULL;
	size_t n;

	if (list_seqs(dir, &seqs, &n, e) < 0)
		return -1;
	*seq = n == 0 ? 0 : seqs[n - 1];
	return 0;
}

/* ---- naming ---------------------------------------------------------------------------- */

int
ckpt_list(const struct root *root, const char *id, int64_t **seqs,
    size_t *count, struct err *e)
{
	int agent CLEANUP_FD = -1, dir CLEANUP_FD = -1;

	if (file_open(root->agents, id, O_RDONLY | O_DIRECTORY, 0, &agent, e) <
	    0)
		return -1;
	dir = openat(agent, CKPT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 && errno == ENOENT) {
		*seqs = NULL;
		*count = 0;
		return 0;
	}
	if (dir < 0)
		return err_set(e, EX_IOERR, errno, "cannot open the bundles");
	return list_seqs(dir, seqs, count, e);
}

/* AGENT or AGENT@SEQ. */
static int
open_agents(const struct root *root, const char *name, int64_t bytes,
    struct bundle **b, int *dir, struct err *e)
{
	char *agent CLEANUP_FREE = mem_strdup(name), *at = strchr(agent, '@');
	int64_t *seqs CLEANUP_FREE = NULL, most = INT64_MAX;
	char id[ULID_TEXT], path[ULID_TEXT + sizeof(CKPT_DIR) + 1];
	size_t n;

	if (at != NULL) {
		*at++ = '\0';
		if (num_int(at, 1, INT64_MAX, &most) < 0)
			return err_set(
			    e, EX_USAGE, 0, "'%s': want AGENT@SEQ", name);
	}
	if (root_find(root, agent, id, e) < 0 ||
	    ckpt_list(root, id, &seqs, &n, e) < 0)
		return -1;
	while (n > 0 && seqs[n - 1] > most)
		n--;
	if (n == 0)
		return err_set(e, EX_NOINPUT, 0, "'%s' has no bundle%s", name,
		    at == NULL ? "" : " that old");
	(void)snprintf(path, sizeof(path), "%s/%s", id, CKPT_DIR);
	if (file_open(root->agents, path, O_RDONLY | O_DIRECTORY, 0, dir, e) <
	    0)
		return -1;
	return open_seq(*dir, seqs[n - 1], bytes, b, e);
}

/* A file, whose parents stand beside it; or the standard input. */
static int
open_path(
    const char *name, int64_t bytes, struct bundle **b, int *dir, struct err *e)
{
	struct reader_options o = {.max_bytes = bytes, .max_spool = bytes};
	char *parent CLEANUP_FREE = mem_strdup(name), *slash;
	int fd;

	if (strcmp(name, "-") == 0) {
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return err_set(e, EX_IOERR, errno, "cannot read stdin");
		return bundle_open(fd, "stdin", &o, b, e);
	}
	if (file_open(AT_FDCWD, name, O_RDONLY, 0, &fd, e) < 0 ||
	    bundle_open(fd, name, &o, b, e) < 0)
		return -1;
	slash = strrchr(parent, '/');
	if (slash != NULL)
		slash[slash == parent] = '\0';
	*dir = open(
	    slash == NULL ? "." : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

bool
ckpt_is_path(const char *name)
{
	struct stat st;

	return strcmp(name, "-") == 0 || strchr(name, '/') != NULL ||
	       (stat(name, &st) == 0 && S_ISREG(st.st_mode));
}

int
ckpt_open(const struct root *root, const char *name, enum ckpt_reach reach,
    int64_t most, struct ckpt_chain *out, struct err *e)
{
	struct ckpt_chain c = {.dir = -1, .most = most};
	struct bundle *b;

	if (root == NULL || ckpt_is_path(name)) {
		if (open_path(name, most, &b, &c.dir, e) < 0)
			return -1;
	} else if (open_agents(root, name, most, &b, &c.dir, e) < 0) {
		fd_cleanup(&c.dir);
		return -1;
	}
	if (reach == CKPT_ALONE) {
		c.chain.layer = mem_new(1, sizeof(struct bundle *));
		c.chain.layer[c.chain.count++] = b;
	} else if (follow(b, c.dir, most, reach == CKPT_HISTORY, &c.chain, e) <
		   0) {
		fd_cleanup(&c.dir);
		return -1;
	}
	*out = c;
	return 0;
}

void
ckpt_close(struct ckpt_chain *c)
{
	chain_close(&c->chain);
	fd_cleanup(&c->dir);
}
