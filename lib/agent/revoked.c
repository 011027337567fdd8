#include "agent/revoked.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/lock.h"
#include "base/mem.h"

#define REVOKED_MAX  ((size_t)256 << 20)
#define REVOKED_LOCK "revoked.lock"
#define SUM_MARK     ",\"sum\":\""

static void
drop_items(struct revoked *r)
{
	while (r->count > 0) {
		struct revocation *v = &r->items[--r->count];

		free(v->key);
		free(v->by);
		free(v->because);
	}
}

void
revoked_free(struct revoked *r)
{
	drop_items(r);
	free(r->items);
	*r = (struct revoked){0};
}

/* ---- lines ------------------------------------------------------------------ */

/* The sum of a line's first `n` bytes behind the line whose sum is `before`. */
static void
sum_of(const char *before, const char *line, size_t n, char out[DIGEST_HEX + 1])
{
	struct sha256 sum;
	struct digest d;

	sha256_init(&sum);
	sha256_add(&sum, before, strlen(before));
	sha256_add(&sum, line, n);
	sha256_get(&sum, &d);
	digest_hex(&d, out);
}

static int
parse_line(const char *line, size_t len, struct revoked *r, struct err *e)
{
	const size_t tail = sizeof(SUM_MARK) - 1 + DIGEST_HEX + 2;
	struct json *j CLEANUP_JSON = NULL;
	const char *agent, *grant, *time, *by, *sum;
	char want[DIGEST_HEX + 1];
	struct revocation v = {0};

	if (len <= tail || json_parse(line, len, &j, e) < 0)
		return -1;
	agent = json_get_string(j, "agent");
	grant = json_get_string(j, "grant");
	time = json_get_string(j, "time");
	by = json_get_string(j, "by");
	sum = json_get_string(j, "sum");
	sum_of(r->sum, line, len - tail, want);
	if (memcmp(line + len - tail, SUM_MARK, sizeof(SUM_MARK) - 1) != 0 ||
	    agent == NULL || grant == NULL || by == NULL || time == NULL ||
	    clock_parse(time, &v.time) < 0 || sum == NULL ||
	    strcmp(sum, want) != 0)
		return -1;
	memcpy(r->sum, want, sizeof(want));
	v.key = mem_printf("%s/%s", agent, grant);
	v.by = mem_strdup(by);
	v.because = mem_strdup(json_get_string(j, "because"));
	mem_room(&r->items, r->count, &r->cap, sizeof(*r->items));
	r->items[r->count++] = v;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct revocation *x = a, *y = b;

	return strcmp(x->key, y->key);
}

int
revoked_parse(const char *text, size_t len, struct revoked *out, struct err *e)
{
	const char *p = text, *end = text + len, *nl;
	struct revoked r = {0};
	struct err why;
	size_t number = 0;

	while (p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		number++;
		if (parse_line(p, (size_t)(nl - p), &r, &why) < 0) {
			revoked_free(&r);
			return err_set(e, EX_DATAERR, 0,
			    "'" REVOKED_FILE "', line %zu: damaged; what was "
			    "revoked is not known, so everything is denied",
			    number);
		}
		p = nl + 1;
	}
	r.good = (size_t)(p - text);
	if (r.count > 0)
		qsort(r.items, r.count, sizeof(*r.items), compare);
	*out = r;
	return 0;
}

/* ---- reading ---------------------------------------------------------------- */

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int
read_all(int fd, const struct stat *st, struct revoked *r, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct revoked new;

	if (!S_ISREG(st->st_mode))
		return err_set(e, EX_DATAERR, 0,
		    "'" REVOKED_FILE "' is not a regular file");
	if (file_read_fd(fd, REVOKED_FILE, REVOKED_MAX, &text, e) < 0 ||
	    revoked_parse(buf_str(&text), text.len, &new, e) < 0)
		return -1;
	revoked_free(r);
	*r = new;
	r->seen = *st;
	return 1;
}

int
revoked_read(const struct root *root, struct revoked *r, struct err *e)
{
	int fd CLEANUP_FD = -1;
	struct stat st;
	struct err why;

	if (fstatat(root->fd, REVOKED_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT && r->seen.st_ino == 0)
			return 0;
		return err_set(e, EX_DATAERR, errno,
		    "'" REVOKED_FILE "' cannot be read; what was revoked is "
		    "not known, so everything is denied");
	}
	if (r->seen.st_ino != 0 && same_file(&st, &r->seen))
		return 0;
	if (file_open(root->fd, REVOKED_FILE,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd, &why) < 0)
		return err_set(e, EX_DATAERR, 0, "%s", why.msg);
	if (fstat(fd, &st) < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot stat '" REVOKED_FILE "'");
	return read_all(fd, &st, r, e);
}

const struct revocation *
revoked_key(const struct revoked *r, const char *key)
{
	struct revocation want = {.key = mem_strdup(key)};
	const struct revocation *found;

	found = r->count == 0 ? NULL
			      : bsearch(&want, r->items, r->count,
				    sizeof(*r->items), compare);
	free(want.key);
	return found;
}

const struct revocation *
revoked_find(const struct revoked *r, const char *agent, const char *grant)
{
	char *key CLEANUP_FREE = mem_printf("%s/%s", agent, grant);

	return revoked_key(r, key);
}

/* ---- writing ---------------------------------------------------------------- */

static void
make_line(const struct revoked *r, const char *agent, const char *grant,
    const char *by, const char *because, struct buf *line)
{
	struct jsonw w = {.out = line};
	char now[CLOCK_TEXT], sum[DIGEST_HEX + 1];

	clock_text(clock_real(), now);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "agent", agent);
	jsonw_string(&w, "grant", grant);
	jsonw_string(&w, "time", now);
	jsonw_string(&w, "by", by);
	jsonw_maybe(&w, "because", because);
	sum_of(r->sum, line->data, line->len, sum);
	jsonw_string(&w, "sum", sum);
	jsonw_end(&w, '}');
	buf_putc(line, '\n');
}

static int
append(int fd, struct revoked *r, struct slice line, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0 ||
	    (st.st_size > (off_t)r->good &&
		ftruncate(fd, (off_t)r->good) < 0) ||
	    lseek(fd, (off_t)r->good, SEEK_SET) < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot cut '" REVOKED_FILE "'");
	if (file_write_all(fd, line.data, line.len, REVOKED_FILE, e) < 0)
		return -1;
	return file_sync(fd, REVOKED_FILE, e);
}

int
revoked_add(const struct root *root, const char *agent, const char *grant,
    const char *by, const char *because, struct err *e)
{
	struct revoked r CLEANUP(revoked_free) = {0};
	int lock CLEANUP_FD = -1, fd CLEANUP_FD = -1;
	struct buf line CLEANUP_BUF = {0};

	if (lock_wait(root->fd, REVOKED_LOCK, clock_deadline(10 * CLOCK_SECOND),
		&lock, e) < 0 ||
	    revoked_read(root, &r, e) < 0)
		return -1;
	if (file_open(root->fd, REVOKED_FILE, O_RDWR | O_CREAT | O_NOFOLLOW,
		0600, &fd, e) < 0)
		return -1;
	if (revoked_find(&r, agent, grant) != NULL) /* by one who died? */
		return file_sync(fd, REVOKED_FILE, e);
	make_line(&r, agent, grant, by, because, &line);
	if (append(fd, &r, (struct slice){line.data, line.len}, e) < 0)
		return -1;
	/* The first one: its name must last as well. */
	return r.good > 0 ? 0 : file_sync(root->fd, "root", e);
}
