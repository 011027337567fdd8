/*
 * bundle VERB …: lib/bundle for shell tests.
 *   save [-f] [-k SECKEY] [-j JOURNAL] [-b BLOB] [-s SEQ] [-l LEVEL]
 *       [-t THREADS] [-x FOLDER] [-S STATE] [-G GRANTS]
 *       WORK DIR OUT [BUNDLE…]
 *                          OUT is a name in DIR (which holds the stat cache),
 *                          or -; the last BUNDLE is the parent
 *   show [-p PUBKEY] BUNDLE     the manifest, after the id
 *   list BUNDLE…                the tree, oldest bundle first
 *   cat PATH BUNDLE…
 *   check BUNDLE…
 *   restore [-n] DIR NAME BUNDLE…   -n: no syncs
 *   diff BUNDLE WORK            the bundle's tree against a live one
 *   compare A B                 two full bundles
 *   squash [-k SECKEY] DIR NAME BUNDLE…
 *   sweep DIR
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "bundle/check.h"
#include "bundle/diff.h"
#include "bundle/restore.h"
#include "bundle/save.h"
#include "bundle/squash.h"

static struct {
	bool full, no_sync;
	struct sign_secret key;
	struct sign_public pub;
	bool has_key, has_pub;
	const char *journal, *blob, *skip, *state, *grants;
	int64_t seq, level, threads, most, files;
} opt = {.seq = 1, .state = "{\"goal\":\"test\"}\n", .grants = "[]\n"};

static struct reader_options reading;

static NORETURN void
fail(const struct err *e)
{
	fprintf(stderr, "bundle: %s\n", e->msg);
	exit(e->status);
}

static struct bundle *
open_one(const char *name)
{
	struct bundle *b;
	struct err e;
	int fd = 0;

	if (strcmp(name, "-") != 0 &&
	    file_open(AT_FDCWD, name, O_RDONLY, 0, &fd, &e) < 0)
		fail(&e);
	if (bundle_open(fd, name, &reading, &b, &e) < 0)
		fail(&e);
	return b;
}

/* The files given stand for a store. */
struct store {
	char **name;
	int count;
};

static int
find(void *arg, const struct digest *id, struct bundle **out, struct err *e)
{
	struct store *s = arg;
	struct bundle *b;
	size_t j;
	int i, fd;

	for (i = 0; i < s->count; i++) {
		if (file_open(AT_FDCWD, s->name[i], O_RDONLY, 0, &fd, e) < 0 ||
		    bundle_open(fd, s->name[i], &reading, &b, e) < 0)
			return -1;
		if (digest_equal(&b->id, id)) {
			*out = b;
			return 1;
		}
		for (j = 0; j < b->manifest.replace_count; j++)
			if (digest_equal(&b->manifest.replaces[j], id)) {
				*out = b;
				return 1;
			}
		bundle_close(b);
	}
	return 0;
}

static void
open_chain(int argc, char **argv, bool history, struct chain *out)
{
	struct store s = {argv, argc};
	struct chain_opener o = {find, &s};
	struct err e;

	if (chain_open(open_one(argv[argc - 1]), &o, history, out, &e) < 0)
		fail(&e);
}

static void
read_key(const char *name, bool secret)
{
	struct buf b = {0};
	struct err e;

	if (file_read(AT_FDCWD, name, 4096, &b, &e) < 0 ||
	    (secret ? sign_secret_parse(b.data, b.len, &opt.key, &e)
		    : sign_public_parse(b.data, b.len, &opt.pub, &e)) < 0)
		fail(&e);
	if (secret)
		opt.has_key = true;
	else
		reading.key = &opt.pub;
	buf_free(&b);
}

