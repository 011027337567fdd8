#include "agent/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/leasefile.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/tree.h"

#define SHARED_FILE "shared"
#define BEATS       4 /* renewals in the length of a lease */

struct lease {
	int dir, fd; /* the agent's folder; the lease */
	int journal; /* as it was before the lease was taken */
	int copy;    /* to copy it to; -1: it is nobody else's */
	char copy_name[2 * LEASE_NAME]; /* .journal.N.WORD */
	int64_t number, length;
	int stop; /* an eventfd: the thread ends */
	pthread_t thread;
	atomic_bool lost;
};

int
lease_length(int root, int64_t *length, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	int64_t n = LEASE_LENGTH;
	char line[64];
	struct err why;

	if (file_read(root, SHARED_FILE, 64, &text, &why) < 0) {
		*length = 0;
		if (why.status == EX_NOINPUT)
			return 0;
		*e = why;
		return -1;
	}
	(void)snprintf(line, sizeof(line), "%.*s",
	    (int)strcspn(buf_str(&text), "\n"), buf_str(&text));
	if (line[0] != '\0' && (num_duration(line, &n) < 0 || n < LEASE_LEAST))
		return err_set(e, EX_CONFIG, 0,
		    "'%s' is to say how long a host may be unheard of, such as "
		    "60s",
		    SHARED_FILE);
	*length = n;
	return 0;
}

/* ---- holding -------------------------------------------------------------------- */

/* The descriptor says that it was taken away; the name too, where removing an
 * open file only hides it (NFS, by a process of the same host). */
