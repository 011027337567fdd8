/* The verbs that prove a history. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "audit/family.h"
#include "audit/prove.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/auditverb.h"
#include "cli/show.h"

/* ---- verify -------------------------------------------------------------------------- */

struct verifying {
	const struct audit_args *args;
	struct prove_options opt;
	struct digest head;
	struct sign_public key;
	struct ckpt_chain against;
	int status; /* of the first that failed */
};

static void
put_sums(struct jsonw *w, const struct prove_result *r)
{
	const struct verify_result *sum = &r->sum;

	jsonw_integer(w, "records", sum->records);
	jsonw_integer(w, "seals", sum->seals);
	jsonw_integer(w, "sealed", sum->sealed_seq);
	jsonw_integer(w, "redacted", sum->redacted);
	jsonw_integer(w, "unfinished", sum->torn_bytes);
	jsonw_integer(w, "bundles", r->bundles);
	jsonw_integer(w, "pruned", r->pruned);
	jsonw_digest(w, "head", &sum->mark.head);
}

static void
print_json(const char *id, const struct prove_options *o,
    const struct prove_result *r, const char *why)
{
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "agent", id);
	jsonw_bool(&w, "ok", why == NULL);
	if (why == NULL)
		put_sums(&w, r);
	else if (r->bad > 0)
		jsonw_integer(&w, "seq", r->bad);
	if (o->from > 1)
		jsonw_integer(&w, "from", o->from);
	jsonw_maybe(&w, "why", why);
	jsonw_end(&w, '}');
	show_json(stdout, out.data, out.len);
}

static void
print_words(
    const char *id, const struct prove_options *o, const struct prove_result *r)
{
	const struct verify_result *sum = &r->sum;
	char hex[DIGEST_HEX + 1];

	digest_hex(&sum->mark.head, hex);
	printf("%s: %" PRId64 " records, sealed up to %" PRId64, id,
	    sum->records, sum->sealed_seq);
	if (r->bundles > 0)
		printf(", %" PRId64 " bundles", r->bundles);
	if (sum->redacted > 0)
		printf(", %" PRId64 " redacted", sum->redacted);
	if (sum->torn_bytes > 0)
		printf(", an unfinished group at the end");
	if (o->from > 1)
		printf(
		    ", of those before %" PRId64 " the chain alone", o->from);
	printf("\nhead %s\n", hex);
}

static void
failed(struct verifying *v, const char *id, const struct prove_result *r,
    int status, const char *why)
{
	if (v->status == 0)
		v->status = status;
	if (v->args->json)
		print_json(id, &v->opt, r, why);
	warn_msg("agent %s: %s", id, why);
}

static void
verify_one(struct verifying *v, struct source *s)
{
	struct prove_result r;
	struct err e;

	if (prove(s, &v->opt, &r, &e) < 0) {
		failed(v, s->id, &r, e.status, e.msg);
	} else if (!r.sum.found_head) {
		err_set(&e, EX_NO, 0, "the history does not hold %s",
		    v->args->head);
		failed(v, s->id, &r, EX_NO, e.msg);
	} else if (v->args->json) {
		print_json(s->id, &v->opt, &r, NULL);
	} else {
		print_words(s->id, &v->opt, &r);
	}
}

static void
verify_id(struct verifying *v, const char *id)
{
	const struct prove_result none = {0};
	struct source s;
	struct err e;

	if (source_open_agent(v->args->open, id, &s, &e) < 0) {
		failed(v, id, &none, e.status, e.msg);
		return;
	}
	verify_one(v, &s);
	source_close(&s);
}

/* The agent `top`, and all that came of it. */
static void
verify_tree(struct verifying *v, const char *top)
{
	struct family f;
	struct err e;
	int from, at;
	size_t i;

	if (family_open(v->args->open, top, &f, &e) < 0)
		die_err(&e);
	from = family_find(&f, top);
	for (i = 0; i < f.count; i++) {
		for (at = (int)i; at >= 0 && at != from;)
			at = f.items[at].up;
		if (at >= 0)
			verify_id(v, f.items[i].id);
	}
	family_free(&f);
}

