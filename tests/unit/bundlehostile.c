/*
 * Bundles made to harm: right in every digest, wrong in what they hold; and
 * files that do not keep still.  Nothing is written outside of the target,
 * and nothing is half restored.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "bundle/check.h"
#include "bundle/names.h"
#include "bundle/restore.h"
#include "bundle/save.h"
#include "tap.h"

static struct slice
text(const char *s)
{
	return (struct slice){s, strlen(s)};
}

struct bad_entry {
	struct entry n;
	const char *contents;
	const char *line; /* in the index instead of its own */
	bool no_line;
};

static struct entry
file_entry(const char *path)
{
	return (struct entry){
	    .path = text(path), .type = ENTRY_FILE, .mode = 0644};
}

static struct entry
other_entry(const char *path, enum entry_type t, const char *link)
{
	return (struct entry){
	    .path = text(path), .type = t, .mode = 0755, .link = text(link)};
}

/* The bundle with these entries, whose digests are all right. */
static int
make_bundle(struct bad_entry *bad, size_t count, bool full)
{
	static char agent[] = "A";
	struct manifest m = {
	    .agent = mem_strdup(agent), .full = full, .time = CLOCK_SECOND};
	struct writer_agent a = {.state = {"{}", 2}, .grants = {"[]", 2}};
	struct slice none = {"", 0};
	struct buf lines CLEANUP_BUF = {0};
	struct writer w;
	struct written out;
	struct err e = {0};
	size_t i;
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	a.journal = content_bytes(&none);
	if (!full)
		m.has_parent = true;
	writer_init(&w, fd, "memory", &(struct writer_options){0}, &m);
	if (writer_head(&w, &a, &e) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		struct slice s = text(bad[i].contents ? bad[i].contents : "");
		struct content c = content_bytes(&s);
		size_t before = w.work.index.len;

		if (bad[i].n.type == ENTRY_FILE)
			bad[i].n.size = c.size;
		if (writer_entry(&w, &bad[i].n, &c, &e) < 0)
			return -1;
		m.files += bad[i].n.type == ENTRY_FILE;
		m.bytes += bad[i].n.type == ENTRY_FILE ? c.size : 0;
		if (bad[i].line != NULL || bad[i].no_line)
			buf_cut(&w.work.index, before);
		if (bad[i].line != NULL)
			buf_puts(&w.work.index, bad[i].line);
		if (bad[i].no_line)
			m.entries--;
		else
			entry_tree_line(&lines, &bad[i].n);
	}
	digest_of(buf_str(&lines), lines.len, &m.work);
	i = writer_finish(&w, &out, &e) < 0;
	writer_free(&w);
	manifest_free(&m);
	return i == 0 ? fd : -1;
}

/* 0, or the status of the first thing that fails: opening, proving,
 * restoring to `name` in `dir`. */
static int
try_bundle(int fd, int dir, const char *name, bool prove)
{
	struct reader_options ro = {0};
	struct restore_options o = {.no_sync = true};
	struct chain c = {0};
	struct bundle *b;
	struct err e = {0};
	int r;

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	if (bundle_open(fd, "memory", &ro, &b, &e) < 0)
		return e.status;
	if (prove && bundle_check(b, &(struct check_options){0}, &e) < 0) {
		bundle_close(b);
		return e.status;
	}
	if (chain_open(b, NULL, false, &c, &e) < 0)
		return e.status;
	r = restore_tree(&c, dir, name, &o, &e);
	chain_close(&c);
	return r < 0 ? e.status : 0;
}

/* How many names the folder holds. */
static size_t
names_in(const char *path)
{
	struct names n = {0};
	struct err e;
	size_t count = 99;
	int fd;

	if (file_open_dir(path, false, &fd, &e) < 0)
		return 99;
	if (names_read(fd, &n, &e) == 0)
		count = n.count;
	names_free(&n);
	(void)close(fd);
	return count;
}

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define TOP                                                           \
	{                                                             \
		other_entry("work", ENTRY_DIR, ""), NULL, NULL, false \
	}

/* Restoring it fails with 65 and leaves the folder empty. */
static void
refused(const char *why, struct bad_entry *bad, size_t count)
{
	int dir, fd, got;
	struct err e;

	(void)mkdir("in", 0700);
	if (file_open_dir("in", false, &dir, &e) < 0)
		return;
	fd = make_bundle(bad, count, true);
	got = try_bundle(fd, dir, "out", false);
	ok(got == EX_DATAERR && names_in("in") == 0, "%s (%d)", why, got);
	(void)close(dir);
}