static int
options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+fnk:p:j:b:s:l:t:m:F:x:S:G:")) != -1) {
		int64_t n = 0;

		if (optarg != NULL)
			(void)num_int(optarg, 0, INT64_MAX, &n);
		switch (c) {
		case 'f':
			opt.full = true;
			break;
		case 'n':
			opt.no_sync = true;
			break;
		case 'k':
			read_key(optarg, true);
			break;
		case 'p':
			read_key(optarg, false);
			break;
		case 'j':
			opt.journal = optarg;
			break;
		case 'b':
			opt.blob = optarg;
			break;
		case 'x':
			opt.skip = optarg;
			break;
		case 'S':
			opt.state = optarg;
			break;
		case 'G':
			opt.grants = optarg;
			break;
		case 's':
			opt.seq = n;
			break;
		case 'l':
			opt.level = n;
			break;
		case 't':
			opt.threads = n;
			break;
		case 'm':
			reading.max_bytes = reading.max_spool = n;
			break;
		case 'F':
			opt.files = n;
			break;
		default:
			exit(64);
		}
	}
	return optind;
}

static int
open_dir(const char *name)
{
	struct err e;
	int fd;

	if (file_open_dir(name, false, &fd, &e) < 0)
		fail(&e);
	return fd;
}

static void
print_id(const struct digest *d)
{
	char hex[DIGEST_HEX + 1];

	digest_hex(d, hex);
	printf("%s\n", hex);
}

/* The manifest's part that follows from the parent. */
static void
follow(struct manifest *m, struct bundle *parent)
{
	m->has_parent = true;
	m->parent = parent->id;
	m->since = parent->manifest.seq;
	m->seq = opt.seq > m->since ? opt.seq : m->since + 1;
	m->deltas = parent->manifest.deltas;
	m->full_bytes = parent->manifest.full_bytes;
	m->delta_bytes = parent->manifest.delta_bytes;
}

static void
agent_part(struct writer_agent *a, struct buf *journal, struct buf *blob)
{
	static struct slice at[2];
	static struct writer_blob one;
	struct err e;

	if (opt.journal != NULL &&
	    file_read(AT_FDCWD, opt.journal, 1 << 30, journal, &e) < 0)
		fail(&e);
	at[0] = (struct slice){buf_str(journal), journal->len};
	*a = (struct writer_agent){.state = {opt.state, strlen(opt.state)},
	    .grants = {opt.grants, strlen(opt.grants)},
	    .journal = content_bytes(&at[0])};
	if (opt.blob == NULL)
		return;
	if (file_read(AT_FDCWD, opt.blob, 1 << 30, blob, &e) < 0)
		fail(&e);
	at[1] = (struct slice){buf_str(blob), blob->len};
	digest_of(blob->data, blob->len, &one.digest);
	one.content = content_bytes(&at[1]);
	a->blob = &one;
	a->blob_count = 1;
}

/* The tree to compare with: the stat cache's when it is the parent's. */
static const struct snapshot *
baseline(const struct snapshot *cache, struct snapshot *room, int argc,
    char **argv, struct manifest *m)
{
	struct bundle *parent;
	struct chain c;
	struct err e;
	const struct snapshot *r = NULL;

	if (argc == 0)
		return NULL;
	parent = open_one(argv[argc - 1]);
	follow(m, parent);
	if (!opt.full && cache->count > 0 &&
	    digest_equal(&cache->work, &parent->manifest.work)) {
		r = cache;
	} else if (!opt.full) {
		open_chain(argc, argv, false, &c);
		if (chain_tree(&c, 0, room, &e) < 0)
			fail(&e);
		chain_close(&c);
		r = room;
	}
	bundle_close(parent);
	return r;
}

static int
save(int argc, char **argv)
{
	struct snapshot cache = {0}, tree = {0}, room = {0};
	struct buf journal = {0}, blob = {0};
	struct manifest m = {
	    .agent = mem_strdup("01TEST"), .seq = opt.seq, .time = 1};
	struct scan_options so = {.old = &cache, .to_save = true};
	struct save s = {.tree = &tree};
	struct writer_agent a;
	struct written w;
	struct stat st;
	struct err e;
	int dir, r;

	if (argc < 3)
		exit(64);
	s.root = open_dir(argv[0]);
	dir = open_dir(argv[1]);
	m.time = 1700000000 * CLOCK_SECOND;
	snapshot_load(dir, &cache);
	if (opt.skip != NULL && stat(opt.skip, &st) == 0) {
		so.skip_device = st.st_dev;
		so.skip_inode = st.st_ino;
	}
	if (scan_tree(s.root, &so, &tree, &e) < 0)
		fail(&e);
	s.base = baseline(&cache, &room, argc - 3, argv + 3, &m);
	agent_part(&a, &journal, &blob);
	s.agent = &a;
	s.options = (struct writer_options){.level = (int)opt.level,
	    .threads = (int)opt.threads,
	    .key = opt.has_key ? &opt.key : NULL};
	r = strcmp(argv[2], "-") == 0 ? save_write(&s, 1, "stdout", &m, &w, &e)
				      : save_file(&s, dir, argv[2], &m, &w, &e);
	if (r < 0 || snapshot_store(dir, &tree, &e) < 0)
		fail(&e);
	if (strcmp(argv[2], "-") != 0)
		print_id(&w.id);
	snapshot_free(&cache);
	snapshot_free(&tree);
	snapshot_free(&room);
	manifest_free(&m);
	buf_free(&journal);
	buf_free(&blob);
	(void)close(s.root);
	(void)close(dir);
	return 0;
}

