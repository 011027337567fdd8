#include "agent/image.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/request.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

#define IMAGE_MAX    ((size_t)1 << 20)
#define IMAGE_GRANTS (REQUESTS_MAX / 2) /* the model may ask too */

static const char default_system[] =
    "You are an agent that works in a folder with the tools it is given. "
    "Work step by step towards the goal: look before you change something, "
    "check what you did, and say plainly when something cannot be done. A call "
    "that is denied stays denied: do not try to get around it. When the goal "
    "is reached, answer with a short summary and no tool call.";

struct member {
	const char *name;
	enum json_type type;
};

/* A member that is misspelt or of another type would go unnoticed. */
static int
check_members(
    const struct json *j, const struct member *known, size_t n, struct err *e)
{
	const struct json *m;
	size_t i;

	if (j != NULL && json_type(j) != JSON_OBJECT)
		return err_set(e, EX_DATAERR, 0, "not an object");
	for (m = json_first(j); m != NULL; m = json_next(m)) {
		for (i = 0; i < n; i++)
			if (strcmp(json_name(m), known[i].name) == 0)
				break;
		if (i == n)
			return err_set(e, EX_DATAERR, 0,
			    "unknown member '%.64s'", json_name(m));
		if (json_type(m) != known[i].type)
			return err_set(e, EX_DATAERR, 0,
			    "'%s' must be of type %s", known[i].name,
			    json_type_name(known[i].type));
	}
	return 0;
}

static int
check(const struct json *j, struct err *e)
{
	static const struct member whole[] = {{"system", JSON_STRING},
	    {"model", JSON_STRING}, {"limits", JSON_OBJECT},
	    {"grants", JSON_ARRAY}};
	struct member limits[BUDGET_KINDS];
	enum budget_kind k;

	for (k = 0; k < BUDGET_KINDS; k++)
		limits[k] = (struct member){budget_key(k), JSON_NUMBER};
	if (check_members(j, whole, COUNT_OF(whole), e) < 0)
		return -1;
	if (check_members(json_get(j, "limits"), limits, COUNT_OF(limits), e) <
	    0)
		return err_wrap(e, "limits");
	return 0;
}

static bool
is_asked(const struct image *i, const char *line)
{
	size_t k;

	for (k = 0; k < i->grant_count; k++)
		if (strcmp(i->grants[k], line) == 0)
			return true;
	return false;
}

static int
read_grants(const struct json *list, struct image *i, struct err *e)
{
	const struct json *g;
	size_t cap = 0;
	char *line;

	for (g = json_first(list); g != NULL; g = json_next(g)) {
		if (json_string(g) == NULL)
			return err_set(
			    e, EX_DATAERR, 0, "'grants' must be lines of text");
		if (request_grant(json_string(g), &line, e) < 0) {
			e->status = EX_DATAERR;
			return err_wrap(e, "grants");
		}
		if (is_asked(i, line)) {
			free(line);
			continue;
		}
		mem_room(&i->grants, i->grant_count, &cap, sizeof(char *));
		i->grants[i->grant_count++] = line;
		if (i->grant_count > IMAGE_GRANTS)
			return err_set(e, EX_DATAERR, 0, "more than %zu grants",
			    REQUESTS_MAX);
	}
	return 0;
}

int
image_read(const char *path, struct image *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	struct image i = {0};
	struct digest d;

	if (file_read(AT_FDCWD, path, IMAGE_MAX, &text, e) < 0)
		return -1;
	if (json_parse(buf_str(&text), text.len, &j, e) < 0 || check(j, e) < 0)
		return err_wrap(e, "image '%s'", path);
	limits_read(json_get(j, "limits"), &i.limits);
	i.system = mem_strdup(json_get_string(j, "system"));
	i.model = mem_strdup(json_get_string(j, "model"));
	digest_of(text.data, text.len, &d);
	digest_hex(&d, i.digest);
	if (read_grants(json_get(j, "grants"), &i, e) < 0) {
		image_free(&i);
		return err_wrap(e, "image '%s'", path);
	}
	*out = i;
	return 0;
}

void
image_free(struct image *i)
{
	while (i->grant_count > 0)
		free(i->grants[--i->grant_count]);
	free(i->grants);
	free(i->system);
	free(i->model);
}

void
image_fill(const struct image *i, struct birth *b)
{
	if (b->model == NULL)
		b->model = i->model;
	b->system = i->system != NULL ? i->system : default_system;
	b->asks = i->grants;
	b->ask_count = i->grant_count;
	b->image = i->digest[0] == '\0' ? NULL : i->digest;
	limits_fill(&b->limits, &i->limits);
}

char *
image_model_path(const char *spec)
{
	char *cwd CLEANUP_FREE = NULL, *path CLEANUP_FREE = NULL;
	const char *colon;

	if (spec == NULL || (strncmp(spec, "script:", 7) != 0 &&
				strncmp(spec, "replay:", 7) != 0))
		return mem_strdup(spec);
	colon = strchr(spec, ':');
	cwd = getcwd(NULL, 0);
	path = path_join(cwd == NULL ? "/" : cwd, colon + 1);
	return mem_printf("%.*s%s", (int)(colon - spec + 1), spec, path);
}
