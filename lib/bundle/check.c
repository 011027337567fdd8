#include "bundle/check.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bundle/expect.h"
#include "bundle/snapshot.h"
#include "bundle/sums.h"

/* What has been found so far. */
struct check {
	struct bundle *b;
	const struct check_options *options;
	struct expect at;
	struct buf line;
	struct buf sums;
	struct buf cover; /* the last path that is no folder */
	struct sha256 tree;
	struct snapshot agent; /* the members below agent/ */
	int64_t files, bytes, index_size;
};

static void
check_free(struct check *c)
{
	expect_free(&c->at);
	buf_free(&c->line);
	buf_free(&c->sums);
	buf_free(&c->cover);
	snapshot_free(&c->agent);
}

static int
seen(void *arg, const void *data, size_t n, struct err *e)
{
	const struct check_options *o = arg;

	(void)data;
	(void)e;
	o->progress(o->arg, (int64_t)n);
	return 0;
}

/* Header, contents at the place that the index names, padding. */
static int
check_member(struct check *c, const struct entry *n, struct err *e)
{
	struct check_options o = *c->options;
	const struct sink s = {seen, &o};

	if (expect_header(&c->at, n, e) < 0)
		return -1;
	if (n->type == ENTRY_FILE) {
		if (n->size > 0 &&
		    (n->frame != c->at.frame || n->offset != c->at.offset))
			return expect_wrong(
			    &c->at, n->path, "is not where the index says", e);
		if (bundle_stream(
			&c->at.view, n, o.progress != NULL ? &s : NULL, e) < 0)
			return -1;
		expect_moved(&c->at, n->size);
	}
	if (n->type == ENTRY_FILE || n->type == ENTRY_HARDLINK)
		sums_line(&c->sums, n);
	return expect_zeros(&c->at, tar_padding(tar_content(n)), n->path, e);
}

static int64_t
bundle_seconds(const struct check *c)
{
	int64_t t = c->b->manifest.time;

	return t - t % CLOCK_SECOND;
}

static int
check_agent_form(const struct check *c, const struct entry *n, struct err *e)
{
	static const char blobs[] = "agent/blobs/";
	struct digest d;
	bool blob = n->path.len == sizeof(blobs) - 1 + DIGEST_HEX &&
		    memcmp(n->path.data, blobs, sizeof(blobs) - 1) == 0;

	if (n->type != ENTRY_FILE || n->mode != 0644 ||
	    n->mtime != bundle_seconds(c))
		return expect_wrong(&c->at, n->path, "is no member of ours", e);
	if (blob && (digest_parse(n->path.data + sizeof(blobs) - 1, DIGEST_HEX,
			 &d) < 0 ||
			!digest_equal(&d, &n->sha256)))
		return expect_wrong(
		    &c->at, n->path, "has another digest than its name", e);
	return 0;
}

static int
check_named(
    struct check *c, const char *path, const struct digest *want, struct err *e)
{
	struct slice p = {path, strlen(path)};
	ssize_t at = snapshot_find(&c->agent, p);

	if (at < 0)
		return expect_wrong(&c->at, p, "is missing", e);
	if (want != NULL && !digest_equal(want, &c->agent.entry[at].sha256))
		return expect_wrong(&c->at, p, "is not the manifest's", e);
	return check_member(c, &c->agent.entry[at], e);
}

/* All members below agent/ in the order of the stream. */
static int
check_agent(struct check *c, struct err *e)
{
	const struct manifest *m = &c->b->manifest;
	struct slice dir = {"agent/blobs", 11};
	size_t i, blobs = 0;

	if (check_named(c, "agent/state.json", &m->state, e) < 0 ||
	    check_named(c, "agent/grants.json", &m->grants, e) < 0 ||
	    check_named(c, "agent/journal.jsonl", NULL, e) < 0)
		return -1;
	for (i = 0; i < c->agent.count; i++) {
		if (!entry_below(c->agent.entry[i].path, dir))
			continue;
		blobs++;
		if (check_member(c, &c->agent.entry[i], e) < 0)
			return -1;
	}
	if (c->agent.count != blobs + 3)
		return err_set(e, EX_DATAERR, 0,
		    "'%s' holds members below agent/ that are none of ours",
		    c->b->frames.name);
	return 0;
}

static int
check_work(struct check *c, const struct entry *n, struct err *e)
{
	struct slice cover = {buf_str(&c->cover), c->cover.len};
	struct entry member = *n, target;
	int r;

	if (cover.len > 0 && entry_below(n->path, cover))
		return expect_wrong(
		    &c->at, n->path, "lies below what is no folder", e);
	if (n->type != ENTRY_DIR) {
		buf_clear(&c->cover);
		buf_add(&c->cover, n->path.data, n->path.len);
	}
	if (n->type == ENTRY_HARDLINK) {
		r = bundle_find(c->b, n->link, &target, e);
		if (r < 0)
			return -1;
		if (r == 0 || target.type != ENTRY_FILE ||
		    target.size != n->size ||
		    !digest_equal(&target.sha256, &n->sha256))
			return expect_wrong(&c->at, n->path,
			    "follows no file of the bundle", e);
	}
	if (n->type == ENTRY_GONE) {
		member.mtime = bundle_seconds(c);
		if (c->b->manifest.full)
			return expect_wrong(&c->at, n->path,
			    "is a removal in a full bundle", e);
	}
	if (n->type == ENTRY_FILE) {
		c->files++;
		c->bytes += n->size;
	}
	return entry_stored(n->type) ? check_member(c, &member, e) : 0;
}

