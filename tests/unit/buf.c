/* Buffers that grow to a bound, and memory that is there. */
#include "base/buf.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/status.h"
#include "tap.h"

static void
test_grow(void)
{
	struct buf b = {0};
	char *s;
	int i;

	ok(strcmp(buf_str(&b), "") == 0, "an empty buffer is an empty string");
	buf_reserve(&b, 10);
	ok(b.data != NULL && b.data[0] == '\0',
	    "reserved room begins with a NUL");
	buf_puts(&b, "ab");
	buf_putc(&b, 'c');
	buf_printf(&b, "%d", 42);
	buf_add(&b, "\0x", 2);
	ok(b.len == 7 && memcmp(b.data, "abc42\0x", 8) == 0,
	    "what is added follows, then a NUL that is not counted");
	buf_add(&b, NULL, 0);
	ok(b.len == 7, "adding nothing adds nothing");
	buf_cut(&b, 5);
	ok(strcmp(b.data, "abc42") == 0, "buf_cut keeps the beginning");
	buf_cut(&b, 9);
	ok(b.len == 5, "and never makes longer");
	buf_drop(&b, 3);
	ok(strcmp(b.data, "42") == 0, "buf_drop keeps the end");
	buf_drop(&b, 9);
	ok(b.len == 0 && b.data[0] == '\0', "and stops at nothing");
	for (i = 0; i < 300; i++)
		buf_printf(&b, "%s", "0123456789");
	ok(b.len == 3000 && strlen(b.data) == 3000, "it grows");
	buf_clear(&b);
	buf_printf(&b, "%0500d", 7);
	ok(b.len == 500 && b.data[499] == '7' && b.data[500] == '\0',
	    "printf over the small bound is whole");
	s = buf_steal(&b);
	ok(s[499] == '7' && b.data == NULL && b.len == 0 && b.cap == 0,
	    "a stolen string is the caller's");
	free(s);
	s = buf_steal(&b);
	ok(strcmp(s, "") == 0, "an empty buffer gives an empty string away");
	free(s);
	buf_free(&b);
}

static void
test_bound(void)
{
	struct buf b;

	buf_init(&b, 5);
	buf_puts(&b, "abc");
	ok(!b.full, "under its maximum a buffer is not full");
	buf_puts(&b, "de");
	ok(!b.full && b.len == 5, "nor at it");
	buf_puts(&b, "f");
	ok(b.full && strcmp(b.data, "abcde") == 0,
	    "what passes it is dropped and remembered");
	buf_clear(&b);
	buf_puts(&b, "123456789");
	ok(b.full && strcmp(b.data, "12345") == 0,
	    "of what passes it the beginning is kept");
	buf_free(&b);
}

static void
test_read(void)
{
	struct buf b;
	int fd[2];

	ok(pipe(fd) == 0 && write(fd[1], "abcdef", 6) == 6,
	    "a pipe with six bytes");
	buf_init(&b, 4);
	ok(buf_read(&b, fd[0], 3) == 3 && strcmp(b.data, "abc") == 0,
	    "buf_read reads at most what is asked for");
	ok(buf_read(&b, fd[0], 3) == 1 && strcmp(b.data, "abcd") == 0,
	    "and no more than there is room for");
	ok(buf_read(&b, fd[0], 3) == -1 && errno == EMSGSIZE && b.full,
	    "a full buffer says so");
	buf_clear(&b);
	(void)close(fd[1]);
	ok(buf_read(&b, fd[0], 3) == 2 && buf_read(&b, fd[0], 2) == 0,
	    "0 is the end");
	(void)close(fd[0]);
	ok(buf_read(&b, fd[0], 1) == -1 && errno == EBADF &&
		strcmp(b.data, "ef") == 0,
	    "an error leaves the contents");
	buf_free(&b);
}

/* The exit status of a child that asks for too much. */
static int
ask_for(size_t n, size_t size)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)close(STDERR_FILENO);
		free(mem_new(n, size));
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status)
		   ? WEXITSTATUS(status)
		   : -1;
}

static void
test_mem(void)
{
	int *items = NULL;
	size_t cap = 0, i;
	char *s;

	ok(ask_for(1, 1) == 0, "a little memory is there");
	ok(ask_for(SIZE_MAX / 2, 3) == EX_OSERR,
	    "a size that overflows ends the program");
	s = mem_dup("a\0b", 3);
	ok(memcmp(s, "a\0b", 4) == 0, "mem_dup copies bytes and ends them");
	free(s);
	ok(mem_strdup(NULL) == NULL, "no string has no copy");
	s = mem_printf("%s-%d", "x", 7);
	ok(strcmp(s, "x-7") == 0, "mem_printf makes a string");
	free(s);
	for (i = 0; i < 100; i++) {
		mem_room(&items, i, &cap, sizeof(*items));
		items[i] = (int)i;
	}
	ok(items[0] == 0 && items[99] == 99 && cap >= 100,
	    "mem_room grows an array and keeps it");
	free(items);
}

int
main(void)
{
	test_grow();
	test_bound();
	test_read();
	test_mem();
	return done();
}
