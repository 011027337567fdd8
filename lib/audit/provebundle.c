/* What of a proof bundles are about. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "audit/proving.h"
#include "base/file.h"
#include "base/mem.h"
#include "bundle/check.h"

#define MEMBER_MAX ((size_t)1 << 30)

/* ---- a bundle that was kept --------------------------------------------------------------- */

int
prove_against_load(struct proving *p, struct err *e)
{
	struct bundle *b = p->opt->against;
	struct buf lines CLEANUP_BUF = {0};
	const char *at, *end;
	struct record rec;

	if (b == NULL)
		return 0;
	if (bundle_member(b, "agent/journal.jsonl", MEMBER_MAX, &lines, e) < 0)
		return -1;
	at = buf_str(&lines);
	end = at + lines.len;
	while (at < end) {
		if (record_next(&at, end, &rec, e) < 0)
			return err_wrap(e, "'%s'", b->frames.name);
		if (p->held_count == 0)
			p->held_from = rec.seq;
		mem_room(
		    &p->held, p->held_count, &p->held_cap, sizeof(*p->held));
		p->held[p->held_count++] = rec.digest;
	}
	if (p->held_count == 0 ||
	    p->held_from + (int64_t)p->held_count - 1 != b->manifest.seq ||
	    !digest_equal(&p->held[p->held_count - 1], &b->manifest.head))
		return err_set(e, EX_DATAERR, 0,
		    "'%s': its records do not end with the manifest's head",
		    b->frames.name);
	return 0;
}

int
prove_against(const struct proving *p, const struct record *rec, struct err *e)
{
	int64_t i = rec->seq - p->held_from;

	if (p->opt->against == NULL || i < 0 || i >= (int64_t)p->held_count ||
	    digest_equal(&p->held[i], &rec->digest))
		return 0;
	return err_set(e, EX_DATAERR, 0,
	    "record %" PRId64 "%s is not the one that '%s' holds", rec->seq,
	    i == 0 && rec->seq > 1 ? ", or one before it," : "",
	    p->opt->against->frames.name);
}

int
prove_against_end(const struct proving *p, int64_t seq, struct err *e)
{
	if (p->opt->against == NULL || seq >= p->opt->against->manifest.seq)
		return 0;
	return err_set(e, EX_DATAERR, 0,
	    "the journal was cut: record %" PRId64
	    " is gone, which '%s' was made after",
	    seq + 1, p->opt->against->frames.name);
}

/* ---- bundles that records name ------------------------------------------------------------- */

static bool
member_digest(const struct json *body, const char *key, struct digest *out)
{
	const char *hex = json_get_string(body, key);

	return hex != NULL && digest_parse(hex, strlen(hex), out) == 0;
}

int
prove_ckpt(struct proving *p, const struct record *rec, struct err *e)
{
	struct json *body CLEANUP_JSON = NULL;
	struct prove_ckpt c = {.seq = rec->seq};

	if (json_parse(rec->body.data, rec->body.len, &body, e) < 0)
		return -1;
	c.covers = json_get_integer(body, "covers", 0);
	if (c.covers < 1 || c.covers >= rec->seq ||
	    !member_digest(body, "bundle", &c.bundle) ||
	    !member_digest(body, "head", &c.head))
		return err_set(e, EX_DATAERR, 0, "it names no bundle");
	if (rec->seq - c.covers < PROVE_RECENT &&
	    !digest_equal(&c.head, &p->recent[c.covers % PROVE_RECENT]))
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 " is not the one that its bundle covers",
		    c.covers);
	mem_room(&p->ckpt, p->ckpt_count, &p->ckpt_cap, sizeof(*p->ckpt));
	p->ckpt[p->ckpt_count++] = c;
	return 0;
}

/* One of another key is that of where the agent was brought in from. */
static int
check_signature(const struct sign_public *key, bool must,
    const struct bundle *b, struct err *e)
{
	unsigned char num[SIGN_KEYNUM], sig[SIGN_BYTES];

	if (key == NULL || (b->signature.len == 0 && !must))
		return 0;
	if (b->signature.len == 0)
		return err_set(e, EX_DATAERR, 0, "it is not signed");
	if (manifest_signature(
		buf_str(&b->signature), b->signature.len, num, sig, e) < 0)
		return -1;
	if (!must && memcmp(num, key->keynum, sizeof(num)) != 0)
		return 0;
	return sign_check(key, b->text.data, b->text.len, sig, e);
}

static int
check_bundle(struct proving *p, const struct prove_ckpt *c, int dir,
    const char *name, struct err *e)
{
	struct reader_options o = {0};
	struct bundle *b CLEANUP_BUNDLE = NULL;
	int fd;

	if (file_open(dir, name, O_RDONLY | O_NOFOLLOW, 0, &fd, e) < 0) {
		if (e->status != EX_NOINPUT)
			return -1;
		p->result->pruned++;
		return 0;
	}
	if (bundle_open(fd, name, &o, &b, e) < 0)
		return -1;
	if (!bundle_stands_for(b, &c->bundle) || b->manifest.seq != c->covers ||
	    !digest_equal(&b->manifest.head, &c->head))
		return err_set(e, EX_DATAERR, 0, "it is another bundle");
	p->result->bundles++;
	return check_signature(p->each.key, false, b, e);
}

int
prove_ckpts(struct proving *p, struct err *e)
{
	int dir CLEANUP_FD = -1;
	char name[CKPT_NAME];
	struct err none;
	size_t i;

	if (p->ckpt_count == 0)
		return 0;
	if (file_open(p->source->history.dir, CKPT_DIR, O_RDONLY | O_DIRECTORY,
		0, &dir, &none) < 0 &&
	    none.status != EX_NOINPUT) {
		*e = none;
		return -1;
	}
	for (i = 0; i < p->ckpt_count; i++) {
		const struct prove_ckpt *c = &p->ckpt[i];

		ckpt_name(c->covers, name);
		if (c->covers < p->opt->from)
			continue;
		if (dir < 0) {
			p->result->pruned++;
			continue;
		}
		if (check_bundle(p, c, dir, name, e) < 0) {
			p->result->bad = c->seq;
			return err_wrap(e, "the bundle '%s' of record %" PRId64,
			    name, c->seq);
		}
	}
	return 0;
}

/* ---- bundles that are the history ----------------------------------------------------------- */

int
prove_layers(struct proving *p, struct err *e)
{
	struct chain *c = &p->source->bundles.chain;
	struct check_options o = {0};
	struct snapshot tree = {0};
	size_t i;
	int got;

	for (i = 0; i < c->count; i++)
		if (check_signature(p->opt->key, true, c->layer[i], e) < 0 ||
		    bundle_check(c->layer[i], &o, e) < 0)
			return err_wrap(
			    e, "the bundle '%s'", c->layer[i]->frames.name);
	got = chain_tree(c, 0, &tree, e);
	snapshot_free(&tree);
	if (got == 0)
		got = ckpt_prove_state(c, e);
	p->result->bundles = (int64_t)c->count;
	return got;
}