static void
test_good(void)
{
	struct bad_entry all[] = {TOP,
	    {file_entry("work/a"), "text", NULL, false},
	    {other_entry("work/c", ENTRY_CHAR, ""), NULL, NULL, false},
	    {other_entry("work/d", ENTRY_DIR, ""), NULL, NULL, false},
	    {file_entry("work/d/f"), "more", NULL, false},
	    {other_entry("work/l", ENTRY_SYMLINK, "/etc"), NULL, NULL, false}};
	struct stat st;
	struct err e;
	int dir, got;

	(void)mkdir("good", 0700);
	if (file_open_dir("good", false, &dir, &e) < 0)
		return;
	got =
	    try_bundle(make_bundle(all, COUNT_OF(all), true), dir, "out", true);
	ok(got == 0 && names_in("good") == 1, "a good bundle is restored");
	ok(names_in("good/out") == 3 && names_in("good/out/d") == 1,
	    "with all that it holds");
	ok(lstat("good/out/c", &st) < 0, "but for its devices");
	(void)close(dir);
}

static void
test_names(void)
{
	struct bad_entry up[] = {
	    TOP, {file_entry("work/../evil"), "x", NULL, false}};
	struct bad_entry absolute[] = {
	    TOP, {file_entry("/tmp/evil"), "x", NULL, false}};
	struct bad_entry other[] = {
	    TOP, {file_entry("evil"), "x", NULL, false}};
	struct bad_entry twice[] = {TOP,
	    {file_entry("work/a"), "x", NULL, false},
	    {file_entry("work/a"), "y", NULL, false}};
	struct bad_entry order[] = {TOP,
	    {file_entry("work/b"), "x", NULL, false},
	    {file_entry("work/a"), "y", NULL, false}};
	struct bad_entry orphan[] = {
	    TOP, {file_entry("work/d/a"), "x", NULL, false}};
	struct bad_entry topless[] = {{file_entry("work/a"), "x", NULL, false}};
	struct bad_entry top_link[] = {
	    {other_entry("work", ENTRY_SYMLINK, "/tmp"), NULL, NULL, false}};

	refused("a path that leads out is refused", up, 2);
	refused("an absolute path is refused", absolute, 2);
	refused("a path outside of the tree is refused", other, 2);
	refused("a path that comes twice is refused", twice, 3);
	refused("paths out of order are refused", order, 3);
	refused("a file without its folder is refused", orphan, 2);
	refused("a tree without its top is refused", topless, 1);
	refused("a tree whose top is a link is refused", top_link, 1);
}

static void
test_links(void)
{
	struct bad_entry through[] = {TOP,
	    {other_entry("work/l", ENTRY_SYMLINK, ".."), NULL, NULL, false},
	    {file_entry("work/l/evil"), "x", NULL, false}};
	struct bad_entry hard_out[] = {
	    TOP, {other_entry("work/h", ENTRY_HARDLINK, "/etc/passwd"), NULL,
		     NULL, false}};
	struct bad_entry hard_up[] = {
	    TOP, {other_entry("work/h", ENTRY_HARDLINK, "work/../x"), NULL,
		     NULL, false}};
	struct bad_entry hard_none[] = {
	    TOP, {other_entry("work/h", ENTRY_HARDLINK, "work/a"), NULL, NULL,
		     false}};
	struct bad_entry hard_link[] = {TOP,
	    {other_entry("work/a", ENTRY_SYMLINK, "/etc/passwd"), NULL, NULL,
		false},
	    {other_entry("work/h", ENTRY_HARDLINK, "work/a"), NULL, NULL,
		false}};

	refused("a file below a link is refused", through, 3);
	refused("a hard link to outside is refused", hard_out, 2);
	refused("one that leads out is refused", hard_up, 2);
	refused("one to nothing is refused", hard_none, 2);
	refused("one to a link is refused", hard_link, 3);
}

