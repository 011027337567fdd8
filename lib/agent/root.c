#include "agent/root.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/info.h"
#include "agent/lease.h"
#include "base/file.h"
#include "base/mem.h"

int
root_path(const char *path, char **out, struct err *e)
{
	const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
	char *relative CLEANUP_FREE = NULL, *cwd CLEANUP_FREE = NULL;

	if (path == NULL)
		path = getenv("AGENT_ROOT");
	if (path != NULL && path[0] != '\0')
		relative = mem_strdup(path);
	else if (state != NULL && state[0] == '/')
		relative = mem_printf("%s/agentutils", state);
	else if (home != NULL && home[0] == '/')
		relative = mem_printf("%s/.local/state/agentutils", home);
	else
		return err_set(e, EX_CONFIG, 0,
		    "no place for agents: set AGENT_ROOT or give --root");
	cwd = getcwd(NULL, 0);
	*out = path_join(cwd == NULL ? "/" : cwd, relative);
	return 0;
}

static int
open_parts(struct root *r, bool make, struct err *e)
{
	static const char *const parts[] = {"agents", "agents/.new", "blobs"};
	size_t i;

	if (file_open_dir(r->path, make, &r->fd, e) < 0)
		return -1;
	for (i = 0; make && i < COUNT_OF(parts); i++)
		if (file_make_dir(r->fd, parts[i], 0700, e) < 0)
			return -1;
	if (file_open(r->fd, "agents", O_RDONLY | O_DIRECTORY, 0, &r->agents,
		e) < 0 ||
	    file_open(r->fd, "blobs", O_RDONLY | O_DIRECTORY, 0, &r->blobs, e) <
		0)
		return -1;
	return 0;
}

int
root_open(const char *path, bool make, struct root *out, struct err *e)
{
	struct root r = {.fd = -1, .agents = -1, .blobs = -1};
	char *real;

	if (root_path(path, &r.path, e) < 0)
		return -1;
	if (open_parts(&r, make, e) < 0 ||
	    lease_length(r.fd, &r.lease, e) < 0) {
		err_wrap(e, "root '%s'", r.path);
		root_close(&r);
		return -1;
	}
	real = realpath(r.path, NULL); /* what the sandbox hides */
	if (real != NULL) {
		free(r.path);
		r.path = real;
	}
	*out = r;
	return 0;
}

void
root_close(struct root *r)
{
	free(r->path);
	r->path = NULL;
	fd_cleanup(&r->fd);
	fd_cleanup(&r->agents);
	fd_cleanup(&r->blobs);
}

/* Of several that make one at the same time, the first link decides. */
static int
make_key(const struct root *r, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	char tmp[RAND_TEXT + 8], nonce[RAND_TEXT];
	struct sign_secret k;
	int n;

	if (sign_new(&k, e) < 0)
		return -1;
	sign_secret_text(&k, &text);
	rand_text(nonce);
	(void)snprintf(tmp, sizeof(tmp), ".key-%s", nonce);
	n = file_replace(r->fd, tmp, text.data, text.len, 0600, e);
	mem_wipe(text.data, text.len);
	sign_wipe(&k);
	if (n < 0)
		return -1;
	n = linkat(r->fd, tmp, r->fd, "key.sec", 0);
	if (n < 0 && errno != EEXIST)
		(void)err_set(e, EX_CANTCREAT, errno, "cannot make the key");
	else
		n = 0;
	(void)unlinkat(r->fd, tmp, 0);
	return n < 0 ? -1 : file_sync(r->fd, "root", e);
}

int
root_secret(const struct root *r, struct sign_secret *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0}, pub CLEANUP_BUF = {0};
	struct err first;
	int n;

	n = file_read(r->fd, "key.sec", 4096, &text, &first);
	if (n < 0 && first.status != EX_NOINPUT) {
		*e = first;
		return -1;
	}
	if (n < 0 && (make_key(r, e) < 0 ||
			 file_read(r->fd, "key.sec", 4096, &text, e) < 0))
		return -1;
	if (sign_secret_parse(buf_str(&text), text.len, out, e) < 0)
		return err_wrap(e, "'%s/key.sec'", r->path);
	mem_wipe(text.data, text.len);
	if (faccessat(r->fd, "key.pub", F_OK, 0) == 0)
		return 0;
	sign_public_text(&out->pub, &pub);
	return file_replace(r->fd, "key.pub", pub.data, pub.len, 0644, e);
}

