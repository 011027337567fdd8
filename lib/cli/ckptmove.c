/* The verbs that judge bundles, and make other things of them. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "bundle/check.h"
#include "bundle/squash.h"
#include "cli/ckptgate.h"
#include "cli/ckptverb.h"
#include "cli/output.h"
#include "cli/progress.h"

#define RULES_MAX ((size_t)1 << 20)

/* Are all signed by the key that was asked for, else by the one of the root
 * here?  A signature that names that key and is not its own is damage. */
static bool
is_signed(const struct ckpt_args *a, const struct chain *c)
{
	unsigned char by[SIGN_KEYNUM], sig[SIGN_BYTES];
	const struct bundle *b;
	struct sign_public own;
	bool all = true;
	struct err e;
	size_t i;

	if (a->key != NULL)
		return true;
	if (a->open == NULL || root_public(a->open, &own, &e) < 0)
		return false;
	for (i = 0; i < c->count; i++) {
		b = c->layer[i];
		if (b->signature.len > 0 &&
		    manifest_signature(buf_str(&b->signature), b->signature.len,
			by, sig, &e) < 0)
			die_err(&e);
		if (b->signature.len == 0 ||
		    memcmp(by, own.keynum, sizeof(by)) != 0)
			all = false;
		else if (sign_check(&own, b->text.data, b->text.len, sig, &e) <
			 0)
			die(EX_DATAERR,
			    "'%s' has a signature that is not the key's which "
			    "it names",
			    b->frames.name);
	}
	return all;
}

/* Bytes of files in all bundles: the last that builds on a full one knows. */
static int64_t
stored(const struct chain *c)
{
	const struct manifest *m;
	int64_t n = 0;
	size_t i;

	for (i = 0; i < c->count; i++) {
		m = &c->layer[i]->manifest;
		if (i + 1 == c->count || c->layer[i + 1]->manifest.full)
			n += m->full_bytes + m->delta_bytes;
	}
	return n;
}

int
ckptverb_verify(const struct ckpt_args *a, char *args[])
{
	const struct manifest *m;
	struct snapshot tree = {0};
	struct ckpt_chain c;
	char hex[DIGEST_HEX + 1];
	struct check_options o = {.progress = progress_add};
	struct progress p;
	bool all_signed;
	struct err e;
	size_t i;

	ckptverb_open(a, args[0], CKPT_HISTORY, &c);
	all_signed = is_signed(a, &c.chain);
	progress_start(&p, "verifying", stored(&c.chain));
	o.arg = &p;
	for (i = 0; i < c.chain.count; i++)
		if (bundle_check(c.chain.layer[i], &o, &e) < 0)
			die_err(&e);
	if (chain_tree(&c.chain, 0, &tree, &e) < 0 ||
	    ckpt_prove_state(&c.chain, &e) < 0)
		die_err(&e);
	progress_end(&p);
	digest_hex(&chain_newest(&c.chain)->id, hex);
	m = &chain_newest(&c.chain)->manifest;
	printf(a->json ? "{\"bundle\":\"%s\",\"bundles\":%zu,\"seq\":%" PRId64
			 ",\"files\":%" PRId64 ",\"signed\":%s}\n"
		       : "%s: %zu bundles, %" PRId64 " records, %" PRId64
			 " files%s\n",
	    hex, c.chain.count, m->seq, m->files,
	    a->json      ? all_signed ? "true" : "false"
	    : all_signed ? ", signed"
			 : "");
	snapshot_free(&tree);
	ckpt_close(&c);
	return 0;
}

int
ckptverb_parent(const char *path, char **full, char **name)
{
	char *cwd CLEANUP_FREE = getcwd(NULL, 0);
	struct err e;
	int dir;

	*full = path_join(cwd == NULL ? "/" : cwd, path);
	*name = strrchr(*full, '/') + 1;
	if ((*name)[0] == '\0')
		die(EX_CANTCREAT, "'%s' is there", path);
	(*name)[-1] = '\0';
	if (file_open_dir((*full)[0] == '\0' ? "/" : *full, false, &dir, &e) <
	    0)
		die_err(&e);
	return dir;
}

