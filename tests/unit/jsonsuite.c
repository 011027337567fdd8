/*
 * Every case of JSONTestSuite (github.com/nst/JSONTestSuite), when it lies
 * beside the sources: y_ is accepted, n_ refused, i_ either way.
 */
#include "base/json.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/file.h"
#include "tap.h"

/* Accepted by the suite, refused here by design. */
static const struct {
	const char *name, *why;
} stricter[] = {
    {"y_object_duplicated_key.json", "a name stands twice"},
    {"y_object_duplicated_key_and_value.json", "a name stands twice"},
    {"y_object_escaped_null_in_key.json", "no NUL"},
    {"y_string_null_escape.json", "no NUL"},
};

static const char *
why_stricter(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT_OF(stricter); i++)
		if (strcmp(stricter[i].name, name) == 0)
			return stricter[i].why;
	return NULL;
}

static void
one(int dir, const char *name)
{
	struct buf text CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	const char *why = why_stricter(name);
	bool accepted;
	struct err e;

	if (file_read(dir, name, 16 << 20, &text, &e) < 0) {
		ok(false, "%s can be read: %s", name, e.msg);
		return;
	}
	accepted = json_parse(buf_str(&text), text.len, &j, &e) == 0;
	if (name[0] == 'i')
		ok(accepted || e.status == EX_DATAERR, "%s: %s, and no crash",
		    name, accepted ? "accepted" : "refused");
	else if (why != NULL)
		ok(!accepted, "%s: stricter by design, %s", name, why);
	else
		ok(accepted == (name[0] == 'y'), "%s: %s", name,
		    name[0] == 'y' ? "accepted" : "refused");
}

static int
is_case(const struct dirent *d)
{
	return (d->d_name[0] == 'y' || d->d_name[0] == 'n' ||
		   d->d_name[0] == 'i') &&
	       d->d_name[1] == '_';
}

int
main(void)
{
	const char *src = getenv("SRC");
	struct dirent **list;
	char path[4096];
	int dir CLEANUP_FD = -1;
	int i, n;

	(void)snprintf(path, sizeof(path),
	    "%s/../shared/data/JSONTestSuite/test_parsing",
	    src == NULL ? "." : src);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = dir < 0 ? -1 : scandir(path, &list, is_case, alphasort);
	if (n < 0) {
		printf("1..0 # SKIP JSONTestSuite is not beside the sources\n");
		return 0;
	}
	ok(n > 300, "the suite is there, %d cases", n);
	for (i = 0; i < n; i++) {
		one(dir, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return done();
}