int
root_public(const struct root *r, struct sign_public *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};

	if (file_read(r->fd, "key.pub", 4096, &text, e) < 0)
		return -1;
	if (sign_public_parse(buf_str(&text), text.len, out, e) < 0)
		return err_wrap(e, "'%s/key.pub'", r->path);
	return 0;
}

static bool
is_ulid(const char *s)
{
	return strlen(s) == ULID_TEXT - 1 &&
	       strspn(s, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == ULID_TEXT - 1;
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

int
root_list(
    const struct root *r, char (**ids)[ULID_TEXT], size_t *count, struct err *e)
{
	char(*list)[ULID_TEXT] = NULL;
	size_t n = 0, cap = 0;
	struct dirent *d;
	DIR *stream;
	int fd;

	if (file_open(r->agents, ".", O_RDONLY | O_DIRECTORY, 0, &fd, e) < 0)
		return -1;
	stream = fdopendir(fd);
	if (stream == NULL) {
		(void)close(fd);
		return err_set(
		    e, EX_IOERR, errno, "cannot read '%s/agents'", r->path);
	}
	while ((d = readdir(stream)) != NULL) {
		if (!is_ulid(d->d_name))
			continue;
		mem_room(&list, n, &cap, sizeof(*list));
		memcpy(list[n++], d->d_name, ULID_TEXT);
	}
	(void)closedir(stream);
	if (n > 0)
		qsort(list, n, sizeof(*list), compare_ids);
	*ids = list;
	*count = n;
	return 0;
}

size_t
root_short(char (*ids)[ULID_TEXT], size_t count)
{
	size_t n = 8, i, same;

	for (i = 1; i < count; i++) {
		for (same = 0;
		     ids[i - 1][same] == ids[i][same] && same + 2 < ULID_TEXT;
		     same++)
			;
		if (same + 1 > n)
			n = same + 1;
	}
	return n;
}

static bool
is_prefix(const char *prefix, const char *id)
{
	size_t n = strlen(prefix), i;

	for (i = 0; i < n; i++)
		if (toupper((unsigned char)prefix[i]) != id[i])
			return false;
	return n > 0;
}

static int
ambiguous(const char *name, char (*ids)[ULID_TEXT], const size_t hits[2],
    struct err *e)
{
	return err_set(e, EX_USAGE, 0,
	    "'%s' means more than one agent: %s, %s, …; give more of the id",
	    name, ids[hits[0]], ids[hits[1]]);
}

int
root_find(
    const struct root *r, const char *name, char id[ULID_TEXT], struct err *e)
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	size_t count, i, hits[2] = {0}, n = 0;
	char *other;

	/* A whole id is no name, and needs no look at all agents. */
	if (is_ulid(name) &&
	    faccessat(r->agents, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		memcpy(id, name, ULID_TEXT);
		return 0;
	}
	if (root_list(r, &ids, &count, e) < 0)
		return -1;
	for (i = 0; i < count && n < 2; i++) /* a name wins over a prefix */
		if (info_name(r, ids[i], &other) == 0) {
			if (other != NULL && strcmp(other, name) == 0)
				hits[n++] = i;
			free(other);
		}
	for (i = 0; i < count && n == 0; i++)
		if (is_prefix(name, ids[i])) {
			hits[n++] = i;
			if (i + 1 < count && is_prefix(name, ids[i + 1]))
				hits[n++] = i + 1;
		}
	if (n == 0)
		return err_set(e, EX_NOINPUT, 0,
		    "no agent '%s' under '%s' (agent-ps lists them)", name,
		    r->path);
	if (n > 1)
		return ambiguous(name, ids, hits, e);
	memcpy(id, ids[hits[0]], ULID_TEXT);
	return 0;
}