static void
load_rules(const struct ckpt_args *a, char *args[], struct gate *g)
{
	struct buf text CLEANUP_BUF = {0};
	struct err e;

	if (a->rules != NULL &&
	    (file_read(AT_FDCWD, a->rules, RULES_MAX, &text, &e) < 0 ||
		gate_add_file(g, buf_str(&text), text.len, a->rules, &e) < 0))
		die_err(&e);
	for (; *args != NULL; args++)
		if (gate_add(g, *args, &e) < 0)
			die_err(&e);
	if (g->count == 0)
		die_usage(a->program, "check: no rules");
}

int
ckptverb_check(const struct ckpt_args *a, char *args[])
{
	struct ckpt_chain c, since = {.dir = -1};
	struct gate_subject subject = {.chain = &c.chain};
	struct buf junit CLEANUP_BUF = {0};
	struct gate g = {0};
	struct err e;
	int broken;

	load_rules(a, args + 1, &g);
	ckptverb_open(a, args[0], gate_reach(&g), &c);
	if (a->since != NULL) {
		ckptverb_open(a, a->since, CKPT_TREE, &since);
		subject.since = &since.chain;
	}
	broken = ckptgate_run(&g, &subject, a->json, &junit, &e);
	if (broken < 0)
		die_err(&e);
	if (a->junit != NULL)
		output_text(
		    a->junit, (struct slice){junit.data, junit.len}, 0644);
	if (a->since != NULL)
		ckpt_close(&since);
	ckpt_close(&c);
	gate_free(&g);
	return broken ? EX_NO : 0;
}

struct exporting {
	struct chain *chain;
	struct writer_options options;
};

static int
export_to(void *arg, int fd, struct err *e)
{
	struct exporting *x = arg;
	struct manifest m = {0};
	struct written w;
	int r = squash_write(x->chain, fd, "export", &x->options, &m, &w, e);

	manifest_free(&m);
	return r;
}

int
ckptverb_export(const struct ckpt_args *a, char *args[])
{
	struct exporting x = {0};
	struct sign_secret key;
	struct ckpt_chain c;
	struct progress p;
	struct err e;

	ckptverb_open(a, args[0], CKPT_HISTORY, &c);
	progress_start(&p, "exporting", chain_newest(&c.chain)->manifest.bytes);
	x.options.progress = progress_add;
	x.options.arg = &p;
	x.chain = &c.chain;
	if (a->open != NULL && root_secret(a->open, &key, &e) == 0)
		x.options.key = &key;
	output_write(a->output, export_to, &x);
	progress_end(&p);
	ckpt_close(&c);
	return 0;
}

static void
pruned(void *arg, const struct prune_step *s)
{
	const struct ckpt_args *a = arg;

	if (a->json)
		printf("{\"seq\":%" PRId64 ",\"into\":%" PRId64
		       ",\"bytes\":%" PRId64 "}\n",
		    s->seq, s->into, s->bytes);
	else if (s->seq == s->into)
		printf("keep %" PRId64 "\n", s->seq);
	else
		printf("fold %" PRId64 " into %" PRId64 "\n", s->seq, s->into);
}

int
ckptverb_prune(const struct ckpt_args *a, char *args[])
{
	struct ckpt_args copy = *a;
	char id[ULID_TEXT], path[ULID_TEXT + sizeof(CKPT_DIR) + 1];
	struct sign_secret key;
	struct session s;
	struct err e;
	int dir;

	if (a->policy.keep == 0 && a->policy.daily == 0 &&
	    a->policy.also_count == 0 && a->policy.each == 0)
		die_usage(a->program,
		    "prune: say what stays: --keep, --daily, --each, --also");
	ckptverb_find(a, args[0], id);
	(void)snprintf(path, sizeof(path), "%s/%s", id, CKPT_DIR);
	if (!a->dry && (session_write(a->open, id, &s, &e) < 0 ||
			   root_secret(a->open, &key, &e) < 0))
		die_err(&e);
	if (file_open(a->open->agents, path, O_RDONLY | O_DIRECTORY, 0, &dir,
		&e) < 0) {
		if (e.status != EX_NOINPUT)
			die_err(&e);
		return 0; /* there is none to prune */
	}
	if ((!a->dry && ckpt_adopt(&s, dir, &e) < 0) ||
	    ckpt_prune(
		dir, &a->policy, a->dry ? NULL : &key, pruned, &copy, &e) < 0)
		die_err(&e);
	(void)close(dir);
	if (!a->dry) {
		sign_wipe(&key);
		session_close(&s);
	}
	return 0;
}
