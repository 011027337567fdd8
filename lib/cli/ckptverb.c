/* The verbs that make bundles and look into them. */
#include "cli/ckptverb.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/ckptshow.h"
#include "cli/progress.h"

bool
ckptverb_signed(const char *file, const struct bundle *b)
{
	unsigned char num[SIGN_KEYNUM], sig[SIGN_BYTES];
	struct buf text CLEANUP_BUF = {0};
	struct sign_public key;
	struct err e;

	if (b->signature.len == 0)
		return false;
	if (file_read(AT_FDCWD, file, 4096, &text, &e) < 0 ||
	    sign_public_parse(buf_str(&text), text.len, &key, &e) < 0 ||
	    manifest_signature(
		buf_str(&b->signature), b->signature.len, num, sig, &e) < 0)
		die_err(&e);
	return sign_check(&key, b->text.data, b->text.len, sig, &e) == 0;
}

static void
check_key(const char *file, const struct bundle *b)
{
	if (b->signature.len == 0)
		die(EX_DATAERR, "'%s' is not signed", b->frames.name);
	if (!ckptverb_signed(file, b))
		die(EX_DATAERR, "'%s' is not signed by the key in '%s'",
		    b->frames.name, file);
}

void
ckptverb_trust(const struct ckpt_args *a, const struct chain *c)
{
	size_t i;

	for (i = 0; a->key != NULL && i < c->count; i++)
		check_key(a->key, c->layer[i]);
}

void
ckptverb_open(const struct ckpt_args *a, const char *name,
    enum ckpt_reach reach, struct ckpt_chain *c)
{
	struct err e;

	if (ckpt_open(a->open, name, reach, a->max_size, c, &e) < 0)
		die_err(&e);
	ckptverb_trust(a, &c->chain);
}

/* ---- save and list ---------------------------------------------------------------------- */

void
ckptverb_find(const struct ckpt_args *a, const char *name, char id[ULID_TEXT])
{
	struct err e;

	if (a->open == NULL)
		die(EX_NOINPUT, "there are no agents here");
	if (root_find(a->open, name, id, &e) < 0)
		die_err(&e);
}

static void
say_withheld(const char *paths)
{
	size_t n;

	for (; paths != NULL && *paths != '\0'; paths += n + 1) {
		n = strcspn(paths, "\n");
		warn_msg("'%.*s' holds a secret: it is not in the bundle",
		    (int)n, paths);
	}
}

int
ckptverb_save(const struct ckpt_args *a, char *args[])
{
	char id[ULID_TEXT], hex[DIGEST_HEX + 1];
	struct ckpt_saved saved;
	struct progress p;
	struct session s;
	struct err e;

	ckptverb_find(a, args[0], id);
	progress_start(&p, "saving", 0);
	if (session_write(a->open, id, &s, &e) < 0 ||
	    ckpt_save(&s, a->full, progress_add, &p, &saved, &e) < 0 ||
	    session_seal(&s, &e) < 0)
		die_err(&e);
	progress_end(&p);
	session_close(&s);
	say_withheld(saved.withheld);
	ckpt_saved_free(&saved);
	digest_hex(&saved.id, hex);
	if (a->json)
		printf("{\"agent\":\"%s\",\"seq\":%" PRId64
		       ",\"bundle\":\"%s\","
		       "\"full\":%s,\"bytes\":%" PRId64 ",\"files\":%" PRId64
		       "}\n",
		    id, saved.seq, hex, saved.full ? "true" : "false",
		    saved.packed, saved.files);
	else
		printf("%s@%" PRId64 "\n", id, saved.seq);
	return 0;
}

/* Of a file it is the chain, which stands beside it. */
static int
list_chain(const struct ckpt_args *a, const char *name)
{
	struct table t = {.columns = CKPTSHOW_COLUMNS};
	struct ckpt_chain c;
	size_t i;

	ckptverb_open(a, name, CKPT_HISTORY, &c);
	ckptshow_row(&t, NULL, a->json);
	for (i = 0; i < c.chain.count; i++)
		ckptshow_row(&t, c.chain.layer[i], a->json);
	table_print(&t, stdout);
	ckpt_close(&c);
	return 0;
}

