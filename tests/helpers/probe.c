/*
 * probe.c: one attempt a run, for tests of the sandbox: `probe NAME` tries
 * what the name says, with arguments that change nothing, and prints "ok" or
 * the name of the error.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cc.h"
#include "base/num.h"

struct attempt {
	const char *name;
	long number;
	long args[3];
};

/* All of these fail by their arguments where they are allowed. */
static const struct attempt attempts[] = {
    {"add_key", SYS_add_key, {0, 0, 0}},
    {"bpf", SYS_bpf, {-1, 0, 0}},
    {"chroot", SYS_chroot, {0, 0, 0}},
    {"fsopen", SYS_fsopen, {0, 0, 0}},
    {"init_module", SYS_init_module, {0, 0, 0}},
    {"io_uring_setup", SYS_io_uring_setup, {0, 0, 0}},
    {"keyctl", SYS_keyctl, {-1, 0, 0}},
    {"mount", SYS_mount, {0, 0, 0}},
    {"move_mount", SYS_move_mount, {-1, 0, -1}},
    {"name_to_handle_at", SYS_name_to_handle_at, {-1, 0, 0}},
    {"open_tree", SYS_open_tree, {-1, 0, 0}},
    {"perf_event_open", SYS_perf_event_open, {0, 0, 0}},
    {"pivot_root", SYS_pivot_root, {0, 0, 0}},
    {"process_vm_readv", SYS_process_vm_readv, {0, 0, 1}},
    {"setns", SYS_setns, {-1, 0, 0}},
    {"umount2", SYS_umount2, {0, 0, 0}},
    {"unshare", SYS_unshare, {CLONE_NEWUSER | CLONE_SIGHAND, 0, 0}},
    {"userfaultfd", SYS_userfaultfd, {-1, 0, 0}},
};

static int
say(long result)
{
	printf("%s\n", result >= 0 ? "ok" : strerrorname_np(errno));
	return result >= 0 ? 0 : 1;
}

static long
in_child(void (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		errno = 0;
		what();
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	errno = WIFSIGNALED(status) ? EFAULT : WEXITSTATUS(status);
	return errno == 0 ? 0 : -1;
}

static void
traceme(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void
foreign_call(void)
{
#ifdef __x86_64__
	long r;

	/* getpid of the 32-bit table */
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory");
	errno = r < 0 ? (int)-r : 0;
#else
	errno = ENOSYS;
#endif
}

static void
clone_user(void)
{
	if (syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) == 0)
		_exit(0);
}

static struct sockaddr_un
abstract_name(const char *name, socklen_t *len)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	(void)snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "%s", name);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   strlen(name));
	return a;
}

/* Serve both a loopback port and an abstract name until killed; prints the
 * port. */
static int
listen_both(const char *name)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in), unix_len;
	struct sockaddr_un un = abstract_name(name, &unix_len);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	int local = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(tcp, (struct sockaddr *)&in, len) < 0 || listen(tcp, 8) < 0 ||
	    getsockname(tcp, (struct sockaddr *)&in, &len) < 0 ||
	    bind(local, (struct sockaddr *)&un, unix_len) < 0 ||
	    listen(local, 8) < 0)
		return say(-1);
	printf("%d\n", ntohs(in.sin_port));
	(void)fflush(stdout);
	for (;;)
		(void)pause();
}

static long
connect_tcp(const char *port)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int64_t n = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || num_int(port, 1, 65535, &n) < 0)
		return -1;
	in.sin_port = htons((uint16_t)n);
	return connect(fd, (struct sockaddr *)&in, sizeof(in));
}

static long
connect_abstract(const char *name)
{
	socklen_t len;
	struct sockaddr_un un = abstract_name(name, &len);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&un, len);
}

static long
try_socket(const char *family)
{
	static const struct {
		const char *name;
		int family, type, protocol;
	} list[] = {{"inet", AF_INET, SOCK_STREAM, 0},
	    {"unix", AF_UNIX, SOCK_STREAM, 0},
	    {"route", AF_NETLINK, SOCK_RAW, 0},
	    {"generic", AF_NETLINK, SOCK_RAW, 16},
	    {"packet", AF_PACKET, SOCK_RAW, 0}, {"alg", 38, SOCK_SEQPACKET, 0}};
	size_t i;

	for (i = 0; i < COUNT_OF(list); i++)
		if (strcmp(list[i].name, family) == 0)
			return socket(
			    list[i].family, list[i].type, list[i].protocol);
	errno = EINVAL;
	return -1;
}

/* Open descriptors, in a line. */
static int
list_descriptors(void)
{
	int fd;

	for (fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d ", fd);
	printf("\n");
	return 0;
}

/* Run a command where no namespace can be made, as in many containers. */
static int
without_namespaces(char *argv[])
{
	struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog prog = {.len = COUNT_OF(code), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		return say(-1);
	(void)execvp(argv[0], argv);
	return say(-1);
}

static int
try_call(const char *name)
{
	size_t i;
	const struct attempt *a;

	for (i = 0; i < COUNT_OF(attempts); i++) {
		a = &attempts[i];
		if (strcmp(a->name, name) == 0)
			return say(syscall(
			    a->number, a->args[0], a->args[1], a->args[2], 0));
	}
	printf("unknown\n");
	return 2;
}

static int
try_special(const char *name, const char *value)
{
	if (strcmp(name, "ptrace") == 0)
		return say(in_child(traceme));
	if (strcmp(name, "clone-user") == 0)
		return say(in_child(clone_user));
	if (strcmp(name, "int80") == 0)
		return say(in_child(foreign_call));
	if (strcmp(name, "personality") == 0)
		return say(personality(READ_IMPLIES_EXEC));
	if (strcmp(name, "tiocsti") == 0)
		return say(ioctl(0, TIOCSTI, "x"));
	if (strcmp(name, "fds") == 0)
		return list_descriptors();
	if (strcmp(name, "listen") == 0)
		return listen_both(value);
	if (strcmp(name, "tcp") == 0)
		return say(connect_tcp(value));
	if (strcmp(name, "abstract") == 0)
		return say(connect_abstract(value));
	if (strcmp(name, "socket") == 0)
		return say(try_socket(value));
	return -1;
}

int
main(int argc, char *argv[])
{
	int r;

	if (argc < 2)
		return 2;
	if (strcmp(argv[1], "list") == 0) {
		for (size_t i = 0; i < COUNT_OF(attempts); i++)
			printf("%s\n", attempts[i].name);
		return 0;
	}
	if (strcmp(argv[1], "without-namespaces") == 0 && argc > 2)
		return without_namespaces(argv + 2);
	r = try_special(argv[1], argc > 2 ? argv[2] : "");
	return r >= 0 ? r : try_call(argv[1]);
}