static void
verify_all(struct verifying *v)
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	struct err e;
	size_t n, i;

	if (v->args->open == NULL)
		die_err(&v->args->why);
	if (root_list(v->args->open, &ids, &n, &e) < 0)
		die_err(&e);
	for (i = 0; i < n; i++)
		verify_id(v, ids[i]);
}

static void
load_key(struct verifying *v, const char *file)
{
	struct buf text CLEANUP_BUF = {0};
	struct err e;

	if (file_read(AT_FDCWD, file, 4096, &text, &e) < 0 ||
	    sign_public_parse(buf_str(&text), text.len, &v->key, &e) < 0)
		die_err(&e);
	v->opt.key = &v->key;
}

/* What it holds counts once it is signed by the key that is known here. */
static void
load_against(struct verifying *v, const char *name)
{
	unsigned char num[SIGN_KEYNUM], sig[SIGN_BYTES];
	struct sign_public root;
	const struct sign_public *key = v->opt.key;
	struct bundle *b;
	struct err e;

	if (ckpt_open(v->args->open, name, CKPT_ALONE, 0, &v->against, &e) < 0)
		die_err(&e);
	b = chain_newest(&v->against.chain);
	v->opt.against = b;
	if (key == NULL && v->args->open != NULL &&
	    root_public(v->args->open, &root, &e) == 0)
		key = &root;
	if (key == NULL)
		return;
	if (b->signature.len == 0)
		die(EX_DATAERR, "'%s' is not signed", b->frames.name);
	if (manifest_signature(
		buf_str(&b->signature), b->signature.len, num, sig, &e) < 0 ||
	    sign_check(key, b->text.data, b->text.len, sig, &e) < 0) {
		err_wrap(&e, "'%s'", b->frames.name);
		die_err(&e);
	}
}

int
auditverb_verify(const struct audit_args *a, char *args[])
{
	struct verifying v = {.args = a, .opt.from = a->from};
	bool many = a->all || a->tree;
	struct source s;

	if (a->all == (args[0] != NULL) || (args[0] != NULL && args[1] != NULL))
		die_usage(
		    a->program, "verify: want one agent or bundle, or --all");
	if (many && (a->head != NULL || a->against != NULL || a->from != 0))
		die_usage(a->program,
		    "--head, --against and --from are for one history");
	if (a->head != NULL) {
		if (digest_parse(a->head, strlen(a->head), &v.head) < 0)
			die_usage(a->program, "--head: not a digest");
		v.opt.head = &v.head;
	}
	if (a->key != NULL)
		load_key(&v, a->key);
	if (a->against != NULL)
		load_against(&v, a->against);
	if (a->all) {
		verify_all(&v);
		return v.status;
	}
	auditverb_open(a, args[0], &s);
	if (a->tree && !s.live)
		die_usage(a->program, "--tree: want an agent");
	if (a->tree)
		verify_tree(&v, s.id);
	else
		verify_one(&v, &s);
	source_close(&s);
	if (a->against != NULL)
		ckpt_close(&v.against);
	return v.status;
}

/* ---- head ---------------------------------------------------------------------------- */

int
auditverb_head(const struct audit_args *a, char *args[])
{
	char hex[DIGEST_HEX + 1];
	struct source s;
	struct source_walk w;
	struct record rec;
	struct err e;
	int got;

	auditverb_open(a, args[0], &s);
	source_walk_init(&s, &w);
	while ((got = source_walk_next(&w, &rec, &e)) == 1)
		;
	if (got < 0)
		die_err(&e);
	digest_hex(&w.mark.head, hex);
	printf("%s\n", hex);
	source_walk_free(&w);
	source_close(&s);
	return 0;
}
