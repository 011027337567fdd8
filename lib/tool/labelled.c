#include "tool/labelled.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

static size_t
place_of(const struct labelled_list *l, const char *body)
{
	size_t low = 0, high = l->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(l->items[mid].body, body) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
insert(struct labelled_list *l, size_t at, const char *body, unsigned labels)
{
	mem_room(&l->items, l->count, &l->cap, sizeof(*l->items));
	memmove(&l->items[at + 1], &l->items[at],
	    (l->count - at) * sizeof(*l->items));
	l->items[at] = (struct labelled){mem_strdup(body), labels};
	l->count++;
}

/* How long the path of the folder is that both are in, without the slash
 * behind it. */
static size_t
common(const char *a, const char *b, size_t most)
{
	size_t i, n = 0;

	for (i = 0; i < most && a[i] == b[i] && a[i] != '\0'; i++)
		if (a[i] == '/')
			n = i;
	return n;
}

/* The folder of all that are absolute, or of all that are not. */
static void
fold_into(
    struct labelled_list *out, const struct labelled_list *from, bool absolute)
{
	const char *first = NULL;
	char *body CLEANUP_FREE = NULL;
	unsigned labels = 0;
	size_t n = 0, i;

	for (i = 0; i < from->count; i++) {
		const struct labelled *item = &from->items[i];

		if ((item->body[0] == '/') != absolute)
			continue;
		if (first == NULL) {
			first = item->body;
			n = common(first, first, strlen(first));
		}
		n = common(first, item->body, n + 1);
		labels |= item->labels;
	}
	if (first == NULL)
		return;
	body =
	    mem_printf("%.*s%s**", (int)n, first, n > 0 || absolute ? "/" : "");
	insert(out, place_of(out, body), body, labels);
}

/* Has a folder that it is in, as a whole, all of these labels? */
static bool
is_covered(const struct labelled_list *l, const char *body, unsigned labels)
{
	size_t len = strlen(body), at;
	char *tree CLEANUP_FREE = mem_printf("%s/**", body);

	for (;;) {
		while (len > 0 && tree[len - 1] != '/')
			len--;
		memcpy(tree + len, "**", 3);
		at = place_of(l, tree);
		if (at < l->count && strcmp(l->items[at].body, tree) == 0 &&
		    (labels & ~l->items[at].labels) == 0)
			return true;
		if (len == 0 || (len == 1 && body[0] == '/'))
			return false;
		tree[--len] = '\0';
	}
}

void
labelled_add(struct labelled_list *l, const char *body, unsigned labels)
{
	struct labelled_list few = {0};
	size_t at = place_of(l, body);

	if (labels == 0 || is_covered(l, body, labels))
		return;
	if (at < l->count && strcmp(l->items[at].body, body) == 0) {
		l->items[at].labels |= labels;
		return;
	}
	insert(l, at, body, labels);
	if (l->count <= LABELLED_MOST)
		return;
	fold_into(&few, l, false);
	fold_into(&few, l, true);
	labelled_free(l);
	*l = few;
}

void
labelled_add_path(struct labelled_list *l, const char *workspace,
    const char *path, bool tree, unsigned labels)
{
	size_t len = strlen(path), top = strlen(workspace);
	char *part CLEANUP_FREE = mem_strdup(path);
	char *body CLEANUP_FREE = NULL;
	const char *below = part;

	while (utf8_valid(part, len) < len && len > 1) {
		while (len > 1 && part[len - 1] != '/')
			len--;
		part[len > 1 ? --len : 1] = '\0';
		tree = true;
	}
	if (path_below(part, workspace)) {
		below = part + (top > 1 ? top : 0);
		below += strspn(below, "/");
	}
	if (below[0] == '\0')
		body = mem_strdup("**");
	else
		body = mem_printf("%s%s", below,
		    !tree                     ? ""
		    : strcmp(below, "/") == 0 ? "**"
					      : "/**");
	labelled_add(l, body, labels);
}

void
labelled_free(struct labelled_list *l)
{
	while (l->count > 0)
		free(l->items[--l->count].body);
	free(l->items);
	memset(l, 0, sizeof(*l));
}
