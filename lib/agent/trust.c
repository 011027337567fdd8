#include "agent/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

void
trust_free(struct trust *t)
{
	free(t->human);
	*t = (struct trust){0};
}

static int
read_key(int dir, const char *name, struct trust *t, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct sign_public key;

	if (file_read(dir, name, 4096, &text, e) < 0 ||
	    sign_public_parse(buf_str(&text), text.len, &key, e) < 0) {
		e->status = EX_DATAERR;
		return err_wrap(e, TRUST_FOLDER "/%s", name);
	}
	mem_room(&t->human, t->count, &t->cap, sizeof(*t->human));
	t->human[t->count++] = key;
	return 0;
}

static int
read_folder(int dir, struct trust *t, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), got = 0;
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	size_t n;

	if (stream == NULL) {
		fd_cleanup(&fd);
		return err_set(
		    e, EX_DATAERR, errno, "cannot read '" TRUST_FOLDER "'");
	}
	while (got == 0 && (d = readdir(stream)) != NULL) {
		n = strlen(d->d_name);
		if (n > 4 && strcmp(d->d_name + n - 4, ".pub") == 0)
			got = read_key(dir, d->d_name, t, e);
	}
	(void)closedir(stream);
	return got;
}

int
trust_read(const struct root *root, struct trust *out, struct err *e)
{
	struct trust t = {0};
	struct sign_secret own;
	int dir CLEANUP_FD = -1;
	struct err why;

	if (root_public(root, &t.root, &why) < 0) {
		if (root_secret(root, &own, e) < 0) /* makes the pair */
			return -1;
		t.root = own.pub;
		sign_wipe(&own);
	}
	if (file_open(root->fd, TRUST_FOLDER, O_RDONLY | O_DIRECTORY, 0, &dir,
		&why) == 0) {
		t.strict = true;
		if (read_folder(dir, &t, e) < 0) {
			trust_free(&t);
			return -1;
		}
	} else if (why.errnum != ENOENT) {
		*e = why;
		return -1;
	}
	*out = t;
	return 0;
}

const struct sign_public *
trust_find(
    const struct trust *t, const unsigned char keynum[SIGN_KEYNUM], bool *human)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (memcmp(t->human[i].keynum, keynum, SIGN_KEYNUM) == 0) {
			*human = true;
			return &t->human[i];
		}
	*human = false;
	return memcmp(t->root.keynum, keynum, SIGN_KEYNUM) == 0 ? &t->root
								: NULL;
}
