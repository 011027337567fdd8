/* Whose histories have a record. */
#include <fcntl.h>
#include <string.h>

#include "agent/lineage.h"
#include "agent/redact.h"
#include "base/file.h"
#include "base/mem.h"

static int
open_lineage(const struct root *root, const char *id, int *dir,
    struct lineage *out, struct err *e)
{
	struct info info;
	int got;

	if (file_open(root->agents, id, O_RDONLY | O_DIRECTORY, 0, dir, e) <
		0 ||
	    info_read(*dir, id, &info, e) < 0)
		return -1;
	got = lineage_open(*dir, &info, out, e);
	info_free(&info);
	return got;
}

/* Is the record `seq` of `a` also one of `b`? */
static bool
shared(const struct lineage *a, const struct lineage *b, int64_t seq)
{
	const struct lineage_level *own = &a->level[lineage_level(a, seq)];
	size_t i;

	for (i = 0; i < b->count; i++)
		if (digest_equal(&b->level[i].info, &own->info))
			return seq <= b->level[i].last;
	return false;
}

static int
add(struct root *root, const struct lineage *of, const char *id,
    const int64_t *seqs, size_t count, struct redact_target **out, size_t *n,
    struct err *e)
{
	struct lineage l CLEANUP_LINEAGE = {0};
	struct redact_target t = {0};
	int dir CLEANUP_FD = -1;
	size_t i;

	if (open_lineage(root, id, &dir, &l, e) < 0)
		return err_wrap(e, "agent '%s'", id);
	t.seqs = mem_new(count, sizeof(*t.seqs));
	for (i = 0; i < count; i++)
		if (shared(of, &l, seqs[i]))
			t.seqs[t.count++] = seqs[i];
	if (t.count == 0) {
		free(t.seqs);
		return 0;
	}
	(void)snprintf(t.id, sizeof(t.id), "%s", id);
	*out = mem_grow(*out, *n + 1, sizeof(**out));
	(*out)[(*n)++] = t;
	return 0;
}

int
redact_reach(struct root *root, const char *agent, const int64_t *seqs,
    size_t count, struct redact_target **out, size_t *n, struct err *e)
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	struct lineage l CLEANUP_LINEAGE = {0};
	int dir CLEANUP_FD = -1;
	size_t all, i;

	*out = NULL;
	*n = 0;
	if (open_lineage(root, agent, &dir, &l, e) < 0 ||
	    root_list(root, &ids, &all, e) < 0)
		return -1;
	for (i = 0; i < all; i++)
		if (strcmp(ids[i], agent) != 0 &&
		    add(root, &l, ids[i], seqs, count, out, n, e) < 0)
			return -1;
	return add(root, &l, agent, seqs, count, out, n, e);
}