static bool
is_ours(const struct lease *l)
{
	char name[LEASE_NAME];
	struct stat st, now;
	int64_t when;

	leasefile_name(l->number, name);
	return leasefile_renew(l->fd, &when) == 0 && fstat(l->fd, &st) == 0 &&
	       st.st_nlink > 0 &&
	       fstatat(l->dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.st_ino == st.st_ino && now.st_dev == st.st_dev;
}

int
lease_check(void *lease, struct err *e)
{
	struct lease *l = lease;
	struct lease_file by;
	struct err lost;

	if (!atomic_load(&l->lost) && is_ours(l))
		return 0;
	atomic_store(&l->lost, true);
	if (leasefile_newest(l->dir, &by, &lost) < 0 || by.number <= l->number)
		return err_set(e, EX_TEMPFAIL, 0,
		    "its lease was taken away: nothing more is written");
	return err_set(e, EX_TEMPFAIL, 0,
	    "taken over by %s, since this process was not heard of for %" PRId64
	    " s: nothing more is written",
	    by.holder, l->length / CLOCK_SECOND);
}

bool
lease_lost(const struct lease *l)
{
	return l != NULL && atomic_load(&l->lost);
}

static void *
beat(void *arg)
{
	struct lease *l = arg;
	struct pollfd p = {.fd = l->stop, .events = POLLIN};
	int ms = (int)(l->length / BEATS / CLOCK_MILLI);

	while (poll(&p, 1, ms) == 0)
		if (!is_ours(l))
			atomic_store(&l->lost, true);
	return NULL;
}

/* Signals are the main thread's. */
static int
start_beating(struct lease *l, struct err *e)
{
	sigset_t all, before;
	int got;

	l->stop = eventfd(0, EFD_CLOEXEC);
	if (l->stop < 0)
		return err_set(e, EX_OSERR, errno, "cannot renew the lease");
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	got = pthread_create(&l->thread, NULL, beat, l);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (got == 0)
		return 0;
	fd_cleanup(&l->stop);
	return err_set(e, EX_OSERR, got, "cannot renew the lease");
}

static void
drop(struct lease *l)
{
	if (l->copy >= 0)
		(void)unlinkat(l->dir, l->copy_name, 0);
	fd_cleanup(&l->journal);
	fd_cleanup(&l->copy);
	fd_cleanup(&l->fd);
	fd_cleanup(&l->dir);
	free(l);
}

void
lease_release(struct lease *l)
{
	uint64_t one = 1;

	if (l == NULL)
		return;
	(void)!write(l->stop, &one, sizeof(one));
	(void)pthread_join(l->thread, NULL);
	fd_cleanup(&l->stop);
	/* Else the journal may still be another's as well. */
	if (l->copy < 0)
		(void)!ftruncate(l->fd, 0);
	drop(l);
}

/* ---- taking --------------------------------------------------------------------- */

static int
open_journal(struct lease *l, bool may_live, struct err *e)
{
	const int flags = O_RDWR | O_NOFOLLOW;
	char word[RAND_TEXT];

	if (file_open(
		l->dir, JOURNAL_FILE, flags | O_APPEND, 0, &l->journal, e) < 0)
		return -1;
	if (!may_live)
		return 0;
	rand_text(word);
	(void)snprintf(l->copy_name, sizeof(l->copy_name),
	    ".journal.%" PRId64 ".%.16s", l->number, word);
	return file_open(
	    l->dir, l->copy_name, flags | O_CREAT | O_EXCL, 0600, &l->copy, e);
}

/* Links the file as the lease of this number, unless there is one. */
static int
claim(const struct lease *l, const char *made, struct err *e)
{
	struct lease_file newest;
	char name[LEASE_NAME];
	int got;

	leasefile_name(l->number, name);
	if (linkat(l->dir, made, l->dir, name, 0) < 0)
		return errno == EEXIST || errno == ENOENT
			   ? err_set(
				 e, EX_TEMPFAIL, 0, "another takes it just now")
			   : err_set(
				 e, EX_IOERR, errno, "cannot take the lease");
	got = leasefile_newest(l->dir, &newest, e);
	if (got == 0 && newest.number != l->number)
		got = err_set(e, EX_TEMPFAIL, 0, "another took it just now");
	if (got < 0)
		(void)unlinkat(l->dir, name, 0);
	return got;
}

static int
try_take(struct lease *l, struct err *e)
{
	struct lease_file old;
	char made[LEASE_NAME];
	int64_t now = 0;
	int got = -1;

	if (leasefile_newest(l->dir, &old, e) < 0 ||
	    leasefile_make(l->dir, made, &l->fd, e) < 0)
		return -1;
	l->number = old.number + 1;
	if (leasefile_renew(l->fd, &now) < 0)
		(void)err_set(e, EX_IOERR, errno, "cannot make a lease");
	else if (old.state == LEASE_LIVE && now - old.renewed <= l->length)
		(void)err_set(e, EX_TEMPFAIL, 0, "held by %s", old.holder);
	else if (open_journal(l, old.state > LEASE_FREE, e) == 0)
		got = claim(l, made, e);
	(void)unlinkat(l->dir, made, 0);
	/* from here on the old holder is shut out */
	if (got < 0 || leasefile_clear(l->dir, l->number, l->copy_name, e) < 0)
		return -1;
	return file_sync(l->dir, "agent", e);
}

int
lease_take(int dir, int64_t length, struct lease **out, struct err *e)
{
	struct lease *l = mem_new(1, sizeof(*l));

	l->fd = l->stop = l->journal = l->copy = -1;
	l->length = length;
	l->dir = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	if (l->dir < 0)
		(void)err_set(e, EX_OSERR, errno, "cannot take the lease");
	else if (try_take(l, e) == 0 && start_beating(l, e) == 0) {
		*out = l;
		return 0;
	}
	drop(l);
	return -1;
}

static int
steal_journal(struct lease *l, int64_t size, int *fd, struct err *e)
{
	if (l->copy < 0) {
		*fd = l->journal;
		l->journal = -1;
		return 0;
	}
	if (tree_copy_bytes(l->journal, l->copy, size, JOURNAL_FILE, e) < 0 ||
	    file_sync(l->copy, JOURNAL_FILE, e) < 0)
		return -1;
	/* copy_file_range(2) does not write to what is appended to */
	if (fcntl(l->copy, F_SETFL, O_APPEND) < 0)
		return err_set(e, EX_IOERR, errno, "cannot append");
	if (renameat(l->dir, l->copy_name, l->dir, JOURNAL_FILE) < 0) {
		if (errno == ENOENT && lease_check(l, e) < 0)
			return -1;
		return err_set(
		    e, EX_IOERR, errno, "cannot put the journal back");
	}
	if (file_sync(l->dir, "agent", e) < 0)
		return -1;
	*fd = l->copy;
	l->copy = -1;
	return 0;
}

int
lease_open_journal(struct lease *l, int dir, const struct journal_mark *end,
    struct journal *out, struct err *e)
{
	int fd CLEANUP_FD = -1;

	if (l == NULL)
		return journal_open(dir, end, out, e);
	if (steal_journal(l, end->offset, &fd, e) < 0 ||
	    journal_open_file(&fd, end, out, e) < 0)
		return -1;
	out->guard = lease_check;
	out->guard_arg = l;
	return 0;
}

bool
lease_held(const struct root *r, int dir)
{
	struct lease_file f;
	struct err lost;

	if (r->lease == 0)
		return lock_holder(dir, "lock") != 0;
	return leasefile_newest(dir, &f, &lost) == 0 && f.state == LEASE_LIVE &&
	       clock_real() - f.renewed <= r->lease;
}
