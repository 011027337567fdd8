/* Files that are whole or absent, and paths as text. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "tap.h"

static bool
holds(int dir, const char *name, const char *want)
{
	struct buf b CLEANUP_BUF = {0};
	struct err e;

	return file_read(dir, name, 1000, &b, &e) == 0 &&
	       strcmp(buf_str(&b), want) == 0;
}

static bool
exists(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
test_names(void)
{
	static const char *const no[] = {"", ".", "..", "a/b", "/", "a/"};
	static const char *const yes[] = {"a", "...", ".a", "..a", " "};
	size_t i;

	for (i = 0; i < COUNT_OF(no); i++)
		ok(!file_is_name(no[i]), "'%s' is no component", no[i]);
	for (i = 0; i < COUNT_OF(yes); i++)
		ok(file_is_name(yes[i]), "'%s' is a component", yes[i]);
}

static void
test_open(void)
{
	struct err e;
	int fd = 99;

	ok(file_open(AT_FDCWD, "absent", O_RDONLY, 0, &fd, &e) == -1 &&
		e.status == EX_NOINPUT && fd == 99,
	    "a file that is not there: status 66, nothing changed");
	ok(file_open(AT_FDCWD, "no/file", O_WRONLY | O_CREAT, 0600, &fd, &e) ==
		    -1 &&
		e.status == EX_CANTCREAT,
	    "a file that cannot be made: status 73");
	ok(file_open(AT_FDCWD, "made", O_WRONLY | O_CREAT, 0600, &fd, &e) ==
		    0 &&
		(fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0,
	    "what is opened closes on exec");
	ok(fd_close(&fd, "made", &e) == 0 && fd == -1,
	    "closed, the descriptor is -1");
	fd = -1;
	fd_cleanup(&fd);
	ok(file_open_dir("d/e/f", false, &fd, &e) == -1 &&
		e.status == EX_NOINPUT,
	    "a folder that is not there: status 66");
	ok(file_open_dir("d/e/f", true, &fd, &e) == 0 && exists(fd, "."),
	    "is made with its parents when asked for");
	fd_cleanup(&fd);
	ok(file_open_dir("d//e/f/", true, &fd, &e) == 0, "or opened");
	fd_cleanup(&fd);
	ok(file_open_dir("made/x", true, &fd, &e) == -1,
	    "but never below a file");
	ok(file_make_dir(AT_FDCWD, "d", 0700, &e) == 0,
	    "a folder that is there is fine");
	ok(file_make_dir(AT_FDCWD, "no/d", 0700, &e) == -1 &&
		e.status == EX_CANTCREAT,
	    "one that cannot be made: status 73");
}

static void
test_read(void)
{
	struct buf b CLEANUP_BUF = {0};
	struct err e;
	char big[5000];

	memset(big, 'b', sizeof(big));
	ok(file_replace(AT_FDCWD, "big", big, sizeof(big), 0600, &e) == 0 &&
		file_read(AT_FDCWD, "big", sizeof(big), &b, &e) == 0 &&
		b.len == sizeof(big) && memcmp(b.data, big, b.len) == 0,
	    "all of a file is read");
	buf_clear(&b);
	ok(file_read(AT_FDCWD, "big", sizeof(big) - 1, &b, &e) == -1 &&
		e.status == EX_DATAERR,
	    "but not more than was asked for: 65");
	buf_clear(&b);
	ok(file_read(AT_FDCWD, "/proc/self/stat", 100000, &b, &e) == 0 &&
		b.len > 10,
	    "also a file that has no size");
	buf_clear(&b);
	ok(file_read(AT_FDCWD, ".", 10, &b, &e) == -1 && e.status == EX_IOERR &&
		e.errnum == EISDIR,
	    "a folder is an error: 74");
}

static void
test_replace(void)
{
	struct stat st;
	struct err e;
	int dir = -1;

	(void)file_open_dir("r", true, &dir, &e);
	ok(file_replace(dir, "f", "one", 3, 0600, &e) == 0 &&
		holds(dir, "f", "one"),
	    "a file is made");
	ok(file_replace(dir, "f", "two!", 4, 0640, &e) == 0 &&
		holds(dir, "f", "two!"),
	    "and replaced");
	ok(fstatat(dir, "f", &st, 0) == 0 && (st.st_mode & 0777) == 0640,
	    "with the mode asked for");
	ok(symlinkat("f", dir, "link") == 0 &&
		file_replace(dir, "link", "x", 1, 0600, &e) == 0 &&
		holds(dir, "f", "two!") && holds(dir, "link", "x"),
	    "a link is replaced, not followed");
	ok(file_cache(dir, "c", "cached", 6, &e) == 0 &&
		holds(dir, "c", "cached"),
	    "what can be made again is written too");
	ok(mkdirat(dir, "sub", 0700) == 0 &&
		file_replace(dir, "sub", "x", 1, 0600, &e) == -1 &&
		e.status == EX_IOERR,
	    "a folder is not replaced: status 74");
	ok(unlinkat(dir, "sub", AT_REMOVEDIR) == 0 &&
		unlinkat(dir, "f", 0) == 0 && unlinkat(dir, "link", 0) == 0 &&
		unlinkat(dir, "c", 0) == 0 && rmdir("r") == 0,
	    "and no temporary file is left behind");
	fd_cleanup(&dir);
}

static void
test_remove(void)
{
	struct err e;
	int dir = -1;

	(void)file_open_dir("t/a/b/c", true, &dir, &e);
	fd_cleanup(&dir);
	(void)file_open_dir("keep", true, &dir, &e);
	(void)file_replace(dir, "f", "x", 1, 0600, &e);
	(void)close(open("t/a/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0));
	ok(symlink("../../keep", "t/a/link") == 0 && chmod("t/a/b", 0) == 0,
	    "a tree with a link out of it and a shut folder");
	ok(file_remove_tree(AT_FDCWD, "t", &e) == 0 && !exists(AT_FDCWD, "t"),
	    "is removed whole");
	ok(holds(dir, "f", "x"), "what the link led to stays");
	ok(file_remove_tree(AT_FDCWD, "t", &e) == 0, "absent is success");
	ok(symlink("keep", "l") == 0 &&
		file_remove_tree(AT_FDCWD, "l", &e) == 0 &&
		holds(dir, "f", "x"),
	    "a link itself is removed, not what it leads to");
	ok(file_remove_tree(AT_FDCWD, "keep", &e) == 0 &&
		!exists(AT_FDCWD, "keep"),
	    "and then that as well");
	fd_cleanup(&dir);
}

/* A path of 3,000 folders, as a hostile program would leave behind. */
static void
test_deep(void)
{
	struct rlimit few = {256, 256};
	struct err e;
	int dir CLEANUP_FD = -1;
	int i, made = 0;

	(void)file_open_dir("deep", true, &dir, &e);
	for (i = 0; i < 3000; i++) {
		int next;

		if (mkdirat(dir, "d", 0700) < 0 ||
		    file_open(dir, "d", O_RDONLY | O_DIRECTORY, 0, &next, &e) <
			0)
			break;
		(void)close(dir);
		dir = next;
		made++;
	}
	(void)setrlimit(RLIMIT_NOFILE, &few);
	e.msg[0] = '\0';
	ok(made == 3000 && file_remove_tree(AT_FDCWD, "deep", &e) == 0 &&
		!exists(AT_FDCWD, "deep"),
	    "a tree deeper than there are descriptors is removed: %s", e.msg);
}

