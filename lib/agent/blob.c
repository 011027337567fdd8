#include "agent/root.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/jsontext.h"
#include "base/jsonw.h"

/* "ab/abcd…": the folder is the first two characters. */
static void
blob_name(const struct digest *d, char out[DIGEST_HEX + 4])
{
	char hex[DIGEST_HEX + 1];

	digest_hex(d, hex);
	(void)snprintf(out, DIGEST_HEX + 4, "%.2s/%s", hex, hex);
}

int
blob_put(const struct root *r, const void *data, size_t n, struct digest *out,
    struct err *e)
{
	char name[DIGEST_HEX + 4];
	int dir CLEANUP_FD = -1;
	struct stat st;

	digest_of(data, n, out);
	blob_name(out, name);
	name[2] = '\0';
	if (mkdirat(r->blobs, name, 0700) == 0) {
		if (file_sync(r->blobs, "blobs", e) < 0)
			return -1;
	} else if (errno != EEXIST) {
		return err_set(e, EX_CANTCREAT, errno, "cannot make a folder");
	}
	if (file_open(r->blobs, name, O_RDONLY | O_DIRECTORY, 0, &dir, e) < 0)
		return -1;
	/* One that is there was synced before it was renamed, but a crash may
	 * have come before the folder's sync. */
	if (fstatat(dir, name + 3, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && (size_t)st.st_size == n)
		return file_sync(dir, "blobs", e);
	return file_replace(dir, name + 3, data, n, 0600, e);
}

int
blob_get(const struct root *r, const struct digest *d, struct buf *out,
    struct err *e)
{
	char name[DIGEST_HEX + 4];
	size_t from = out->len;
	struct digest is;

	blob_name(d, name);
	if (file_read(r->blobs, name, BLOB_MAX, out, e) < 0)
		return err_wrap(e, "a blob is missing");
	digest_of(out->data + from, out->len - from, &is);
	if (!digest_equal(&is, d))
		return err_set(e, EX_DATAERR, 0,
		    "the blob '%s' is not what its name says", name + 3);
	return 0;
}

static int
get_of_root(void *arg, const struct digest *d, struct buf *out, struct err *e)
{
	return blob_get(arg, d, out, e);
}

struct blob_source
blob_root(struct root *r)
{
	return (struct blob_source){get_of_root, r};
}

/* Members that may stand in a blob, and how the contents are put back. */
static const struct {
	const char *key, *plain;
	bool quoted;
} members[] = {
    {"blob", "text", true},
    {"arguments_blob", "arguments", true},
    {"calls_blob", "calls", false},
    {"provider_blob", "provider", false},
    {"parts_blob", "parts", false},
};

static int
expand_one(const struct blob_source *from, struct slice body, size_t m,
    struct slice token, struct buf *out, struct err *e)
{
	struct buf data CLEANUP_BUF = {0};
	size_t klen = strlen(members[m].key) + 3; /* "key": */
	struct digest d;

	if (token.len != DIGEST_HEX + 2 ||
	    digest_parse(token.data + 1, DIGEST_HEX, &d) < 0 ||
	    (size_t)(token.data - body.data) < klen)
		return err_set(
		    e, EX_DATAERR, 0, "'%s' is no digest", members[m].key);
	if (from->get(from->arg, &d, &data, e) < 0)
		return -1;
	if (!members[m].quoted && json_check(buf_str(&data), data.len, e) < 0)
		return err_wrap(e, "blob");
	buf_add(out, body.data, (size_t)(token.data - body.data) - klen);
	buf_printf(out, "\"%s\":", members[m].plain);
	if (members[m].quoted)
		json_quote(out, buf_str(&data), data.len);
	else
		buf_add(out, data.data, data.len);
	buf_add(out, token.data + token.len,
	    body.len - (size_t)(token.data + token.len - body.data));
	return 0;
}

int
blob_expand(const struct blob_source *from, struct slice body, struct buf *room,
    struct slice *out, struct err *e)
{
	struct buf next = {0};
	struct slice token;
	size_t m;

	*out = body;
	/* Quotes within strings are escaped: this text is a member's name. */
	if (memmem(body.data, body.len, "blob\":\"", 7) == NULL)
		return 0;
	if (json_check(body.data, body.len, e) < 0)
		return -1;
	for (m = 0; m < COUNT_OF(members); m++) {
		if (json_raw(*out, members[m].key, &token) < 0)
			continue;
		buf_init(&next, 0);
		if (expand_one(from, *out, m, token, &next, e) < 0) {
			buf_free(&next);
			return -1;
		}
		buf_free(room);
		*room = next;
		*out = (struct slice){room->data, room->len};
	}
	return 0;
}
