/* Blobs that only redacted bodies named. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/lineage.h"
#include "agent/redact.h"
#include "base/file.h"
#include "base/mem.h"
#include "bundle/names.h"
#include "journal/journal.h"

#define NAMES "blob\":\"" /* how a body names one */

/* Every blob that the body names, and where. */
static const char *
next_named(const char *at, const char *end)
{
	const char *p = at == end ? NULL
				  : memmem(at, (size_t)(end - at), NAMES,
					sizeof(NAMES) - 1);

	if (p == NULL)
		return NULL;
	p += sizeof(NAMES) - 1;
	return end - p < DIGEST_HEX ? NULL : p;
}

void
redact_blobs_name(struct redact_blobs *b, const char *hex)
{
	struct digest d;

	if (hex == NULL || strlen(hex) < DIGEST_HEX ||
	    digest_parse(hex, DIGEST_HEX, &d) < 0)
		return;
	mem_room(&b->hex, b->count, &b->cap, sizeof(*b->hex));
	digest_hex(&d, b->hex[b->count++]);
}

void
redact_blobs_add(struct redact_blobs *b, struct slice body)
{
	const char *end = body.data + body.len, *p = body.data;
	char hex[DIGEST_HEX + 1] = "";

	while ((p = next_named(p, end)) != NULL) {
		memcpy(hex, p, DIGEST_HEX);
		redact_blobs_name(b, hex);
	}
}

static int
by_hex(const void *a, const void *b)
{
	return memcmp(a, b, DIGEST_HEX);
}

/* Each once. */
static void
sort(struct redact_blobs *b)
{
	size_t i, n = 0;

	qsort(b->hex, b->count, sizeof(*b->hex), by_hex);
	for (i = 0; i < b->count; i++)
		if (i == 0 || by_hex(b->hex[i], b->hex[n - 1]) != 0)
			memmove(b->hex[n++], b->hex[i], sizeof(*b->hex));
	b->count = n;
}

/* Those that this journal still names are crossed out. */
static void
cross_out(struct redact_blobs *b, const char *text, size_t len)
{
	const char *end = text + len, *p = text;
	char hex[DIGEST_HEX + 1] = "", *hit;

	while ((p = next_named(p, end)) != NULL) {
		memcpy(hex, p, DIGEST_HEX);
		hit = bsearch(hex, b->hex, b->count, sizeof(*b->hex), by_hex);
		if (hit != NULL)
			hit[DIGEST_HEX] = '+';
	}
}

static int
look_in(int dir, const char *name, struct redact_blobs *b, struct err *e)
{
	struct buf window CLEANUP_BUF = {0};
	int fd CLEANUP_FD = -1;
	struct err why;
	size_t keep;
	ssize_t n;

	if (file_open(dir, name, O_RDONLY | O_NOFOLLOW, 0, &fd, &why) < 0) {
		if (why.status == EX_NOINPUT)
			return 0;
		*e = why;
		return -1;
	}
	while ((n = buf_read(&window, fd, (size_t)1 << 20)) > 0) {
		cross_out(b, window.data, window.len);
		/* A name may stand across two reads. */
		keep = sizeof(NAMES) + DIGEST_HEX;
		if (window.len > keep)
			buf_drop(&window, window.len - keep);
	}
	return n < 0 ? err_set(e, EX_IOERR, errno, "cannot read '%s'", name)
		     : 0;
}

static int
look_in_agent(const struct root *root, const char *id, struct redact_blobs *b,
    struct err *e)
{
	struct names list = {0};
	int dir CLEANUP_FD = -1, from CLEANUP_FD = -1, got = 0;
	struct err none;
	size_t i;

	if (file_open(
		root->agents, id, O_RDONLY | O_DIRECTORY, 0, &dir, &none) < 0)
		return 0; /* it went meanwhile */
	if (look_in(dir, JOURNAL_FILE, b, e) < 0)
		return -1;
	if (file_open(dir, FROM_DIR, O_RDONLY | O_DIRECTORY, 0, &from, &none) <
	    0)
		return 0;
	if (names_read(from, &list, e) < 0)
		return -1;
	for (i = 0; i < list.count && got == 0; i++)
		got = look_in(from, list.name[i].text, b, e);
	names_free(&list);
	return got;
}

int
redact_blobs_remove(
    const struct root *root, struct redact_blobs *b, struct err *e)
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	char name[DIGEST_HEX + 4];
	size_t n, i;

	if (b->count == 0)
		return 0;
	sort(b);
	if (root_list(root, &ids, &n, e) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (look_in_agent(root, ids[i], b, e) < 0)
			return err_wrap(e, "agent '%s'", ids[i]);
	for (i = 0; i < b->count; i++) {
		if (b->hex[i][DIGEST_HEX] == '+')
			continue;
		(void)snprintf(name, sizeof(name), "%.2s/%.*s", b->hex[i],
		    DIGEST_HEX, b->hex[i]);
		if (unlinkat(root->blobs, name, 0) < 0 && errno != ENOENT)
			return err_set(e, EX_IOERR, errno,
			    "cannot remove the blob '%s'", name);
	}
	return 0;
}