static int
show(const char *name)
{
	struct bundle *b CLEANUP_BUNDLE = open_one(name);
	struct buf state CLEANUP_BUF = {0};
	struct err e;

	print_id(&b->id);
	printf("%s", b->text.data);
	if (bundle_member(b, "agent/state.json", 1 << 20, &state, &e) < 0)
		fail(&e);
	printf("%s", buf_str(&state));
	return 0;
}

static int
list(int argc, char **argv)
{
	struct chain_walk w;
	struct buf b = {0};
	struct chain c;
	struct entry n;
	struct err e;
	size_t layer;
	int r;

	open_chain(argc, argv, false, &c);
	if (chain_walk_init(&w, &c, &e) < 0)
		fail(&e);
	while ((r = chain_walk_next(&w, &n, &layer, &e)) > 0)
		entry_tree_line(&b, &n);
	if (r < 0)
		fail(&e);
	printf("%s", buf_str(&b));
	buf_free(&b);
	chain_walk_free(&w);
	chain_close(&c);
	return 0;
}

static int
to_stdout(void *arg, const void *data, size_t n, struct err *e)
{
	(void)arg;
	return file_write_all(1, data, n, "stdout", e);
}

static int
cat(const char *path, int argc, char **argv)
{
	const struct sink s = {to_stdout, NULL};
	struct bundle *b = NULL;
	struct buf text = {0};
	struct chain c;
	struct err e;

	if (strncmp(path, "agent/", 6) == 0) {
		b = open_one(argv[argc - 1]);
		if (bundle_member(b, path, 1 << 30, &text, &e) < 0 ||
		    to_stdout(NULL, text.data, text.len, &e) < 0)
			fail(&e);
		buf_free(&text);
		bundle_close(b);
		return 0;
	}
	open_chain(argc, argv, false, &c);
	if (chain_content(&c, (struct slice){path, strlen(path)}, &s, &e) < 0)
		fail(&e);
	chain_close(&c);
	return 0;
}

static int
check(int argc, char **argv)
{
	struct snapshot s = {0};
	struct chain c;
	struct err e;
	size_t i;

	open_chain(argc, argv, true, &c);
	for (i = 0; i < c.count; i++)
		if (bundle_check(c.layer[i], &(struct check_options){0}, &e) <
		    0)
			fail(&e);
	if (chain_tree(&c, 0, &s, &e) < 0)
		fail(&e);
	snapshot_free(&s);
	chain_close(&c);
	return 0;
}

static void
say_omitted(void *arg, const struct entry *n)
{
	(void)arg;
	printf("omitted %s %.*s\n", entry_type_name(n->type), (int)n->path.len,
	    n->path.data);
}

static int
restore(int argc, char **argv)
{
	struct restore_options o = {.no_sync = opt.no_sync,
	    .omitted = say_omitted,
	    .max_files = (size_t)opt.files,
	    .threads = (int)opt.threads};
	int dir = open_dir(argv[0]);
	struct chain c;
	struct err e;

	open_chain(argc - 2, argv + 2, false, &c);
	if (restore_tree(&c, dir, argv[1], &o, &e) < 0)
		fail(&e);
	chain_close(&c);
	(void)close(dir);
	return 0;
}