static const struct {
	const char *base, *path, *want;
} joins[] = {
    {"/w", "a", "/w/a"},
    {"/w", "/a", "/a"},
    {"/w", "", "/w"},
    {"/w", ".", "/w"},
    {"/w/", "a/", "/w/a"},
    {"/w", "a//b/./c", "/w/a/b/c"},
    {"/w", "..", "/"},
    {"/w", "../..", "/"},
    {"/w", "../../../a", "/a"},
    {"/w/x", "../y", "/w/y"},
    {"/w", "a/../b", "/w/b"},
    {"/w", "...", "/w/..."},
    {"/w", "..a", "/w/..a"},
    {"/w", "/", "/"},
    {"/", "a", "/a"},
    {"/", "", "/"},
};

static const struct {
	const char *path, *dir;
	bool below;
} belows[] = {{"/a", "/a", true}, {"/a/b", "/a", true}, {"/ab", "/a", false},
    {"/", "/a", false}, {"/a", "/", true}, {"/", "/", true},
    {"/b", "/a", false}, {"/a", "/a/b", false}};

static void
test_paths(void)
{
	size_t i;

	for (i = 0; i < COUNT_OF(joins); i++) {
		char *got CLEANUP_FREE =
		    path_join(joins[i].base, joins[i].path);

		ok(strcmp(got, joins[i].want) == 0, "'%s' in '%s' is '%s'",
		    joins[i].path, joins[i].base, joins[i].want);
	}
	for (i = 0; i < COUNT_OF(belows); i++)
		ok(path_below(belows[i].path, belows[i].dir) == belows[i].below,
		    "'%s' is %s '%s'", belows[i].path,
		    belows[i].below ? "below" : "not below", belows[i].dir);
}

int
main(void)
{
	(void)umask(0);
	test_names();
	test_open();
	test_read();
	test_replace();
	test_remove();
	test_paths();
	test_deep();
	return done();
}
