/* Leases: who may write where locks do not hold. */
#include "agent/lease.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/leasefile.h"
#include "base/file.h"
#include "base/mem.h"
#include "tap.h"

#define LENGTH (600 * CLOCK_SECOND)

static char top[] = "lease-XXXXXX";
static struct digest zero;

static int
new_dir(void)
{
	static int count;
	char name[16];
	struct journal j;
	struct err e;
	int dir, root = open(top, O_RDONLY | O_DIRECTORY);

	(void)snprintf(name, sizeof(name), "%d", count++);
	(void)mkdirat(root, name, 0700);
	dir = openat(root, name, O_RDONLY | O_DIRECTORY);
	(void)close(root);
	if (journal_create(dir, &zero, &j, &e) < 0)
		exit(1);
	journal_close(&j);
	return dir;
}

static void
put(int dir, const char *name, const char *text)
{
	struct err e;

	if (file_replace(dir, name, text, strlen(text), 0600, &e) < 0)
		exit(1);
}

static void
make_old(int dir, const char *name)
{
	const struct timespec t[2] = {{1000, 0}, {1000, 0}};

	(void)utimensat(dir, name, t, 0);
}

static bool
is_there(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static ino_t
inode(int dir)
{
	struct stat st = {0};

	(void)fstatat(dir, JOURNAL_FILE, &st, 0);
	return st.st_ino;
}

static int
append(struct journal *j, struct err *e)
{
	struct record r;

	journal_stage(
	    j, RECORD_NOTE, (struct slice){"{\"note\":\"x\"}", 12}, &r);
	return journal_commit(j, e);
}

/* All records that are there, to the end. */
static int64_t
count(int dir, struct journal_mark *end)
{
	int fd = openat(dir, JOURNAL_FILE, O_RDONLY);
	struct journal_mark start = {.head = zero};
	struct reader r;
	struct record rec;
	struct err e;
	int64_t n = 0;

	reader_init(&r, fd, &start);
	while (reader_next(&r, &rec, &e) == 1)
		n++;
	*end = r.mark;
	reader_free(&r);
	(void)close(fd);
	return n;
}

static void
test_free(void)
{
	struct lease *a = NULL, *b = NULL;
	int dir = new_dir();
	struct journal_mark end = {.head = zero};
	struct journal j;
	struct err e;
	ino_t was = inode(dir);

	ok(lease_take(dir, LENGTH, &a, &e) == 0, "the first lease is taken");
	ok(is_there(dir, "lease.1"), "it is number 1");
	ok(lease_take(dir, LENGTH, &b, &e) < 0 && e.status == EX_TEMPFAIL,
	    "nobody else can, for a while");
	ok(strstr(e.msg, "held by process ") != NULL, "and hears who has it");
	ok(lease_open_journal(a, dir, &end, &j, &e) == 0 && append(&j, &e) == 0,
	    "its holder writes");
	journal_close(&j);
	lease_release(a);
	ok(lease_take(dir, LENGTH, &b, &e) == 0, "given up, it can be taken");
	ok(is_there(dir, "lease.2") && !is_there(dir, "lease.1"),
	    "as the next number");
	ok(count(dir, &end) == 1 &&
		lease_open_journal(b, dir, &end, &j, &e) == 0 &&
		append(&j, &e) == 0 && count(dir, &end) == 2,
	    "and written behind what is there");
	ok(inode(dir) == was, "in the same file: nobody else has it open");
	journal_close(&j);
	lease_release(b);
	(void)close(dir);
}

static void
test_fenced(void)
{
	struct journal_mark end = {.head = zero};
	struct lease *a = NULL, *b = NULL;
	struct journal old, new;
	int dir = new_dir();
	struct err e;
	char last[3];
	int fd;

	(void)lease_take(dir, LENGTH, &a, &e);
	(void)lease_open_journal(a, dir, &end, &old, &e);
	ok(append(&old, &e) == 0 && lease_check(a, &e) == 0,
	    "a holder writes while nobody took over");
	(void)!write(old.fd, "{\"torn", 6);
	make_old(dir, "lease.1");
	ok(lease_take(dir, LENGTH, &b, &e) == 0,
	    "one that was not renewed is taken over");
	ok(lease_check(a, &e) < 0 && e.status == EX_TEMPFAIL &&
		strstr(e.msg, "taken over by process ") != NULL,
	    "which the old holder finds, and by whom");
	ok(lease_lost(a) && !lease_lost(b) && !lease_lost(NULL),
	    "and remembers");
	ok(append(&old, &e) < 0 && e.status == EX_TEMPFAIL,
	    "it does not write any more");
	ok(count(dir, &end) == 1 &&
		lease_open_journal(b, dir, &end, &new, &e) == 0,
	    "the new one reads, then opens it");
	(void)!write(old.fd, "late", 4);
	ok(new.cut_bytes == 0 && append(&new, &e) == 0 && count(dir, &end) == 2,
	    "nothing of the old one's last words is in its way");
	fd = openat(dir, JOURNAL_FILE, O_RDONLY);
	ok(pread(fd, last, 2, end.offset - 2) == 2 &&
		memcmp(last, "}\n", 2) == 0 &&
		pread(fd, last, 1, end.offset) == 0,
	    "nor what it writes all the same");
	(void)close(fd);
	journal_close(&old);
	lease_release(a);
	ok(lease_check(b, &e) == 0, "its giving up changes nothing");
	journal_close(&new);
	lease_release(b);
	(void)close(dir);
}

/* The guard finds it between the write and the answer. */
static int
taken_second(void *arg, struct err *e)
{
	int *calls = arg;

	return ++*calls == 1
		   ? 0
		   : err_set(e, EX_TEMPFAIL, 0, "taken over meanwhile");
}

static int told;

static void
tell(void *arg, const struct record *r)
{
	(void)arg;
	(void)r;
	told++;
}

static void
test_guard(void)
{
	struct journal_mark end = {.head = zero};
	int dir = new_dir(), calls = 0;
	struct journal j;
	struct err e;

	(void)journal_open(dir, &end, &j, &e);
	j.guard = taken_second;
	j.guard_arg = &calls;
	j.on_commit = tell;
	ok(append(&j, &e) < 0 && e.status == EX_TEMPFAIL && calls == 2,
	    "one that was taken over while it wrote finds it when synced");
	ok(told == 0, "nobody hears of the group");
	ok(journal_commit(&j, &e) < 0 && calls == 2,
	    "and nothing more is written");
	journal_close(&j);
	(void)close(dir);
}

static void
test_dead(void)
{
	struct journal_mark end = {.head = zero};
	struct lease *b = NULL;
	struct journal j;
	int dir = new_dir(), status;
	ino_t was = inode(dir);
	struct err e;
	pid_t pid = fork();

	if (pid == 0)
		_exit(lease_take(dir, LENGTH, &b, &e) < 0);
	(void)waitpid(pid, &status, 0);
	ok(status == 0 && is_there(dir, "lease.1"),
	    "a process dies with its lease");
	ok(lease_take(dir, LENGTH, &b, &e) == 0,
	    "on the same host another need not wait");
	ok(lease_open_journal(b, dir, &end, &j, &e) == 0 && inode(dir) != was,
	    "but does not know whose the journal's file was");
	journal_close(&j);
	lease_release(b);
	(void)close(dir);
}

/* A taker that stalls somewhere must not undo what later ones did. */
static void
test_stalled(void)
{
	struct journal_mark end = {.head = zero};
	struct lease *a = NULL, *b = NULL, *c = NULL;
	struct journal j, k;
	int dir = new_dir();
	struct err e;

	(void)lease_take(dir, LENGTH, &a, &e);
	make_old(dir, "lease.1");
	(void)lease_take(dir, LENGTH, &b, &e);
	make_old(dir, "lease.2");
	ok(lease_take(dir, LENGTH, &c, &e) == 0,
	    "one that stalls before it has the journal is overtaken");
	ok(lease_open_journal(c, dir, &end, &j, &e) == 0 && append(&j, &e) == 0,
	    "its successor writes");
	ok(lease_open_journal(b, dir, &end, &k, &e) < 0 &&
		e.status == EX_TEMPFAIL,
	    "then it comes too late to put its copy in place");
	ok(count(dir, &end) == 1 && append(&j, &e) == 0 &&
		count(dir, &end) == 2,
	    "and what was written stays");
	lease_release(a);
	lease_release(b);
	journal_close(&j);
	ok(lease_take(dir, LENGTH, &a, &e) < 0,
	    "those that were overtaken give up nothing");
	lease_release(c);
	put(dir, "lease.9", "");
	put(dir, "lease.8", "elsewhere 1 1 boot pid:[1]\n");
	ok(lease_take(dir, LENGTH, &a, &e) == 0 && is_there(dir, "lease.10") &&
		!is_there(dir, "lease.8"),
	    "only the newest lease counts");
	lease_release(a);
	(void)close(dir);
}

static void
test_words(void)
{
	static const char *const odd[] = {"x", "a b c d e\n", "h 1\n",
	    "h -1 2 b s\n", "\n", "h 99999999999999999999 1 b s"};
	struct lease *a = NULL;
	struct err e;
	size_t i;
	int refused = 0, dir = new_dir(), other = new_dir();
	int64_t n = 7;

	for (i = 0; i < COUNT_OF(odd); i++) {
		put(dir, "lease.3", odd[i]);
		refused += lease_take(dir, LENGTH, &a, &e) < 0 &&
			   e.status == EX_TEMPFAIL;
	}
	ok(refused == COUNT_OF(odd), "whatever a lease says, it is waited for");
	make_old(dir, "lease.3");
	ok(lease_take(dir, LENGTH, &a, &e) == 0, "but not longer");
	lease_release(a);
	ok(lease_length(other, &n, &e) == 0 && n == 0,
	    "a root is not shared unless it says so");
	put(other, "shared", "");
	ok(lease_length(other, &n, &e) == 0 && n == LEASE_LENGTH,
	    "an empty file says it");
	put(other, "shared", "90s\n");
	ok(lease_length(other, &n, &e) == 0 && n == 90 * CLOCK_SECOND,
	    "and how long leases last");
	put(other, "shared", "0.1s\n");
	ok(lease_length(other, &n, &e) < 0 && e.status == EX_CONFIG,
	    "not too short");
	put(other, "shared", "soon\n");
	ok(lease_length(other, &n, &e) < 0 && e.status == EX_CONFIG,
	    "nor something else");
	(void)close(dir);
	(void)close(other);
}

/* The thread renews: beats are a quarter of the length apart. */
static void
test_renewed(void)
{
	struct lease_file f = {0};
	struct lease *a = NULL;
	int dir = new_dir(), i;
	struct err e;

	(void)lease_take(dir, CLOCK_SECOND, &a, &e);
	make_old(dir, "lease.1");
	for (i = 0; i < 1000; i++) {
		(void)leasefile_newest(dir, &f, &e);
		if (f.renewed > 2000 * CLOCK_SECOND)
			break;
		(void)usleep(20000);
	}
	ok(i < 1000, "a lease is renewed while its holder does something else");
	lease_release(a);
	(void)close(dir);
}

int
main(void)
{
	struct err e;

	if (mkdtemp(top) == NULL)
		return 1;
	test_free();
	test_fenced();
	test_guard();
	test_dead();
	test_stalled();
	test_words();
	test_renewed();
	(void)file_remove_tree(AT_FDCWD, top, &e);
	return done();
}
