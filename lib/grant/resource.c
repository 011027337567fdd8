#include "grant/resource.h"

#include <string.h>

#include "base/mem.h"

static const struct {
	const char *name;
	enum resource_form form;
	unsigned rights;
} kinds[GRANT_KINDS] = {
    [GRANT_FILE] = {"file", FORM_PATH, RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC},
    [GRANT_EXEC] = {"exec", FORM_PROGRAM, RIGHT_EXEC},
    [GRANT_NET] = {"net", FORM_HOST, RIGHT_CONNECT},
    [GRANT_MODEL] = {"model", FORM_TREE, RIGHT_CALL},
    [GRANT_TOOL] = {"tool", FORM_NAME, RIGHT_CALL},
    [GRANT_MCP] = {"mcp", FORM_TREE, RIGHT_CALL},
    [GRANT_AGENT] = {"agent", FORM_PARTY, RIGHT_SEND},
    [GRANT_HUMAN] = {"human", FORM_PARTY, RIGHT_SEND},
    [GRANT_CLOCK] = {"clock", FORM_NAME, RIGHT_CALL},
    [GRANT_CKPT] = {"ckpt", FORM_TREE, RIGHT_READ | RIGHT_WRITE},
    [GRANT_IMAGE] = {"image", FORM_TREE, RIGHT_READ | RIGHT_WRITE},
    [GRANT_OBJ] = {"obj", FORM_TREE, RIGHT_READ | RIGHT_WRITE},
    [GRANT_MEM] = {"mem", FORM_TREE, RIGHT_READ | RIGHT_WRITE},
    [GRANT_WORLD] = {"world", FORM_TREE, RIGHT_CALL},
};

const char *
grant_kind_name(enum grant_kind kind)
{
	return kinds[kind].name;
}

enum resource_form
resource_form(enum grant_kind kind)
{
	return kinds[kind].form;
}

unsigned
resource_rights(enum grant_kind kind)
{
	return kinds[kind].rights;
}

int
grant_split(const char *resource, enum grant_kind *kind, const char **body)
{
	size_t n = strcspn(resource, ":");
	int i;

	if (resource[n] != ':')
		return -1;
	for (i = 0; i < GRANT_KINDS; i++) {
		if (strlen(kinds[i].name) == n &&
		    memcmp(kinds[i].name, resource, n) == 0) {
			*kind = (enum grant_kind)i;
			*body = resource + n + 1;
			return 0;
		}
	}
	return -1;
}

bool
resource_is_tree(const char *body, size_t *len)
{
	size_t n = strlen(body);

	if (strcmp(body, "**") == 0) {
		*len = 0;
		return true;
	}
	if (n < 3 || strcmp(body + n - 3, "/**") != 0)
		return false;
	*len = n - 3;
	return true;
}

bool
resource_is_odd(const char *text, size_t len)
{
	const char *p = text, *end = text + len;
	size_t n;

	for (;;) {
		const char *slash = memchr(p, '/', (size_t)(end - p));

		n = (size_t)((slash == NULL ? end : slash) - p);
		if (n == 0 || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return true;
		if (slash == NULL)
			return false;
		p = slash + 1;
	}
}

static int
expected(const char *what, const char *body, struct err *e)
{
	return err_set(e, EX_CONFIG, 0, "expected %s, got '%.80s'", what, body);
}

/* A path or name with an optional wildcard at the end, on a boundary. */
static int
check_tree(const char *body, bool path, struct err *e)
{
	size_t len = strlen(body), from = 0;
	bool tree = resource_is_tree(body, &len);

	if (body[0] == '\0')
		return expected("something after the colon", body, e);
	if (memchr(body, '*', len) != NULL)
		return expected(
		    "a wildcard at the end only, as in 'src/**'", body, e);
	if (path && body[0] == '~' && (body[1] == '/' || body[1] == '\0'))
		return expected(
		    "a path that is absolute or relative to the workspace",
		    body, e);
	if (path && body[0] == '/')
		from = 1;
	if (len <= from && (tree || path))
		return 0; /* everything, or the root folder itself */
	if (resource_is_odd(body + from, len - from))
		return expected("no empty, '.' or '..' component", body, e);
	return 0;
}

static int
check_name(const char *body, bool party, struct err *e)
{
	if (party && strcmp(body, "*") == 0)
		return 0;
	if (body[0] == '\0' || strchr(body, '*') != NULL)
		return expected(party ? "a name or '*'" : "one name", body, e);
	return 0;
}

int
resource_parse(
    enum grant_kind kind, const char *body, char **out, struct err *e)
{
	enum resource_form form = kinds[kind].form;
	char *text;
	int r = 0;

	/* A line break could stand in a quoted body; no name needs one. */
	if (strpbrk(body, "\n\r\t") != NULL)
		return expected("no line break or tab", body, e);
	if (form == FORM_HOST) {
		text = resource_host(body, true);
		if (text == NULL)
			return expected("HOST:PORT, *.HOST:PORT, HOST:* or "
					"[ADDRESS]:PORT",
			    body, e);
		*out = text;
		return 0;
	}
	if (form == FORM_NAME || form == FORM_PARTY)
		r = check_name(body, form == FORM_PARTY, e);
	else
		r = check_tree(body, form != FORM_TREE, e);
	if (r == 0)
		*out = mem_strdup(body);
	return r;
}
