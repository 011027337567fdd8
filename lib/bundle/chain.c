#include "bundle/chain.h"

#include <assert.h>
#include <inttypes.h>

#include "base/mem.h"

#define MOST_ENTRIES ((size_t)10000000)

void
chain_close(struct chain *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		bundle_close(c->layer[i]);
	free(c->layer);
	*c = (struct chain){0};
}

struct bundle *
chain_newest(const struct chain *c)
{
	return c->layer[c->count - 1];
}

struct chain
chain_part(const struct chain *c, size_t count)
{
	struct chain part = {.layer = c->layer, .count = count};

	for (part.base = count - 1; !c->layer[part.base]->manifest.full;)
		part.base--;
	return part;
}

bool
bundle_stands_for(const struct bundle *b, const struct digest *id)
{
	const struct manifest *m = &b->manifest;
	size_t i;

	/* A wrong one of several would not give the tree that is proved. */
	for (i = 0; i < m->replace_count; i++)
		if (digest_equal(&m->replaces[i], id))
			return true;
	return digest_equal(&b->id, id);
}

/* Open the parent of the chain's first; the layers are newest first yet. */
static int
add_parent(
    struct chain *c, size_t *cap, const struct chain_opener *o, struct err *e)
{
	const struct manifest *m = &c->layer[c->count - 1]->manifest;
	char hex[DIGEST_HEX + 1];
	struct bundle *b = NULL;
	int r;

	digest_hex(&m->parent, hex);
	if (c->count == CHAIN_MAX)
		return err_set(e, EX_DATAERR, 0,
		    "the chain of bundles is longer than %zu", CHAIN_MAX);
	r = o == NULL ? 0 : o->open(o->arg, &m->parent, &b, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return err_set(e, EX_NOINPUT, 0,
		    "bundle '%s' is missing: a later one builds on it", hex);
	mem_room(&c->layer, c->count, cap, sizeof(struct bundle *));
	c->layer[c->count++] = b;
	if (!bundle_stands_for(b, &m->parent))
		return err_set(e, EX_DATAERR, 0,
		    "'%s' was given for bundle '%s' and is another",
		    b->frames.name, hex);
	if (b->manifest.seq > m->seq)
		return err_set(e, EX_DATAERR, 0,
		    "bundle '%s' is younger than the one that builds on it",
		    hex);
	return 0;
}

int
chain_open(struct bundle *newest, const struct chain_opener *o, bool history,
    struct chain *out, struct err *e)
{
	struct chain c = {0};
	const struct manifest *m = &newest->manifest;
	bool full = false;
	size_t cap = 0, i;

	mem_room(&c.layer, 0, &cap, sizeof(struct bundle *));
	c.layer[c.count++] = newest;
	for (;;) {
		m = &c.layer[c.count - 1]->manifest;
		if (m->full && !full) {
			full = true;
			c.base = c.count - 1;
		}
		if (!m->has_parent || (full && !history))
			break;
		if (add_parent(&c, &cap, o, e) < 0) {
			chain_close(&c);
			return -1;
		}
	}
	/* manifest_parse saw to it that what has no parent is full. */
	assert(full);
	c.base = c.count - 1 - c.base;
	for (i = 0; i < c.count / 2; i++) {
		struct bundle *b = c.layer[i];

		c.layer[i] = c.layer[c.count - 1 - i];
		c.layer[c.count - 1 - i] = b;
	}
	*out = c;
	return 0;
}

/* Does the layer say that nothing is below one of the path's folders? */
static int
hidden(struct bundle *b, struct slice path, struct err *e)
{
	struct entry n;
	size_t i;
	int r;

	for (i = sizeof(ENTRY_WORK); i < path.len; i++) {
		if (path.data[i] != '/')
			continue;
		r = bundle_find(b, (struct slice){path.data, i}, &n, e);
		if (r < 0)
			return -1;
		if (r > 0 && n.type != ENTRY_DIR)
			return 1;
	}
	return 0;
}

int
chain_find(struct chain *c, struct slice path, struct entry *out, size_t *layer,
    struct err *e)
{
	struct entry n;
	size_t i = c->count;
	int r;