static int
print_diff(struct diff *d)
{
	static const char mark[] = "+-M";
	struct diff_change c;
	struct err e;
	int r, n = 0;

	while ((r = diff_next(d, &c, &e)) > 0) {
		const struct entry *at =
		    c.kind == DIFF_REMOVED ? &c.before : &c.after;

		printf("%c %.*s\n", mark[c.kind], (int)at->path.len,
		    at->path.data);
		n++;
	}
	if (r < 0)
		fail(&e);
	return n > 0 ? 1 : 0;
}

static int
diff_live(char *name, const char *work)
{
	struct snapshot live = {0};
	struct scan_options so = {0};
	struct chain_walk w;
	struct snapshot_walk sw = {&live, 0};
	struct diff d = {.b = source_snapshot(&sw)};
	struct chain c;
	struct err e;
	int root = open_dir(work), r;

	open_chain(1, &name, false, &c);
	if (chain_walk_init(&w, &c, &e) < 0 ||
	    scan_tree(root, &so, &live, &e) < 0 ||
	    scan_hash(root, &live, &e) < 0)
		fail(&e);
	d.a = source_chain(&w);
	r = print_diff(&d);
	chain_walk_free(&w);
	chain_close(&c);
	snapshot_free(&live);
	(void)close(root);
	return r;
}

static int
compare(char **argv)
{
	struct chain_walk wa, wb;
	struct chain a, b;
	struct diff d = {0};
	struct err e;
	int r;

	open_chain(1, argv, false, &a);
	open_chain(1, argv + 1, false, &b);
	if (chain_walk_init(&wa, &a, &e) < 0 ||
	    chain_walk_init(&wb, &b, &e) < 0)
		fail(&e);
	d.a = source_chain(&wa);
	d.b = source_chain(&wb);
	r = print_diff(&d);
	chain_walk_free(&wa);
	chain_walk_free(&wb);
	chain_close(&a);
	chain_close(&b);
	return r;
}

struct squashing {
	struct chain chain;
	struct writer_options options;
	struct written out;
};

static int
fill(void *arg, int fd, struct err *e)
{
	struct squashing *s = arg;
	struct manifest m = {0};
	int r =
	    squash_write(&s->chain, fd, "squash", &s->options, &m, &s->out, e);

	manifest_free(&m);
	return r;
}

static int
squash(int argc, char **argv)
{
	struct squashing s = {.options.key = opt.has_key ? &opt.key : NULL};
	int dir = open_dir(argv[0]);
	struct err e;

	open_chain(argc - 2, argv + 2, true, &s.chain);
	if (save_durably(dir, argv[1], fill, &s, &e) < 0)
		fail(&e);
	print_id(&s.out.id);
	chain_close(&s.chain);
	(void)close(dir);
	return 0;
}

static int
sweep(const char *name)
{
	int dir = open_dir(name);
	struct err e;

	if (bundle_sweep(dir, &e) < 0)
		fail(&e);
	(void)close(dir);
	return 0;
}

int
main(int argc, char *argv[])
{
	const char *verb = argc > 1 ? argv[1] : "";
	int at;

	argc--;
	argv++;
	at = argc > 0 ? options(argc, argv) : 0;
	argc -= at;
	argv += at;
	if (strcmp(verb, "save") == 0)
		return save(argc, argv);
	if (strcmp(verb, "show") == 0 && argc == 1)
		return show(argv[0]);
	if (strcmp(verb, "list") == 0 && argc >= 1)
		return list(argc, argv);
	if (strcmp(verb, "cat") == 0 && argc >= 2)
		return cat(argv[0], argc - 1, argv + 1);
	if (strcmp(verb, "check") == 0 && argc >= 1)
		return check(argc, argv);
	if (strcmp(verb, "restore") == 0 && argc >= 3)
		return restore(argc, argv);
	if (strcmp(verb, "diff") == 0 && argc == 2)
		return diff_live(argv[0], argv[1]);
	if (strcmp(verb, "compare") == 0 && argc == 2)
		return compare(argv);
	if (strcmp(verb, "squash") == 0 && argc >= 3)
		return squash(argc, argv);
	if (strcmp(verb, "sweep") == 0 && argc == 1)
		return sweep(argv[0]);
	return 64;
}