static void
test_lies(void)
{
	struct bad_entry digest[] = {TOP,
	    {file_entry("work/a"), "x",
		"{\"path\":\"work/a\",\"type\":\"file\",\"mode\":\"0644\","
		"\"size\":1,\"sha256\":\"" ZERO
		"\",\"mtime\":\"0.000000000\",\"frame\":1,\"offset\":2048}\n",
		false}};
	struct bad_entry size[] = {TOP,
	    {file_entry("work/a"), "x",
		"{\"path\":\"work/a\",\"type\":\"file\",\"mode\":\"0644\","
		"\"size\":99999999999,\"sha256\":\"" ZERO
		"\",\"mtime\":\"0.000000000\",\"frame\":1,\"offset\":2048}\n",
		false}};
	struct bad_entry frame[] = {TOP,
	    {file_entry("work/a"), "x",
		"{\"path\":\"work/a\",\"type\":\"file\",\"mode\":\"0644\","
		"\"size\":1,\"sha256\":\"" ZERO
		"\",\"mtime\":\"0.000000000\",\"frame\":77,\"offset\":0}\n",
		false}};
	struct bad_entry set_id[] = {TOP,
	    {file_entry("work/a"), "x",
		"{\"path\":\"work/a\",\"type\":\"file\",\"mode\":\"4755\","
		"\"size\":1,\"sha256\":\"" ZERO
		"\",\"mtime\":\"0.000000000\",\"frame\":1,\"offset\":2048}\n",
		false}};

	refused("an index with a wrong digest is refused", digest, 2);
	refused("one with a wrong size is refused", size, 2);
	refused("one with a wrong place is refused", frame, 2);
	refused("a set-id bit is refused", set_id, 2);
}

/* What tar would unpack, and the index does not say. */
static void
test_hidden(void)
{
	struct bad_entry hidden[] = {TOP,
	    {file_entry("work/a"), "x", NULL, false},
	    {file_entry("work/b"), "evil", NULL, true}};
	struct bad_entry below[] = {TOP,
	    {other_entry("work/l", ENTRY_SYMLINK, "/tmp"), NULL, NULL, true},
	    {file_entry("work/l/x"), "evil", NULL, true}};
	int dir, got;
	struct err e;

	(void)mkdir("hid", 0700);
	if (file_open_dir("hid", false, &dir, &e) < 0)
		return;
	got = try_bundle(make_bundle(hidden, 3, true), dir, "one", false);
	ok(got == 0 && names_in("hid/one") == 1,
	    "a member that the index does not name is not restored");
	got = try_bundle(make_bundle(hidden, 3, true), dir, "two", true);
	ok(got == EX_DATAERR, "and makes a bundle fail its proof");
	got = try_bundle(make_bundle(below, 3, true), dir, "two", true);
	ok(got == EX_DATAERR, "so does one behind a link");
	(void)close(dir);
}

/* Every cut is refused, and so is every changed byte: also one that changes
 * nothing of what is unpacked. */
static void
test_bytes(void)
{
	struct bad_entry all[] = {TOP,
	    {file_entry("work/a"), "some text", NULL, false},
	    {other_entry("work/l", ENTRY_SYMLINK, "a"), NULL, NULL, false}};
	struct buf b CLEANUP_BUF = {0};
	int fd = make_bundle(all, 3, true), dir, got;
	size_t i, cuts = 0, flips = 0;
	struct err e;

	(void)mkdir("bytes", 0700);
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    file_read_fd(fd, "memory", 1 << 20, &b, &e) < 0 ||
	    file_open_dir("bytes", false, &dir, &e) < 0)
		return;
	for (i = 0; i < 2 * b.len; i++) {
		size_t at = i % b.len, len = i < b.len ? at : b.len;
		int copy = memfd_create("bundle", MFD_CLOEXEC);

		if (i >= b.len)
			b.data[at] ^= 0x01;
		(void)file_write_all(copy, b.data, len, "copy", &e);
		if (i >= b.len)
			b.data[at] ^= 0x01;
		got = try_bundle(copy, dir, "out", true);
		if (i < b.len)
			cuts += got == EX_DATAERR;
		else
			flips += got == EX_DATAERR || got == EX_LIMIT;
		if (got == 0)
			(void)file_remove_tree(dir, "out", &e);
	}
	ok(cuts == b.len, "a bundle cut at any of its %zu bytes is refused",
	    b.len);
	ok(flips == b.len, "a changed byte is noticed, whichever of %zu",
	    b.len);
	ok(names_in("bytes") == 0, "and nothing is left of any");
	(void)close(dir);
	(void)close(fd);
}

/* ---- files that do not keep still ----------------------------------------- */

static struct writer_agent
nothing(struct slice *none)
{
	*none = (struct slice){"", 0};
	return (struct writer_agent){.state = {"{}", 2},
	    .grants = {"[]", 2},
	    .journal = content_bytes(none)};
}

static void
put_text(const char *path, const char *s)
{
	struct err e;

	(void)file_cache(AT_FDCWD, path, s, strlen(s), &e);
}

