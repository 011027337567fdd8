#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/rand.h"

/*
 * A tree may be deeper than there are descriptors or stack: folders below
 * this depth are moved up into the top one, which is then gone through again.
 */
enum { DEPTH_MAX = 64 };

struct removal {
	int top; /* the tree's own folder */
	uint64_t mount;
	bool again; /* something was moved up */
};

static int
remove_entries(struct removal *, int fd, unsigned depth, struct err *);

/* Bind mounts share a device number, so only the mount's id tells. */
static int
mount_of(int fd, const char *name, uint64_t *out, struct err *e)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return err_set(e, EX_IOERR, errno, "cannot stat '%s'", name);
	*out = st.stx_mnt_id;
	return 0;
}

static int
move_up(struct removal *r, int fd, const char *name, struct err *e)
{
	char nonce[RAND_TEXT];

	rand_text(nonce);
	if (renameat(fd, name, r->top, nonce) < 0)
		return err_set(e, EX_IOERR, errno, "cannot move '%s'", name);
	r->again = true;
	return 0;
}

static int
remove_folder(
    struct removal *r, int fd, const char *name, unsigned depth, struct err *e)
{
	uint64_t mount;
	int sub;

	(void)!fchmodat(fd, name, 0700, 0);
	if (depth >= DEPTH_MAX)
		return move_up(r, fd, name, e);
	if (file_open(
		fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &sub, e) < 0)
		return -1;
	if (mount_of(sub, name, &mount, e) < 0 || mount != r->mount) {
		(void)close(sub);
		return err_set(
		    e, EX_IOERR, 0, "'%s' is a mount point; not removed", name);
	}
	if (remove_entries(r, sub, depth + 1, e) < 0)
		return -1;
	if (unlinkat(fd, name, AT_REMOVEDIR) < 0)
		return err_set(e, EX_IOERR, errno, "cannot remove '%s'", name);
	return 0;
}

/* Empty the folder `fd`, and close it. */
static int
remove_entries(struct removal *r, int fd, unsigned depth, struct err *e)
{
	DIR *stream = fdopendir(fd);
	struct dirent *d;
	int result = 0;

	if (stream == NULL) {
		(void)close(fd);
		return err_set(e, EX_IOERR, errno, "cannot read a folder");
	}
	while (result == 0 && (d = readdir(stream)) != NULL) {
		if (!file_is_name(d->d_name) ||
		    unlinkat(fd, d->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno == EISDIR || errno == EPERM)
			result = remove_folder(r, fd, d->d_name, depth, e);
		else
			result = err_set(e, EX_IOERR, errno,
			    "cannot remove '%s'", d->d_name);
	}
	(void)closedir(stream);
	return result;
}

static int
empty(int dir, const char *name, struct err *e)
{
	struct removal r = {.top = -1};
	int top CLEANUP_FD = -1;
	int fd;

	(void)!fchmodat(dir, name, 0700, 0);
	if (file_open(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &top,
		e) < 0 ||
	    mount_of(top, name, &r.mount, e) < 0)
		return -1;
	r.top = top;
	do {
		r.again = false;
		if (file_open(top, ".", O_RDONLY | O_DIRECTORY, 0, &fd, e) <
			0 ||
		    remove_entries(&r, fd, 1, e) < 0)
			return -1;
	} while (r.again);
	return 0;
}

int
file_remove_tree(int dir, const char *name, struct err *e)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_set(e, EX_IOERR, errno, "cannot remove '%s'", name);
	if (empty(dir, name, e) < 0)
		return err_wrap(e, "cannot remove '%s'", name);
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0)
		return err_set(e, EX_IOERR, errno, "cannot remove '%s'", name);
	return 0;
}
