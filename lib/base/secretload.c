/* Where the value of a secret comes from: never from an argument. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/secret.h"

static int
load_variable(const char *variable, struct buf *out, struct err *e)
{
	const char *value = getenv(variable);

	if (value == NULL)
		return err_set(
		    e, EX_NOINPUT, 0, "there is no variable '%s'", variable);
	buf_puts(out, value);
	return 0;
}

static int
load_descriptor(const char *text, struct buf *out, struct err *e)
{
	int64_t n;

	if (num_int(text, 0, 65535, &n) < 0)
		return err_set(
		    e, EX_USAGE, 0, "'%s' is no descriptor's number", text);
	return file_read_fd((int)n, "a descriptor", SECRET_MOST + 2, out, e);
}

static int
load_value(const char *source, struct buf *out, struct err *e)
{
	if (strncmp(source, "env:", 4) == 0)
		return load_variable(source + 4, out, e);
	if (strncmp(source, "file:", 5) == 0)
		return file_read(AT_FDCWD, source + 5, SECRET_MOST + 2, out, e);
	if (strncmp(source, "fd:", 3) == 0)
		return load_descriptor(source + 3, out, e);
	/* it may be the value itself, by mistake: not to be repeated */
	return err_set(
	    e, EX_USAGE, 0, "expected env:VARIABLE, file:PATH or fd:NUMBER");
}

int
secrets_load(struct secrets *all, const char *spec, struct err *e)
{
	size_t n = strcspn(spec, ":=");
	char *name CLEANUP_FREE = mem_dup(spec, n);
	char *how CLEANUP_FREE = NULL;
	struct buf value CLEANUP_BUF = {0};
	const char *equals = strchr(spec, '=');
	int r;

	if (equals == NULL)
		return err_set(e, EX_USAGE, 0,
		    "a secret is NAME[:HOW]=env:VARIABLE, file:PATH or "
		    "fd:NUMBER");
	if (spec[n] == ':')
		how = mem_dup(spec + n + 1, (size_t)(equals - spec) - n - 1);
	if (load_value(equals + 1, &value, e) < 0)
		return err_wrap(e, "secret '%s'", name);
	while (value.len > 0 && (value.data[value.len - 1] == '\n' ||
				    value.data[value.len - 1] == '\r'))
		buf_cut(&value, value.len - 1);
	r = secrets_add(
	    all, name, how, (struct slice){buf_str(&value), value.len}, e);
	if (value.data != NULL)
		mem_wipe(value.data, value.len);
	return r;
}