/* Save `root` as it was scanned before; the status. */
static int
save_scanned(int root, struct snapshot *tree, int fd, struct err *e)
{
	struct slice none;
	struct writer_agent a = nothing(&none);
	struct manifest m = {.agent = mem_strdup("A"), .time = CLOCK_SECOND};
	struct save s = {.root = root, .tree = tree, .agent = &a};
	struct written w;
	int r;

	e->status = 0;
	r = save_write(&s, fd, "memory", &m, &w, e);
	manifest_free(&m);
	return r < 0 ? e->status : 0;
}

/* Between the look and the read one file goes, one comes, one grows. */
static void
test_moving(void)
{
	struct snapshot tree = {0};
	struct scan_options so = {0};
	int root, dir, fd = memfd_create("b", MFD_CLOEXEC), r;
	struct buf b CLEANUP_BUF = {0};
	struct err e = {0};

	(void)mkdir("mv", 0700);
	(void)mkdir("mvout", 0700);
	if (file_open_dir("mv", false, &root, &e) < 0 ||
	    file_open_dir("mvout", false, &dir, &e) < 0 || fchdir(root) < 0)
		return;
	put_text("gone", "x");
	put_text("grows", "short");
	put_text("first", "linked");
	(void)!link("first", "second");
	(void)!link("first", "third");
	r = scan_tree(root, &so, &tree, &e);
	put_text("grows", "much longer than it was");
	(void)unlink("gone");
	(void)unlink("first");
	(void)!fchdir(dir);
	(void)!chdir("..");
	if (r == 0)
		r = save_scanned(root, &tree, fd, &e);
	ok(r == 0, "files that vanish or change before they are read are no "
		   "error");
	r = try_bundle(fd, dir, "out", true);
	ok(r == 0 && names_in("mvout/out") == 3,
	    "what vanished is left out (%d)", r);
	ok(file_read(AT_FDCWD, "mvout/out/grows", 99, &b, &e) == 0 &&
		strcmp(b.data, "much longer than it was") == 0,
	    "what changed is as it was read");
	buf_clear(&b);
	ok(file_read(AT_FDCWD, "mvout/out/third", 99, &b, &e) == 0 &&
		strcmp(b.data, "linked") == 0,
	    "of a file with several names the next takes its place");
	snapshot_free(&tree);
	(void)close(root);
	(void)close(dir);
}

static atomic_bool stop;

static void *
scribble(void *arg)
{
	int fd = open(arg, O_WRONLY | O_APPEND | O_CLOEXEC);

	while (!atomic_load(&stop))
		if (write(fd, "x", 1) < 0)
			break;
	(void)close(fd);
	return NULL;
}

static void
test_restless(void)
{
	struct snapshot tree = {0};
	struct scan_options so = {0};
	int root, fd = memfd_create("b", MFD_CLOEXEC), big, r;
	static char path[] = "busy/large";
	pthread_t t;
	struct err e = {0};

	(void)mkdir("busy", 0700);
	big = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (big < 0 || ftruncate(big, 48 << 20) < 0 ||
	    file_open_dir("busy", false, &root, &e) < 0 ||
	    pthread_create(&t, NULL, scribble, path) != 0)
		return;
	r = scan_tree(root, &so, &tree, &e);
	if (r == 0)
		r = save_scanned(root, &tree, fd, &e);
	ok(r == EX_TEMPFAIL && strstr(e.msg, "'large'") != NULL,
	    "a file that does not keep still is an error that names it (%d: "
	    "%s)",
	    r, e.msg);
	snapshot_free(&tree);
	atomic_store(&stop, true);
	(void)pthread_join(t, NULL);
	(void)!ftruncate(fd, 0);
	(void)lseek(fd, 0, SEEK_SET);
	r = scan_tree(root, &so, &tree, &e);
	if (r == 0)
		r = save_scanned(root, &tree, fd, &e);
	ok(r == 0, "once it does it is saved");
	snapshot_free(&tree);
	(void)close(root);
	(void)close(big);
	(void)close(fd);
}

static void
test_policy(void)
{
	struct manifest m = {.full_bytes = 100, .delta_bytes = 100};

	ok(!save_wants_full(&m), "deltas as large as the full bundle are well");
	m.delta_bytes++;
	ok(save_wants_full(&m), "once they outweigh it a full one follows");
	m = (struct manifest){.full_bytes = 100, .deltas = 62};
	ok(!save_wants_full(&m), "so does one after 63 deltas, not before");
	m.deltas++;
	ok(save_wants_full(&m), "but then");
}

int
main(void)
{
	test_policy();
	test_good();
	test_names();
	test_links();
	test_lies();
	test_hidden();
	test_bytes();
	test_moving();
	test_restless();
	return done();
}
