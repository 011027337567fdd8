#include "agent/ckptprune.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "agent/ckptfold.h"
#include "base/file.h"
#include "base/mem.h"
#include "bundle/squash.h"

#define DAY (86400 * CLOCK_SECOND)

enum { THIN_EACH = 8 };

struct pruning {
	int dir;
	struct chain chain;
	bool *stays; /* one a layer */
	const struct sign_secret *key;
};

static void
pruning_free(struct pruning *p)
{
	chain_close(&p->chain);
	free(p->stays);
}

static bool
named(const struct prune_policy *policy, int64_t seq)
{
	size_t i;

	for (i = 0; i < policy->also_count; i++)
		if (policy->also[i] == seq)
			return true;
	return false;
}

/* Those that were folded stay once they stand for enough, so that a policy
 * that is applied again and again rewrites each only once. */
static void
choose_each(struct pruning *p, int64_t each)
{
	int64_t n = 0;
	size_t i;

	for (i = 0; i < p->chain.count; i++) {
		n += 1 + (int64_t)p->chain.layer[i]->manifest.replace_count;
		p->stays[i] = p->stays[i] || (each > 0 && n >= each);
		if (p->stays[i])
			n = 0;
	}
}

static void
choose(struct pruning *p, const struct prune_policy *policy)
{
	struct chain *c = &p->chain;
	int64_t day, last = INT64_MAX, days = 0;
	size_t i = c->count;

	p->stays = mem_new(c->count, sizeof(bool));
	p->stays[i - 1] = true;
	while (i-- > 0) {
		if ((int64_t)(c->count - i) <= policy->keep ||
		    named(policy, c->layer[i]->manifest.seq))
			p->stays[i] = true;
		day = c->layer[i]->manifest.time / DAY;
		if (day != last && days++ < policy->daily)
			p->stays[i] = true;
		last = day;
	}
	choose_each(p, policy->each);
}

/* The next layer from `i` on that stays. */
static size_t
next_kept(const struct pruning *p, size_t i)
{
	while (!p->stays[i])
		i++;
	return i;
}

/* One bundle to write over the file of the last that is folded into it. */
struct rewriting {
	struct chain chain;
	struct fold_span span;
	struct writer_options options;
	struct manifest m;
	struct written written;
	const char *name;
};

static int
fill(void *arg, int fd, struct err *e)
{
	struct rewriting *w = arg;

	if (w->span.from == 0)
		return squash_write(
		    &w->chain, fd, w->name, &w->options, &w->m, &w->written, e);
	return ckpt_fold(
	    &w->span, fd, w->name, &w->options, &w->m, &w->written, e);
}

/* What the bundle before says, as it is on the disk now. */
static void
note_before(
    struct fold_span *s, const struct manifest *m, const struct digest *id)
{
	s->parent = *id;
	s->deltas = m->deltas;
	s->full_bytes = m->full_bytes;
	s->delta_bytes = m->delta_bytes;
}

/* Fold layers [from, last] into the file of the last. */
static int
rewrite(struct pruning *p, struct fold_span *span, size_t from, size_t last,
    struct err *e)
{
	struct rewriting w = {.chain = chain_part(&p->chain, last + 1)};
	char name[CKPT_NAME];
	int r;

	ckpt_name(chain_newest(&w.chain)->manifest.seq, name);
	w.name = name;
	w.options.key = p->key;
	w.span = *span;
	w.span.chain = &w.chain;
	w.span.from = from;
	r = save_durably(p->dir, name, fill, &w, e);
	if (r == 0)
		note_before(span, &w.m, &w.written.id);
	manifest_free(&w.m);
	return r;
}

/* The youngest goes first, so that what is left can always be opened. */
static int
remove_folded(const struct pruning *p, struct err *e)
{
	char name[CKPT_NAME];
	size_t i;

	for (i = p->chain.count; i-- > 0;) {
		if (p->stays[i])
			continue;
		ckpt_name(p->chain.layer[i]->manifest.seq, name);
		if (unlinkat(p->dir, name, 0) < 0 && errno != ENOENT)
			return err_set(
			    e, EX_IOERR, errno, "cannot remove '%s'", name);
	}
	return file_sync(p->dir, CKPT_DIR, e);
}

static int
fold_all(struct pruning *p, struct err *e)
{
	struct fold_span span = {0};
	size_t from, last;

	for (from = 0; from < p->chain.count; from = last + 1) {
		last = next_kept(p, from);
		if (last == from)
			note_before(&span, &p->chain.layer[last]->manifest,
			    &p->chain.layer[last]->id);
		else if (rewrite(p, &span, from, last, e) < 0)
			return -1;
	}
	return remove_folded(p, e);
}

static void
tell(const struct pruning *p,
    void (*told)(void *arg, const struct prune_step *), void *arg)
{
	struct prune_step s;
	size_t i;

	for (i = 0; i < p->chain.count; i++) {
		const struct bundle *b = p->chain.layer[i];

		s.seq = b->manifest.seq;
		s.into = p->chain.layer[next_kept(p, i)]->manifest.seq;
		s.bytes = b->frames.file;
		told(arg, &s);
	}
}

int
ckpt_prune(int dir, const struct prune_policy *policy,
    const struct sign_secret *key,
    void (*told)(void *arg, const struct prune_step *), void *arg,
    struct err *e)
{
	struct pruning p CLEANUP(pruning_free) = {.dir = dir, .key = key};
	int64_t newest;

	if (ckpt_newest(dir, &newest, e) < 0)
		return -1;
	if (newest == 0)
		return 0;
	if (key != NULL && bundle_sweep(dir, e) < 0)
		return -1;
	if (ckpt_follow(dir, newest, true, &p.chain, e) < 0)
		return -1;
	choose(&p, policy);
	if (told != NULL)
		tell(&p, told, arg);
	return key == NULL ? 0 : fold_all(&p, e);
}

int
ckpt_thin(struct session *s, int64_t keep, struct err *e)
{
	const struct prune_policy policy = {.keep = keep, .each = THIN_EACH};
	struct sign_secret key;
	int dir CLEANUP_FD = -1;
	int r;

	if (file_open(s->dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &dir, e) <
		0 ||
	    root_secret(s->root, &key, e) < 0)
		return -1;
	r = ckpt_prune(dir, &policy, &key, NULL, NULL, e);
	sign_wipe(&key);
	return r;
}
