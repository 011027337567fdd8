/* Executable tools: any program that answers --describe with its schema. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tool/process.h"
#include "tool/table.h"

#define DESCRIBE_TIMEOUT (5 * CLOCK_SECOND)
#define DESCRIBE_MOST    ((size_t)256 << 10)
#define CALL_TIMEOUT     (120 * CLOCK_SECOND)

static bool
is_tool_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return n > 0 && n <= 64 && s[n] == '\0';
}

/* The base profile and the tools' folder, no workspace. */
static int
describe_view(const char *dir, struct view *view, struct err *e)
{
	struct policy base CLEANUP(policy_free);

	policy_init(&base);
	policy_add_base(&base);
	if (view_compile(&base, "/", NULL, NULL, 0, clock_real(), view, e) < 0)
		return -1;
	free(view->workspace);
	view->workspace = NULL;
	view_add(view, dir, VIEW_READ | VIEW_EXEC);
	return 0;
}

/* What PROGRAM --describe prints. */
static int
run_describe(struct launcher *l, const char *dir, const char *program,
    struct buf *out, struct err *e)
{
	const char *const argv[] = {program, "--describe", NULL};
	const struct tool asker = {
	    .kind = TOOL_PROGRAM, .max_output = DESCRIBE_MOST};
	struct view view CLEANUP(view_free) = {0};
	struct tool_run run, *const runs[] = {&run};
	struct buf shown CLEANUP_BUF = {0};
	struct tool_result result;
	struct call call = {.tool = &asker,
	    .launcher = l,
	    .view = &view,
	    .argv = argv,
	    .timeout = DESCRIBE_TIMEOUT};
	int r = 0;

	if (describe_view(dir, &view, e) < 0 || call_start(&call, &run, e) < 0)
		return -1;
	if (tool_poll(runs, 1, -1, e) < 0) {
		tool_cancel(&run);
		return -1;
	}
	tool_finish(&run, &result);
	utf8_safe(&shown, buf_str(&result.text),
	    utf8_cut(buf_str(&result.text), result.text.len, 200), false);
	if (result.status != TOOL_OK)
		r = err_set(
		    e, EX_CONFIG, 0, "--describe failed: %s", buf_str(&shown));
	else if (run.out.bytes > DESCRIBE_MOST)
		r = err_set(e, EX_CONFIG, 0,
		    "--describe printed more than %zu bytes", DESCRIBE_MOST);
	else
		buf_add(out, buf_str(&result.text), result.text.len);
	tool_result_free(&result);
	return r;
}

static int
read_parameters(struct slice text, struct tool *t, struct err *e)
{
	struct slice raw;
	const char *type;

	if (json_raw(text, "parameters", &raw) < 0)
		return err_set(e, EX_CONFIG, 0,
		    "its description lacks "
		    "\"parameters\"");
	if (json_parse(raw.data, raw.len, &t->schema, e) < 0)
		return -1;
	t->parameters = mem_dup(raw.data, raw.len);
	type = json_get_string(t->schema, "type");
	if (type == NULL || strcmp(type, "object") != 0)
		return err_set(e, EX_CONFIG, 0,
		    "\"parameters\" must be a "
		    "schema of type object");
	if (schema_valid(t->schema, e) < 0)
		return err_wrap(e, "\"parameters\"");
	return 0;
}

/* From the description's text to a tool. */
static int
read_description(const struct tool_table *table, const struct buf *text,
    struct tool *t, struct err *e)
{
	struct json *d CLEANUP_JSON = NULL;
	const char *name, *about, *effect;
	const struct tool *other;

	if (json_parse(buf_str(text), text->len, &d, e) < 0)
		return err_wrap(e, "its description");
	name = json_get_string(d, "name");
	about = json_get_string(d, "description");
	effect = json_get_string(d, "effect");
	if (name == NULL || !is_tool_name(name))
		return err_set(e, EX_CONFIG, 0,
		    "\"name\" must be 1 to 64 of a-z A-Z 0-9 _ -");
	other = tool_find(table, name);
	if (other != NULL && (!other->builtin || other->kind == TOOL_RUNNER))
		return err_set(e, EX_CONFIG, 0, "the name '%s' is taken", name);
	if (about == NULL)
		return err_set(e, EX_CONFIG, 0,
		    "its description lacks "
		    "\"description\"");
	t->effect = EFFECT_EXTERNAL;
	if (json_get(d, "effect") != NULL &&
	    (effect == NULL || tool_effect_parse(effect, &t->effect) < 0))
		return err_set(e, EX_CONFIG, 0,
		    "\"effect\" must be none, "
		    "workspace or external");
	t->name = mem_strdup(name);
	t->description = mem_strdup(about);
	return read_parameters((struct slice){buf_str(text), text->len}, t, e);
}

static int
add_program(struct tool_table *table, const char *dir, const char *name,
    struct launcher *l, struct err *e)
{
	struct tool t = {.kind = TOOL_PROGRAM,
	    .timeout = CALL_TIMEOUT,
	    .max_output = TOOL_OUTPUT};
	struct buf text CLEANUP_BUF = {0};

	t.program = path_join(dir, name);
	if (run_describe(l, dir, t.program, &text, e) < 0 ||
	    read_description(table, &text, &t, e) < 0) {
		e->status = EX_CONFIG;
		(void)err_wrap(e, "tool '%s'", t.program);
		tool_clear(&t);
		return -1;
	}
	tool_table_take(table, &t);
	return 0;
}

static int
compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
want_entry(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool
is_program(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & 0111) != 0;
}

int
tool_table_add_dir(struct tool_table *table, const char *dir,
    struct launcher *l, struct err *e)
{
	char *full CLEANUP_FREE = realpath(dir, NULL);
	struct dirent **names = NULL;
	int fd CLEANUP_FD = -1;
	int i, n, r = 0;

	if (full == NULL)
		return err_set(e, EX_NOINPUT, errno,
		    "cannot find the tools' folder '%s'", dir);
	if (file_open_dir(full, false, &fd, e) < 0)
		return -1;
	n = scandirat(fd, ".", &names, want_entry, compare_entries);
	if (n < 0)
		return err_set(e, EX_IOERR, errno, "cannot read '%s'", dir);
	for (i = 0; i < n; i++) {
		if (r == 0 && is_program(fd, names[i]->d_name))
			r = add_program(table, full, names[i]->d_name, l, e);
		free(names[i]);
	}
	free(names);
	return r;
}
