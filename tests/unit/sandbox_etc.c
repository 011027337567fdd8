/*
 * What a launcher keeps between calls must not show: here /etc is a folder of
 * this test's own, in a mount namespace of its own, and changes meanwhile.
 */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"

enum { PARALLEL = 8 };

static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
static struct launcher *launcher;
static char here[4096];

/* A call that runs, and what it says. */
struct job {
	struct child child;
	int out;
};

static bool
begin(struct job *j, const struct view *v, const char *text, bool held)
{
	const char *const argv[] = {"sh", "-c", text, NULL};
	struct spawn s = {.argv = argv,
	    .view = v,
	    .env = env,
	    .in = -1,
	    .errout = -1,
	    .held = held};
	struct err e = {0};
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	s.out = fds[1];
	j->out = fds[0];
	r = launcher_spawn(launcher, &s, &j->child, &e);
	(void)close(fds[1]);
	if (r < 0)
		printf("# %s\n", e.msg);
	return r == 0;
}

static bool
end(struct job *j, struct buf *out)
{
	struct child_end how = {0};
	struct err e = {0};
	int r = spawn_go(&j->child, &e);

	while (r == 0 && buf_read(out, j->out, 4096) > 0)
		;
	(void)close(j->out);
	if (child_wait(&j->child, &how, &e) < 0) {
		printf("# %s\n", e.msg);
		r = -1;
	}
	return r == 0;
}

/* Does the command print this? */
static bool
prints(const struct view *v, const char *text, const char *want)
{
	struct buf out CLEANUP_BUF = {0};
	struct job j;

	if (!begin(&j, v, text, false) || !end(&j, &out))
		return false;
	if (strcmp(buf_str(&out), want) == 0)
		return true;
	printf("# '%s' printed '%s'\n", text, buf_str(&out));
	return false;
}

