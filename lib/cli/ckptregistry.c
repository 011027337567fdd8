/* The verbs that talk to a registry. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "bundle/oci.h"
#include "bundle/ocidoc.h"
#include "cli/ckptverb.h"
#include "cli/progress.h"
#include "cli/show.h"

/* One bar for one thing after the other. */
static void
advance(void *arg, const char *what, int64_t bytes, int64_t total)
{
	struct progress *bar = arg;

	if (bar->what == NULL || strcmp(bar->what, what) != 0) {
		progress_end(bar);
		progress_start(bar, what, total);
	}
	progress_add(bar, bytes);
}

static void
reference(const char *text, struct oci_ref *out)
{
	struct err e;

	if (oci_ref_parse(text, out, &e) < 0)
		die_err(&e);
}

/* ---- push ------------------------------------------------------------------------------- */

static void
show_pushed(const struct ckpt_args *a, const struct oci_ref *ref,
    const struct oci_pushed *p)
{
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};
	char digest[OCI_DIGEST], *name CLEANUP_FREE = NULL;

	oci_digest_text(&p->digest, digest);
	name = mem_printf(OCI_SCHEME "%s/%s@%s", ref->host, ref->name, digest);
	if (!a->json) {
		printf("%s\n", name);
		return;
	}
	jsonw_object(&w, NULL);
	jsonw_string(&w, "image", name);
	jsonw_string(&w, "tag", ref->tag);
	jsonw_integer(&w, "layers", (int64_t)p->layers);
	jsonw_integer(&w, "sent", (int64_t)p->sent);
	jsonw_integer(&w, "bytes", p->bytes);
	jsonw_end(&w, '}');
	show_json(stdout, out.data, out.len);
}

int
ckptverb_push(const struct ckpt_args *a, char *args[])
{
	struct progress bar = {0};
	struct oci_options o = {
	    .plain = a->plain_http, .progress = advance, .arg = &bar};
	struct sign_secret key;
	struct oci_pushed pushed;
	struct ckpt_chain c;
	struct oci_ref ref;
	struct err e;

	reference(args[1], &ref);
	ckptverb_open(a, args[0], CKPT_HISTORY, &c);
	if (a->open != NULL && root_secret(a->open, &key, &e) == 0)
		o.secret = &key;
	if (oci_push(&c.chain, &ref, &o, &pushed, &e) < 0)
		die_err(&e);
	progress_end(&bar);
	if (o.secret != NULL)
		sign_wipe(&key);
	show_pushed(a, &ref, &pushed);
	ckpt_close(&c);
	return 0;
}

/* ---- pull ------------------------------------------------------------------------------- */

/* They are told of once all are there. */
struct pulled {
	struct oci_pulled list[OCI_LAYERS];
	size_t count;
};

static void
keep(void *arg, const struct oci_pulled *p)
{
	struct pulled *all = arg;

	all->list[all->count++] = *p;
}

static void
show_pulled(
    const struct ckpt_args *a, const char *dir, const struct oci_pulled *p)
{
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};
	char *file CLEANUP_FREE = strcmp(dir, ".") == 0
				      ? mem_strdup(p->name)
				      : mem_printf("%s/%s", dir, p->name);

	if (!a->json) {
		show_line("", file);
		return;
	}
	jsonw_object(&w, NULL);
	jsonw_integer(&w, "seq", p->seq);
	jsonw_digest(&w, "bundle", &p->bundle);
	jsonw_string(&w, "file", file);
	jsonw_integer(&w, "bytes", p->size);
	jsonw_bool(&w, "fetched", p->fetched);
	jsonw_end(&w, '}');
	show_json(stdout, out.data, out.len);
}

static void
load_key(const char *file, struct sign_public *out)
{
	struct buf text CLEANUP_BUF = {0};
	struct err e;

	if (file_read(AT_FDCWD, file, 4096, &text, &e) < 0 ||
	    sign_public_parse(buf_str(&text), text.len, out, &e) < 0)
		die_err(&e);
}

int
ckptverb_pull(const struct ckpt_args *a, char *args[])
{
	const char *to = a->output == NULL ? "." : a->output;
	struct progress bar = {0};
	struct oci_options o = {.plain = a->plain_http,
	    .progress = advance,
	    .arg = &bar,
	    .max_bytes = a->max_size};
	struct pulled all = {.count = 0};
	struct sign_public key;
	struct oci_ref ref;
	struct err e;
	size_t i;
	int dir;

	reference(args[0], &ref);
	if (a->key != NULL) {
		load_key(a->key, &key);
		o.key = &key;
	}
	if (file_open_dir(to, true, &dir, &e) < 0 ||
	    oci_pull(&ref, dir, &o, keep, &all, &e) < 0)
		die_err(&e);
	progress_end(&bar);
	for (i = a->json ? 0 : all.count - 1; i < all.count; i++)
		show_pulled(a, to, &all.list[i]);
	(void)close(dir);
	return 0;
}
