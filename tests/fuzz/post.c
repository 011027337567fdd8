/*
 * A letter that parses is from whom its name says, is bounded, and is printed
 * as one that reads the same.  The input's first line is the file's name.
 */
#include <assert.h>
#include <string.h>

#include "agent/post.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct post *p, const char *name)
{
	char from[ULID_TEXT];
	int64_t seq, n;
	size_t i;

	assert(post_name_parse(name, from, &seq, &n));
	assert(strcmp(p->name, name) == 0);
	assert(from[0] == '\0' ? !post_is_agent(p->from)
			       : strcmp(from, p->from) == 0);
	assert(p->kind != POST_EXIT || from[0] != '\0');
	assert(strlen(p->text) <= POST_TEXT && p->file_count <= POST_FILES);
	for (i = 0; i < p->file_count; i++)
		assert(strchr(p->files[i].name, '/') == NULL &&
		       p->files[i].name[0] != '.');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *all CLEANUP_FREE = mem_dup(data, size);
	char *nl = memchr(all, '\n', size);
	struct post p CLEANUP_POST = {0}, again CLEANUP_POST = {0};
	struct buf out CLEANUP_BUF = {0};
	struct err e;

	if (nl == NULL)
		return 0;
	*nl = '\0';
	if (post_parse(all, nl + 1, size - (size_t)(nl + 1 - all), &p, &e) <
	    0) {
		assert(e.status == EX_DATAERR);
		return 0;
	}
	check(&p, all);
	post_print(&p, &out);
	assert(post_parse(all, out.data, out.len, &again, &e) == 0);
	assert(strcmp(p.text, again.text) == 0 && p.kind == again.kind &&
	       p.labels == again.labels && p.file_count == again.file_count);
	return 0;
}
