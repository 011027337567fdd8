#include "audit/family.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

void
family_free(struct family *f)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		free(f->items[i].name);
	free(f->items);
	*f = (struct family){0};
}

int
family_find(const struct family *f, const char *id)
{
	size_t low = 0, high = f->count, mid;
	int c;

	while (low < high) {
		mid = low + (high - low) / 2;
		c = strcmp(f->items[mid].id, id);
		if (c == 0)
			return (int)mid;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}

size_t
family_root(const struct family *f, size_t of)
{
	while (f->items[of].up >= 0)
		of = (size_t)f->items[of].up;
	return of;
}

static int
read_info(struct root *root, const char *id, struct info *out, struct err *e)
{
	int dir CLEANUP_FD = -1;

	if (file_open(root->agents, id, O_RDONLY | O_DIRECTORY, 0, &dir, e) < 0)
		return -1;
	return info_read(dir, id, out, e);
}

void
family_oldest(struct root *root, const char *id, char out[ULID_TEXT])
{
	char parent[ULID_TEXT];
	struct info info;
	struct err e;

	(void)snprintf(out, ULID_TEXT, "%s", id);
	while (read_info(root, out, &info, &e) == 0) {
		(void)snprintf(parent, sizeof(parent), "%s",
		    info.parent == NULL ? "" : info.parent);
		info_free(&info);
		/* A parent is older, so this comes to an end. */
		if (parent[0] == '\0' || strcmp(parent, out) >= 0 ||
		    read_info(root, parent, &info, &e) < 0)
			return;
		info_free(&info);
		memcpy(out, parent, sizeof(parent));
	}
}

static int
add(struct root *root, const char *id, struct family *f, struct err *e)
{
	struct relative *r;
	struct info info;

	if (read_info(root, id, &info, e) < 0)
		return -1;
	r = &f->items[f->count];
	(void)snprintf(r->id, sizeof(r->id), "%s", id);
	r->name = info.name == NULL ? NULL : mem_strdup(info.name);
	/* A parent is older: what claims another one is none of its. */
	r->up = info.parent == NULL ? -1 : family_find(f, info.parent);
	f->count++;
	info_free(&info);
	return 0;
}

/* Keep those whose oldest ancestor is `top`. */
static void
narrow(struct family *f, size_t top)
{
	int *now CLEANUP_FREE = mem_new(f->count, sizeof(*now));
	size_t i, n = 0;

	for (i = 0; i < f->count; i++) {
		bool in = family_root(f, i) == top;

		now[i] = in ? (int)n++ : -1;
	}
	for (i = 0; i < f->count; i++) {
		struct relative r = f->items[i];

		if (now[i] < 0) {
			free(r.name);
			continue;
		}
		r.up = r.up < 0 ? -1 : now[r.up];
		f->items[now[i]] = r;
	}
	f->count = n;
}

int
family_open(
    struct root *root, const char *id, struct family *out, struct err *e)
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	struct family f = {0};
	struct err skipped;
	size_t i, n;

	if (root_list(root, &ids, &n, e) < 0)
		return -1;
	f.items = mem_new(n, sizeof(*f.items));
	for (i = 0; i < n; i++) {
		bool wanted = id != NULL && strcmp(ids[i], id) == 0;

		if (add(root, ids[i], &f, wanted ? e : &skipped) < 0 &&
		    wanted) {
			family_free(&f);
			return -1;
		}
	}
	if (id != NULL) {
		int at = family_find(&f, id);

		if (at < 0) {
			family_free(&f);
			return err_set(
			    e, EX_NOINPUT, 0, "there is no agent '%s'", id);
		}
		narrow(&f, family_root(&f, (size_t)at));
	}
	*out = f;
	return 0;
}