static void
add_line(struct check *c, const struct entry *n)
{
	buf_clear(&c->line);
	entry_line(&c->line, n);
	c->index_size += (int64_t)c->line.len;
	if (memcmp(n->path.data, ENTRY_WORK, 4) != 0)
		return;
	buf_clear(&c->line);
	entry_tree_line(&c->line, n);
	sha256_add(&c->tree, c->line.data, c->line.len);
}

/* The members below agent/ lead the index, but stand in another order. */
static int
check_index_lines(struct check *c, struct err *e)
{
	struct bundle_walk w CLEANUP(bundle_walk_free) = {0};
	bool agent = true;
	struct stamp *st;
	struct entry n, *kept;
	int r;

	if (bundle_walk_init(&w, c->b, (struct slice){0}, e) < 0)
		return -1;
	while ((r = bundle_walk_next(&w, &n, e)) > 0) {
		add_line(c, &n);
		if (n.path.data[0] == 'a') {
			if (check_agent_form(c, &n, e) < 0)
				return -1;
			kept = snapshot_add(&c->agent, &st);
			*kept = n;
			kept->path =
			    snapshot_keep(&c->agent, n.path.data, n.path.len);
			continue;
		}
		if (agent && check_agent(c, e) < 0)
			return -1;
		agent = false;
		if (check_work(c, &n, e) < 0)
			return -1;
	}
	return r < 0 || (agent && check_agent(c, e) < 0) ? -1 : 0;
}

static struct entry
end_entry(const struct check *c, const char *path, int64_t size)
{
	return (struct entry){.path = {path, strlen(path)},
	    .type = ENTRY_FILE,
	    .mode = 0644,
	    .size = size,
	    .mtime = bundle_seconds(c)};
}

static int
add_to_sum(void *arg, const void *data, size_t n, struct err *e)
{
	(void)e;
	sha256_add(arg, data, n);
	return 0;
}

/* A member that is known as a whole. */
static int
expect_member(
    struct check *c, const char *path, const struct buf *text, struct err *e)
{
	struct entry n = end_entry(c, path, (int64_t)text->len);

	return expect_header(&c->at, &n, e) < 0 ||
		       expect_bytes(&c->at, text, n.path, e) < 0 ||
		       expect_zeros(&c->at, tar_padding(n.size), n.path, e) < 0
		   ? -1
		   : 0;
}

/* What was read when it was opened stands there as a writer puts it. */
static int
check_end(struct check *c, struct err *e)
{
	const struct bundle *b = c->b;
	struct slice end = {"the end", strlen("the end")};

	if (expect_member(c, "agent/manifest.json", &b->text, e) < 0 ||
	    (b->signature.len > 0 &&
		expect_member(c, "agent/manifest.sig", &b->signature, e) < 0) ||
	    expect_zeros(&c->at, TAR_END, end, e) < 0)
		return -1;
	return (uint64_t)c->at.frame == b->frames.table.count
		   ? 0
		   : expect_wrong(&c->at, end, "is not where it should be", e);
}

static int
check_index(struct check *c, struct err *e)
{
	const struct manifest *m = &c->b->manifest;
	struct entry index = end_entry(c, "agent/index.jsonl", c->index_size);
	struct sha256 sum;
	const struct sink s = {add_to_sum, &sum};
	struct digest d;

	sha256_init(&sum);
	if (expect_header(&c->at, &index, e) < 0)
		return -1;
	if (c->at.offset != m->index_offset || c->at.frame != m->index_frame ||
	    index.size != m->index_size)
		return expect_wrong(
		    &c->at, index.path, "is not where it should be", e);
	if (frame_read(
		&c->at.view, c->at.frame, c->at.offset, index.size, &s, e) < 0)
		return -1;
	expect_moved(&c->at, index.size);
	sha256_get(&sum, &d);
	if (!digest_equal(&d, &m->index))
		return expect_wrong(
		    &c->at, index.path, "is not the manifest's", e);
	return expect_zeros(&c->at, tar_padding(index.size), index.path, e);
}

/* What unpacks to the right bytes may still be damaged. */
static int
check_packed(const struct check *c, struct err *e)
{
	const struct frames *f = &c->b->frames;
	struct digest d;

	sha256_get(&c->at.view.sums->packed, &d);
	if (memcmp(&d, f->table.sum, SEEK_SUM) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "'%s' is damaged: its compressed bytes are not those that "
		    "were written",
		    f->name);
	return 0;
}

int
bundle_check(struct bundle *b, const struct check_options *o, struct err *e)
{
	struct check c CLEANUP(check_free) = {.b = b, .options = o};
	const struct manifest *m = &b->manifest;
	struct frame_sums sums = {.unpacked = o->plain != NULL};
	struct digest d;

	expect_init(&c.at, &b->frames);
	sha256_init(&sums.plain);
	sha256_init(&sums.packed);
	c.at.view.sums = &sums;
	sha256_init(&c.tree);
	if (check_index_lines(&c, e) < 0 ||
	    expect_member(&c, "agent/SHA256SUMS", &c.sums, e) < 0 ||
	    check_index(&c, e) < 0 || check_end(&c, e) < 0 ||
	    check_packed(&c, e) < 0)
		return -1;
	sha256_get(&c.tree, &d);
	if (m->full && (!digest_equal(&d, &m->work) || m->files != c.files ||
			   m->bytes != c.bytes))
		return err_set(e, EX_DATAERR, 0,
		    "the tree of '%s' is not the one that its manifest names",
		    b->frames.name);
	if (o->plain != NULL)
		sha256_get(&sums.plain, o->plain);
	return 0;
}