static void
put(const char *name, const char *text)
{
	struct err e = {0};
	int dir CLEANUP_FD = open("etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (file_replace(dir, name, text, strlen(text), 0644, &e) < 0) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
}

static void
make_view(struct view *v, const char *line)
{
	struct err e = {0};
	struct policy p;

	policy_init(&p);
	policy_add_base(&p);
	policy_add_workspace(&p);
	if ((line != NULL && policy_add(&p, line, "test", &e) < 0) ||
	    view_compile(&p, here, NULL, NULL, 0, 1, v, &e) < 0) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
	policy_free(&p);
}

static void
test_replaced(void)
{
	struct buf out CLEANUP_BUF = {0};
	struct view v CLEANUP(view_free) = {0};
	struct job j;

	make_view(&v, NULL);
	ok(prints(&v, "cat /etc/passwd", "one") &&
		prints(&v, "cat /etc/passwd", "one"),
	    "a file of /etc is seen");
	ok(begin(&j, &v, "cat /etc/passwd", true), "a call is held");
	put("passwd", "two");
	ok(prints(&v, "cat /etc/passwd", "two"),
	    "replaced by rename, it is seen by the next call");
	ok(end(&j, &out) && strlen(buf_str(&out)) == 3,
	    "one that ran meanwhile is not disturbed");
	ok(prints(&v, "cat /etc/hosts || echo no", "no\n"),
	    "a file is not there");
	put("hosts", "new");
	ok(prints(&v, "cat /etc/hosts", "new"), "then it comes");
	ok(unlink("etc/hosts") == 0 &&
		prints(&v, "cat /etc/hosts || echo no", "no\n"),
	    "and goes");
	ok(symlink("here", "etc/localtime") == 0 &&
		prints(&v, "readlink /etc/localtime", "here\n"),
	    "a link is seen");
	ok(unlink("etc/localtime") == 0 &&
		symlink("there", "etc/localtime") == 0 &&
		prints(&v, "readlink /etc/localtime", "there\n"),
	    "and followed when it changes");
	ok(mkdir("etc/new", 0755) == 0 && rename("etc/fonts", "etc/old") == 0 &&
		rename("etc/new", "etc/fonts") == 0 &&
		prints(&v, "ls /etc/fonts", ""),
	    "so is a folder");
}

static void
test_views(void)
{
	const char *const list = "cat /etc/extra /etc/passwd";
	struct view plain CLEANUP(view_free) = {0};
	struct view more CLEANUP(view_free) = {0};
	struct view less CLEANUP(view_free) = {0};
	struct view write CLEANUP(view_free) = {0};
	struct view etc CLEANUP(view_free) = {0};
	struct view all CLEANUP(view_free) = {0};
	struct view none CLEANUP(view_free) = {0};

	make_view(&plain, NULL);
	make_view(&more, "allow read file:/etc/extra");
	make_view(&less, "deny read file:/etc/passwd");
	make_view(&write, "allow read,write file:/etc/extra");
	make_view(&etc, "allow read file:/etc/**");
	make_view(&all, "allow read file:/**");
	view_add(&none, "/usr", VIEW_READ | VIEW_EXEC);
	view_add(&none, "/lib", VIEW_READ | VIEW_EXEC);
	view_add(&none, "/lib64", VIEW_READ | VIEW_EXEC);
	view_add(&none, "/bin", VIEW_READ | VIEW_EXEC);
	put("extra", "extra ");
	ok(prints(&plain, list, "two"), "what is not granted is not seen");
	ok(prints(&more, list, "extra two"), "granted to a call, it is");
	ok(prints(&plain, list, "two"), "but not to the next");
	ok(prints(&less, list, ""), "nor is what is denied to one");
	ok(prints(&write, "echo w >/etc/extra; cat /etc/extra", "w\n"),
	    "what is granted to one for writing can be written");
	ok(prints(&more, "echo x >/etc/extra; cat /etc/extra", "w\n"),
	    "but not by the next");
	put("other", "other");
	ok(prints(&etc, "cat /etc/other", "other") &&
		prints(&all, "cat /etc/other", "other") &&
		prints(&more, "cat /etc/other", ""),
	    "a call may see all of /etc, without the next doing so");
	ok(prints(&none, "ls -d /etc /dev 2>&1 | grep -c cannot", "2\n"),
	    "a call that has neither sees no /etc and no /dev");
	ok(prints(&plain, list, "two"), "and the one after it does");
}

static void
test_closed(void)
{
	struct view v CLEANUP(view_free) = {0};

	make_view(&v, NULL);
	ok(prints(&v,
	       "for f in /etc/x /etc/passwd /dev/x /x; do true >$f && "
	       "echo $f; done; true >/dev/null && true >/tmp/x && echo ok",
	       "ok\n"),
	    "nothing can be added to what is shared, nor changed");
	ok(prints(&v,
	       "rm /dev/null; mv /etc/passwd /etc/p; chmod 0 /etc; "
	       "cat /etc/passwd",
	       "two"),
	    "nor removed");
	ok(prints(&v, "cut -d' ' -f5 /proc/self/mountinfo | grep -cx /", "1\n"),
	    "there is one root");
	ok(prints(&v,
	       "cut -d' ' -f5 /proc/self/mountinfo | "
	       "grep -Evx '(/|/(dev|etc|usr|bin|sbin|lib[x0-9]*|tmp|proc)"
	       "(/.*)?)' | grep -v \"^$PWD\"",
	       ""),
	    "and no mount but what was granted");
	ok(prints(&v,
	       "ls -a /.. | grep -cx etc; ls -A /dev/..  | "
	       "grep -cx usr",
	       "1\n1\n"),
	    "upwards lies nothing else");
}

static void
test_parallel(void)
{
	struct view views[2] = {{0}, {0}};
	struct job jobs[PARALLEL];
	struct buf out CLEANUP_BUF = {0};
	bool started = true, right = true;
	size_t i;

	put("extra", "extra ");
	make_view(&views[0], NULL);
	make_view(&views[1], "allow read file:/etc/extra");
	for (i = 0; i < PARALLEL; i++)
		started =
		    started && begin(&jobs[i], &views[i % 2],
				   "cat /etc/extra /etc/passwd; ls /tmp/a || "
				   "true >/tmp/a",
				   true);
	ok(started, "calls with two views run side by side");
	for (i = 0; started && i < PARALLEL; i++) {
		buf_clear(&out);
		right = end(&jobs[i], &out) && right &&
			strcmp(buf_str(&out),
			    i % 2 == 0 ? "two" : "extra two") == 0;
	}
	ok(right, "each sees its own /etc and /tmp");
	view_free(&views[0]);
	view_free(&views[1]);
}

static bool
write_file(const char *path, const char *text)
{
	int fd CLEANUP_FD = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = (ssize_t)strlen(text);

	return fd >= 0 && write(fd, text, (size_t)n) == n;
}

/* A mount namespace in which /etc is the folder "etc" here. */
static bool
own_etc(void)
{
	char ids[2][64];
	uid_t uid = geteuid();

	(void)snprintf(ids[0], sizeof(ids[0]), "%u %u 1\n", uid, uid);
	(void)snprintf(
	    ids[1], sizeof(ids[1]), "%u %u 1\n", getegid(), getegid());
	if (uid != 0 || unshare(CLONE_NEWNS) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
		    !write_file("/proc/self/uid_map", ids[0]) ||
		    !write_file("/proc/self/setgroups", "deny") ||
		    !write_file("/proc/self/gid_map", ids[1]))
			return false;
	}
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("etc", "/etc", NULL, MS_BIND, NULL) == 0;
}

int
main(void)
{
	struct err e = {0};

	if (getcwd(here, sizeof(here)) == NULL || mkdir("etc", 0755) < 0 ||
	    mkdir("etc/fonts", 0755) < 0 || mkdir("etc/fonts/x", 0755) < 0)
		return 1;
	put("passwd", "one");
	if (!own_etc()) {
		printf("1..0 # SKIP no namespaces: %d\n", errno);
		return 0;
	}
	if (launcher_start(SANDBOX_STRICT, &launcher, &e) < 0) {
		printf("1..0 # SKIP %s\n", e.msg);
		return 0;
	}
	test_replaced();
	test_views();
	test_closed();
	test_parallel();
	launcher_stop(launcher);
	return done();
}
