/* What three versions of a text hold, for a join. */
#include "agent/join.h"

#include <string.h>

#include "base/textmerge.h"

#define TEXT_MAX  ((size_t)4 << 20)  /* of one version */
#define TOTAL_MAX ((size_t)64 << 20) /* of all that is merged in one join */

void
joincontents_free(struct joincontents *c)
{
	chain_close(&c->ours);
	chain_close(&c->theirs);
}

static int
keep(void *arg, const void *data, size_t n, struct err *e)
{
	(void)e;
	buf_add(arg, data, n);
	return 0;
}

static int
read_text(
    struct chain *c, const struct entry *n, struct buf *out, struct err *e)
{
	const struct sink sink = {keep, out};

	return chain_content(c, n->path, &sink, e);
}

/* Any bundle of the chain that holds the path with these contents: the tree of
 * a fork is no bundle itself. */
static bool
find_text(struct chain *c, const struct entry *want, struct buf *out)
{
	struct entry n;
	struct err lost;
	size_t i;

	for (i = c->count; i-- > 0;)
		if (bundle_find(c->layer[i], want->path, &n, &lost) == 1 &&
		    n.type == ENTRY_FILE && n.size == want->size &&
		    digest_equal(&n.sha256, &want->sha256) &&
		    bundle_content_buf(c->layer[i], &n, TEXT_MAX, out, &lost) ==
			0)
			return true;
	buf_clear(out);
	return false;
}

static bool
is_text(const struct buf *b)
{
	return b->len == 0 || memchr(b->data, 0, b->len) == NULL;
}

static int
merge(void *arg, const struct entry *base, const struct entry *ours,
    const struct entry *theirs, struct buf *out, const char **why,
    struct err *e)
{
	struct joincontents *c = arg;
	struct buf b CLEANUP_BUF = {0}, o CLEANUP_BUF = {0};
	struct buf t CLEANUP_BUF = {0};

	if ((size_t)ours->size > TEXT_MAX || (size_t)theirs->size > TEXT_MAX ||
	    (size_t)base->size > TEXT_MAX || c->total > TOTAL_MAX) {
		*why = "both changed it, and it is too large to be merged";
		return 0;
	}
	if (read_text(&c->ours, ours, &o, e) < 0 ||
	    read_text(&c->theirs, theirs, &t, e) < 0)
		return -1;
	*why = "both changed it, and it is no text";
	if (!is_text(&o) || !is_text(&t))
		return 0;
	*why = "both changed it, and no bundle holds what it was at the fork";
	if (!find_text(&c->ours, base, &b) && !find_text(&c->theirs, base, &b))
		return 0;
	*why = "both changed the same lines";
	if (!is_text(&b) || !textmerge((struct slice){b.data, b.len},
				(struct slice){o.data, o.len},
				(struct slice){t.data, t.len}, out))
		return 0;
	c->total += out->len;
	return 1;
}

struct jointexts
joincontents_texts(struct joincontents *c)
{
	return (struct jointexts){merge, c};
}