	if (!entry_path_good(path))
		return 0;
	while (i-- > c->base) {
		r = bundle_find(c->layer[i], path, &n, e);
		if (r < 0)
			return -1;
		if (r > 0) {
			if (n.type == ENTRY_GONE)
				return 0;
			*out = n;
			*layer = i;
			return 1;
		}
		r = hidden(c->layer[i], path, e);
		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	return 0;
}

int
chain_content(
    struct chain *c, struct slice path, const struct sink *to, struct err *e)
{
	char *link CLEANUP_FREE = NULL;
	struct digest want;
	struct entry n;
	size_t layer;
	int r = chain_find(c, path, &n, &layer, e);

	if (r < 0)
		return -1;
	if (r > 0 && n.type == ENTRY_HARDLINK) {
		link = mem_dup(n.link.data, n.link.len);
		want = n.sha256;
		r = chain_find(
		    c, (struct slice){link, n.link.len}, &n, &layer, e);
		if (r > 0 && !digest_equal(&n.sha256, &want))
			return err_set(e, EX_DATAERR, 0,
			    "'%.*s' follows a file with other contents",
			    (int)path.len, path.data);
	}
	if (r <= 0)
		return r < 0 ? -1
			     : err_set(e, EX_NOINPUT, 0, "there is no '%.*s'",
				   (int)path.len, path.data);
	if (n.type != ENTRY_FILE)
		return err_set(e, EX_DATAERR, 0, "'%.*s' is no file: %s",
		    (int)path.len, path.data, entry_type_name(n.type));
	return bundle_content(c->layer[layer], &n, to, e);
}

/* Where a tree's own entry is among those of its folders. */
static bool
parent_is_folder(const struct snapshot *s, struct slice path)
{
	const char *slash = memrchr(path.data, '/', path.len);
	ssize_t at;

	if (slash == NULL)
		return true;
	at = snapshot_find(
	    s, (struct slice){path.data, (size_t)(slash - path.data)});
	return at >= 0 && s->entry[at].type == ENTRY_DIR;
}

static bool
follows_file(const struct snapshot *s, const struct entry *n)
{
	ssize_t at = snapshot_find(s, n->link);

	return at >= 0 && s->entry[at].type == ENTRY_FILE &&
	       s->entry[at].size == n->size &&
	       digest_equal(&s->entry[at].sha256, &n->sha256);
}

static int
keep(struct snapshot *s, const struct entry *from, size_t layer,
    struct slice *folder, struct err *e)
{
	struct stamp *st;
	struct entry *n;
	const char *slash = memrchr(from->path.data, '/', from->path.len);
	size_t dir = slash ? (size_t)(slash - from->path.data) : 0;

	if (!(folder->len == dir && dir > 0 &&
		memcmp(folder->data, from->path.data, dir) == 0) &&
	    !parent_is_folder(s, from->path))
		return err_set(e, EX_DATAERR, 0,
		    "'%.*s' lies in no folder of the bundle",
		    (int)from->path.len, from->path.data);
	if (from->type == ENTRY_HARDLINK && !follows_file(s, from))
		return err_set(e, EX_DATAERR, 0,
		    "the hard link '%.*s' follows no file of the bundle with "
		    "its contents",
		    (int)from->path.len, from->path.data);
	n = snapshot_add(s, &st);
	*n = *from;
	n->path = snapshot_keep(s, from->path.data, from->path.len);
	n->link = snapshot_keep(s, from->link.data, from->link.len);
	st->leader = layer;
	*folder = (struct slice){n->path.data, dir};
	return 0;
}

int
chain_tree(struct chain *c, size_t most, struct snapshot *out, struct err *e)
{
	struct chain_walk w CLEANUP(chain_walk_free) = {0};
	struct snapshot s CLEANUP(snapshot_free) = {0};
	struct slice folder = {"", 0};
	struct entry n;
	size_t layer;
	int r;

	if (chain_walk_init(&w, c, e) < 0)
		return -1;
	while ((r = chain_walk_next(&w, &n, &layer, e)) > 0) {
		if (s.count == (most == 0 ? MOST_ENTRIES : most))
			return err_set(
			    e, EX_LIMIT, 0, "more than %zu files", s.count);
		if (keep(&s, &n, layer, &folder, e) < 0)
			return -1;
	}
	if (r < 0)
		return -1;
	s.work = chain_newest(c)->manifest.work;
	*out = s;
	s = (struct snapshot){0};
	return 0;
}
