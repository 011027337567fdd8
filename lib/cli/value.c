#include "cli/value.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"

/* As large as a blob may be. */
#define TEXT_MAX ((size_t)64 << 20)

int64_t
value_integer(const struct program *p, const char *option, const char *value)
{
	int64_t n;

	if (num_int(value, 1, INT64_MAX / 4, &n) < 0)
		die_usage(p, "--%s: '%s' is no positive number", option, value);
	return n;
}

int64_t
value_count(const struct program *p, const char *option, const char *value)
{
	int64_t n;

	if (num_int(value, 0, INT64_MAX / 4, &n) < 0)
		die_usage(p, "--%s: '%s' is no number", option, value);
	return n;
}

int64_t
value_size(const struct program *p, const char *option, const char *value,
    int64_t most)
{
	int64_t n;

	if (num_size(value, &n) < 0 || n < 1 || n > most)
		die_usage(p, "--%s: '%s' is no size from 1 to %jd bytes",
		    option, value, (intmax_t)most);
	return n;
}

int64_t
value_duration(const struct program *p, const char *option, const char *value)
{
	int64_t ns;

	if (num_duration(value, &ns) < 0 || ns == 0)
		die_usage(p, "--%s: '%s' is no duration", option, value);
	return ns;
}

int
value_descriptor(const struct program *p, const char *option, const char *value)
{
	int64_t n;

	if (num_int(value, 1, INT32_MAX, &n) < 0 ||
	    fcntl((int)n, F_SETFD, FD_CLOEXEC) < 0)
		die_usage(p, "--%s: '%s' is no open descriptor", option, value);
	return (int)n;
}

enum sandbox_mode
value_sandbox(const struct program *p, const char *value)
{
	if (strcmp(value, "strict") == 0)
		return SANDBOX_STRICT;
	if (strcmp(value, "best-effort") != 0)
		die_usage(p, "--sandbox: want strict or best-effort");
	return SANDBOX_BEST_EFFORT;
}

char *
value_text(const char *operand)
{
	struct buf text = {0};
	struct err e;

	if (strcmp(operand, "-") != 0)
		return mem_strdup(operand);
	if (file_read_fd(STDIN_FILENO, "stdin", TEXT_MAX, &text, &e) < 0)
		die_err(&e);
	if (memchr(buf_str(&text), '\0', text.len) != NULL)
		die(EX_DATAERR, "the standard input holds a NUL byte");
	return buf_steal(&text);
}