static int
list_agent(const struct ckpt_args *a, const char *name)
{
	char id[ULID_TEXT], path[ULID_TEXT + sizeof(CKPT_DIR) + 1];
	struct table t = {.columns = CKPTSHOW_COLUMNS};
	int64_t *seqs CLEANUP_FREE = NULL;
	struct bundle *b;
	struct err e;
	size_t n, i;
	int dir;

	ckptverb_find(a, name, id);
	if (ckpt_list(a->open, id, &seqs, &n, &e) < 0)
		die_err(&e);
	if (n == 0)
		return EX_NO;
	(void)snprintf(path, sizeof(path), "%s/%s", id, CKPT_DIR);
	if (file_open(
		a->open->agents, path, O_RDONLY | O_DIRECTORY, 0, &dir, &e) < 0)
		die_err(&e);
	ckptshow_row(&t, NULL, a->json);
	for (i = 0; i < n; i++) {
		if (ckpt_bundle(dir, seqs[i], &b, &e) < 0)
			die_err(&e);
		if (a->key != NULL)
			check_key(a->key, b);
		ckptshow_row(&t, b, a->json);
		bundle_close(b);
	}
	(void)close(dir);
	table_print(&t, stdout);
	return 0;
}

int
ckptverb_list(const struct ckpt_args *a, char *args[])
{
	return ckpt_is_path(args[0]) ? list_chain(a, args[0])
				     : list_agent(a, args[0]);
}

/* ---- show, cat --------------------------------------------------------------------------- */

int
ckptverb_show(const struct ckpt_args *a, char *args[])
{
	struct ckpt_chain c;
	struct err e;

	ckptverb_open(a, args[0], a->messages ? CKPT_HISTORY : CKPT_ALONE, &c);
	if ((a->messages ? ckptshow_messages(&c.chain, a->json, &e)
			 : ckptshow_bundle(a, &c, &e)) < 0)
		die_err(&e);
	ckpt_close(&c);
	return 0;
}

static int
to_stdout(void *arg, const void *data, size_t n, struct err *e)
{
	(void)arg;
	if (fwrite(data, 1, n, stdout) != n)
		return err_set(e, EX_IOERR, errno, "cannot write");
	return 0;
}

/* A member of the newest bundle.  Two are not in its index: they prove it. */
static int
cat_member(struct bundle *b, const char *name, struct err *e)
{
	struct sink sink = {to_stdout, NULL};
	const struct buf *text = NULL;
	struct entry n;
	int r;

	if (strcmp(name, "agent/manifest.json") == 0)
		text = &b->text;
	else if (strcmp(name, "agent/manifest.sig") == 0)
		text = &b->signature;
	if (text != NULL && text->len > 0)
		return to_stdout(NULL, text->data, text->len, e);
	r = bundle_find(b, (struct slice){name, strlen(name)}, &n, e);
	if (r == 0)
		return err_set(e, EX_NOINPUT, 0, "there is no '%s'", name);
	return r < 0 ? -1 : bundle_content(b, &n, &sink, e);
}

int
ckptverb_cat(const struct ckpt_args *a, char *args[])
{
	bool member = strncmp(args[1], "agent/", 6) == 0;
	struct sink sink = {to_stdout, NULL};
	struct ckpt_chain c;
	struct err e;
	int r;

	ckptverb_open(a, args[0], member ? CKPT_ALONE : CKPT_TREE, &c);
	if (member) {
		r = cat_member(chain_newest(&c.chain), args[1], &e);
	} else {
		char *path CLEANUP_FREE = strncmp(args[1], "work/", 5) == 0
					      ? mem_strdup(args[1])
					      : mem_printf("work/%s", args[1]);

		r = chain_content(
		    &c.chain, (struct slice){path, strlen(path)}, &sink, &e);
	}
	if (r < 0)
		die_err(&e);
	ckpt_close(&c);
	return 0;
}
