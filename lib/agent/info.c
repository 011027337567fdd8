#include "agent/info.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"

#define INFO_MAX ((size_t)1 << 20)

static void
begin(struct jsonw *w, const struct info *i)
{
	jsonw_object(w, NULL);
	jsonw_integer(w, "format", INFO_FORMAT);
	jsonw_string(w, "id", i->id);
	jsonw_maybe(w, "name", i->name);
}

static void
end(struct jsonw *w, const struct info *i)
{
	size_t n;

	jsonw_array(w, "tools");
	for (n = 0; n < i->tool_count; n++)
		jsonw_string(w, NULL, i->tools[n]);
	jsonw_end(w, ']');
	jsonw_end(w, '}');
	buf_putc(w->out, '\n');
}

void
info_write(const struct info *i, struct buf *out)
{
	struct jsonw w = {.out = out};

	begin(&w, i);
	jsonw_maybe(&w, "parent", i->parent);
	if (i->fork_seq > 0) {
		jsonw_object(&w, "forked");
		jsonw_string(&w, "agent", i->parent);
		jsonw_integer(&w, "seq", i->fork_seq);
		jsonw_digest(&w, "head", &i->fork_head);
		jsonw_integer(&w, "ancestors", i->ancestors);
		jsonw_end(&w, '}');
	}
	jsonw_string(&w, "created", i->created);
	jsonw_maybe(&w, "workspace", i->workspace);
	end(&w, i);
}

void
info_write_local(const struct info *i, struct buf *out)
{
	struct jsonw w = {.out = out};

	begin(&w, i);
	end(&w, i);
}

static void
parse_tools(struct info *i, const struct json *tools)
{
	const struct json *t;

	i->tools = mem_new(json_count(tools), sizeof(*i->tools));
	for (t = json_first(tools); t != NULL; t = json_next(t))
		if (json_string(t) != NULL && json_string(t)[0] == '/')
			i->tools[i->tool_count++] = mem_strdup(json_string(t));
}

static int
parse_fork(struct info *i, const struct json *f, struct err *e)
{
	const char *head = json_get_string(f, "head");

	if (f == NULL)
		return 0;
	i->fork_seq = json_get_integer(f, "seq", 0);
	i->ancestors = json_get_integer(f, "ancestors", 0);
	if (i->fork_seq < 1 || i->ancestors < 1 ||
	    i->ancestors > ANCESTORS_MOST || head == NULL ||
	    digest_parse(head, strlen(head), &i->fork_head) < 0)
		return err_set(e, EX_DATAERR, 0,
		    "where it was forked from cannot be read");
	return 0;
}

int
info_parse(const char *text, size_t len, struct info *out, struct err *e)
{
	struct json *j CLEANUP_JSON = NULL;
	const char *id, *created, *work;
	struct info i = {0};

	if (json_parse(text, len, &j, e) < 0)
		return -1;
	id = json_get_string(j, "id");
	created = json_get_string(j, "created");
	work = json_get_string(j, "workspace");
	if (json_type(j) != JSON_OBJECT || id == NULL || created == NULL ||
	    strlen(id) != ULID_TEXT - 1 || (work != NULL && work[0] != '/'))
		return err_set(e, EX_DATAERR, 0, "not an agent's description");
	if (json_get_integer(j, "format", 0) != INFO_FORMAT)
		return err_set(e, EX_DATAERR, 0,
		    "of another format (this program knows format %d)",
		    INFO_FORMAT);
	if (parse_fork(&i, json_get(j, "forked"), e) < 0)
		return -1;
	memcpy(i.id, id, ULID_TEXT);
	i.name = mem_strdup(json_get_string(j, "name"));
	i.parent = mem_strdup(json_get_string(j, "parent"));
	i.workspace = mem_strdup(work);
	i.created = mem_strdup(created);
	parse_tools(&i, json_get(j, "tools"));
	digest_of(text, len, &i.digest);
	*out = i;
	return 0;
}

void
info_free(struct info *i)
{
	free(i->name);
	free(i->parent);
	free(i->workspace);
	free(i->created);
	while (i->tool_count > 0)
		free(i->tools[--i->tool_count]);
	free(i->tools);
	memset(i, 0, sizeof(*i));
}

/* Put what LOCAL_FILE says, if there is one, in the place of what the agent
 * was born with. */
static int
localise(int dir, struct info *i, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	const char *id;
	struct err why;

	if (file_read(dir, LOCAL_FILE, INFO_MAX, &text, &why) < 0) {
		if (why.status == EX_NOINPUT)
			return 0;
		*e = why;
		return -1;
	}
	if (json_parse(buf_str(&text), text.len, &j, e) < 0)
		return -1;
	id = json_get_string(j, "id");
	if (json_get_integer(j, "format", 0) != INFO_FORMAT || id == NULL ||
	    strlen(id) != ULID_TEXT - 1)
		return err_set(e, EX_DATAERR, 0, "not an agent's description");
	memcpy(i->id, id, ULID_TEXT);
	free(i->name);
	i->name = mem_strdup(json_get_string(j, "name"));
	free(i->parent);
	free(i->workspace);
	i->parent = i->workspace = NULL;
	while (i->tool_count > 0)
		free(i->tools[--i->tool_count]);
	free(i->tools);
	parse_tools(i, json_get(j, "tools"));
	return 0;
}

int
info_read(int dir, const char *id, struct info *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};

	if (file_read(dir, INFO_FILE, INFO_MAX, &text, e) < 0)
		return -1;
	if (info_parse(buf_str(&text), text.len, out, e) < 0)
		return err_wrap(e, "'%s'", INFO_FILE);
	if (localise(dir, out, e) < 0) {
		info_free(out);
		return err_wrap(e, "'%s'", LOCAL_FILE);
	}
	if (strcmp(out->id, id) == 0)
		return 0;
	err_set(
	    e, EX_DATAERR, 0, "'%s' is that of agent '%s'", INFO_FILE, out->id);
	info_free(out);
	return -1;
}

int
info_name(const struct root *r, const char *id, char **out)
{
	int dir CLEANUP_FD = -1;
	struct info i;
	struct err e;

	if (file_open(r->agents, id, O_RDONLY | O_DIRECTORY, 0, &dir, &e) < 0 ||
	    info_read(dir, id, &i, &e) < 0)
		return -1;
	*out = i.name;
	i.name = NULL;
	info_free(&i);
	return 0;
}

bool
info_name_ok(const char *name)
{
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	static const char id[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	size_t n = strlen(name);

	return n >= 1 && n <= 64 && isalnum((unsigned char)name[0]) &&
	       strspn(name, rest) == n &&
	       !(n == ULID_TEXT - 1 && strspn(name, id) == n);
}
