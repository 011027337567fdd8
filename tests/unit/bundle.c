/*
 * lib/bundle: the forms of lines, headers, tables and rules.
 */
#include <locale.h>
#include <string.h>

#include "base/clock.h"
#include "bundle/entry.h"
#include "bundle/ignore.h"
#include "bundle/seektable.h"
#include "bundle/tar.h"
#include "tap.h"

static struct slice
text(const char *s)
{
	return (struct slice){s, strlen(s)};
}

static void
test_order(void)
{
	static const char *const sorted[] = {"work", "work/a", "work/a/b",
	    "work/a/b/c", "work/a!", "work/a-b", "work/ab", "work/\xff"};
	size_t i, j;
	bool good = true;

	for (i = 0; i < COUNT_OF(sorted); i++)
		for (j = 0; j < COUNT_OF(sorted); j++) {
			int r = entry_compare(text(sorted[i]), text(sorted[j]));

			good =
			    good && (r < 0) == (i < j) && (r == 0) == (i == j);
		}
	ok(good, "a folder's contents follow it directly in the order");
}

static void
test_paths(void)
{
	static const char *const bad[] = {"", "/", "/work", "work/", "work//a",
	    "work/.", "work/..", "work/../a", "work/a/../../b", "etc/passwd",
	    "workx", "./work", "agent2/x", ".."};
	static const char *const good[] = {
	    "work", "work/a", "work/...", "work/.a", "work/a..", "agent/x"};
	char name[300];
	size_t i;

	for (i = 0; i < COUNT_OF(bad); i++)
		ok(!entry_path_good(text(bad[i])), "'%s' is no path", bad[i]);
	for (i = 0; i < COUNT_OF(good); i++)
		ok(entry_path_good(text(good[i])), "'%s' is one", good[i]);
	ok(!entry_path_good((struct slice){"work/a\0b", 8}),
	    "a path with a NUL is none");
	memset(name, 'x', sizeof(name));
	memcpy(name, "work/", 5);
	ok(entry_path_good((struct slice){name, 260}) &&
		!entry_path_good((struct slice){name, 261}),
	    "a component has at most 255 bytes");
}

#define HEX "98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"

static void
test_lines(void)
{
	static const char *const good[] = {
	    "{\"path\":\"work/a\",\"type\":\"file\",\"mode\":\"0644\","
	    "\"size\":3,\"sha256\":\"" HEX "\",\"mtime\":\"7.000000001\","
	    "\"frame\":2,\"offset\":512}",
	    "{\"path\":\"work/a\\n\\\\\",\"type\":\"dir\",\"mode\":\"1777\","
	    "\"mtime\":\"0.000000000\"}",
	    "{\"path64\":\"d29yay//\",\"type\":\"fifo\",\"mode\":\"0600\"}",
	    "{\"path\":\"work/l\",\"type\":\"symlink\",\"link\":\"../../x\","
	    "\"mtime\":\"1.500000000\"}",
	    "{\"path\":\"work/g\",\"type\":\"gone\"}",
	    "{\"path\":\"work/h\",\"type\":\"hardlink\",\"mode\":\"0644\","
	    "\"size\":3,\"sha256\":\"" HEX
	    "\",\"link\":\"work/a\",\"mtime\":\"7.000000001\"}"};
	static const char *const bad[] = {"", "{}",
	    "{\"path\":\"work/g\",\"type\":\"gone\"} ",
	    "{\"path\":\"work/g\",\"type\":\"gone\",\"x\":1}",
	    "{\"type\":\"gone\",\"path\":\"work/g\"}",
	    "{\"path\": \"work/g\",\"type\":\"gone\"}",
	    "{\"path\":\"work/\\u0067\",\"type\":\"gone\"}",
	    "{\"path\":\"work/\\u0000\",\"type\":\"gone\"}",
	    "{\"path\":\"work/\xff\",\"type\":\"gone\"}",
	    "{\"path\":\"../g\",\"type\":\"gone\"}",
	    "{\"path64\":\"d29yay9n\",\"type\":\"gone\"}",
	    "{\"path\":\"work/g\",\"type\":\"device\"}",
	    "{\"path\":\"work/d\",\"type\":\"dir\",\"mode\":\"4755\","
	    "\"mtime\":\"0.000000000\"}",
	    "{\"path\":\"work/h\",\"type\":\"hardlink\",\"mode\":\"0644\","
	    "\"size\":3,\"sha256\":\"" HEX
	    "\",\"link\":\"/etc/passwd\",\"mtime\":\"7.000000001\"}",
	    "{\"path\":\"work/a\",\"type\":\"file\",\"mode\":\"0644\","
	    "\"size\":03,\"sha256\":\"" HEX "\",\"mtime\":\"7.000000001\","
	    "\"frame\":2,\"offset\":512}",
	    "{\"path\":\"work/a\",\"type\":\"file\",\"mode\":\"0644\","
	    "\"size\":3,\"sha256\":\"" HEX "\",\"mtime\":\"7.000000001\","
	    "\"frame\":-2,\"offset\":512}"};
	struct entry_text room CLEANUP(entry_text_free) = {0};
	struct entry n;
	struct err e;
	size_t i;

	for (i = 0; i < COUNT_OF(good); i++) {
		struct buf b CLEANUP_BUF = {0};
		bool read =
		    entry_parse(good[i], strlen(good[i]), &room, &n, &e) == 0;

		if (read)
			entry_line(&b, &n);
		ok(read && b.len == strlen(good[i]) + 1 &&
			memcmp(b.data, good[i], b.len - 1) == 0,
		    "line %zu is read and written as it was", i);
	}
	for (i = 0; i < COUNT_OF(bad); i++)
		ok(entry_parse(bad[i], strlen(bad[i]), &room, &n, &e) < 0 &&
			e.status == EX_DATAERR,
		    "bad line %zu is refused", i);
}

/* A file with this name, size and time. */
static struct entry
file_entry(const char *path, size_t len, int64_t size, int64_t ns)
{
	return (struct entry){.path = {path, len},
	    .type = ENTRY_FILE,
	    .mode = 0644,
	    .size = size,
	    .mtime = ns};
}

/* How long its header is, 0 on failure. */
static size_t
header(struct tar *t, struct buf *b, const char *path, size_t len, int64_t size,
    int64_t ns)
{
	struct entry n = file_entry(path, len, size, ns);
	struct err e;

	buf_clear(b);
	return tar_header(t, b, &n, &e) < 0 ? 0 : b->len;
}

static bool
holds(const struct buf *b, const char *text)
{
	return memmem(buf_str(b), b->len, text, strlen(text)) != NULL;
}

static void
test_tar_plain(struct tar *t)
{
	struct buf b CLEANUP_BUF = {0};
	struct digest d;
	char hex[DIGEST_HEX + 1], path[300];

	ok(header(t, &b, "work/one", 8, 4, CLOCK_SECOND) == 512,
	    "a plain file has one block of header");
	digest_of(b.data, b.len, &d);
	digest_hex(&d, hex);
	ok(strcmp(hex, "ec9ebd3748e6e68877e9392660de701e"
		       "cb6fa4dba9150b929820b7e64adafb43") == 0,
	    "with a known digest (%s)", hex);
	ok(memcmp(b.data + 257, "ustar\00000", 8) == 0, "it is a ustar header");
	ok(tar_size(b.data) == 4, "its size is read back");
	memset(path, 'x', sizeof(path));
	memcpy(path, "work/", 5);
	ok(header(t, &b, path, 100, 0, 0) == 512, "a name of 100 bytes fits");
	ok(header(t, &b, path, 106, 0, 0) == 1536,
	    "one of 106 bytes without a slash at the right place does not");
	path[140] = '/';
	ok(header(t, &b, path, 241, 0, 0) == 512,
	    "one of 241 bytes with it is parted in two");
}

static void
test_tar_numbers(struct tar *t)
{
	struct buf b CLEANUP_BUF = {0};

	ok(header(t, &b, "work/one", 8, 4, CLOCK_SECOND + 1) == 1536 &&
		holds(&b, "21 mtime=1.000000001\n"),
	    "parts of a second need an extended header");
	ok(!holds(&b, "atime") && !holds(&b, "ctime") && !holds(&b, "dev=") &&
		!holds(&b, "ino=") && !holds(&b, "root"),
	    "which has no other times, no places and no owners");
	ok(header(t, &b, "work/one", 8, 4, 0x7ffffffe * CLOCK_SECOND) == 512,
	    "the last second but one of 32 bits needs none");
	ok(header(t, &b, "work/one", 8, 4, 0x80000000 * CLOCK_SECOND + 5) ==
		    1536 &&
		holds(&b, "30 mtime=2147483648.000000005\n"),
	    "times after them are kept");
	ok(header(t, &b, "work/one", 8, 4, INT64_MAX) == 1536 &&
		holds(&b, "30 mtime=9223372036.854775807\n"),
	    "to the last nanosecond of 64 bits");
	ok(header(t, &b, "work/one", 8, ((int64_t)8 << 30) - 1, 0) == 512,
	    "a file of a byte less than 8 GiB needs none");
	ok(header(t, &b, "work/one", 8, (int64_t)9 << 30, 0) == 1536 &&
		holds(&b, "19 size=9663676416\n"),
	    "one of 9 GiB does");
}

static void
test_tar_names(struct tar *t)
{
	struct buf b CLEANUP_BUF = {0};
	struct buf want CLEANUP_BUF = {0};
	char path[4001];

	ok(header(t, &b, "work/\xc3\xa9", 7, 0, 0) == 1536 &&
		holds(&b, "16 path=work/\xc3\xa9\n") && !holds(&b, "BINARY"),
	    "a name in UTF-8 stands in it as it is");
	ok(header(t, &b, "work/e\xcc\x81", 8, 0, 0) == 1536 &&
		holds(&b, "17 path=work/e\xcc\x81\n"),
	    "and is not composed");
	ok(header(t, &b, "work/\xff", 6, 0, 0) == 1536 &&
		holds(&b, "21 hdrcharset=BINARY\n15 path=work/\xff\n"),
	    "one that is not UTF-8 says so, and is kept");
	ok(header(t, &b, "work/\xed\xa0\xbd\xed\xb8\x80", 11, 0, 0) == 1536 &&
		holds(&b, "BINARY\n20 path=work/\xed\xa0\xbd\xed\xb8\x80\n"),
	    "so is one of surrogates");
	memset(path, 'y', sizeof(path));
	memcpy(path, "work/", 5);
	path[4000] = '\0';
	buf_printf(&want, "4011 path=%s\n", path);
	ok(header(t, &b, path, 4000, 0, 0) == 512 + 4096 + 512 &&
		holds(&b, buf_str(&want)),
	    "a name of 4,000 bytes is whole");
}

static void
test_tar_kinds(struct tar *t)
{
	struct entry n = file_entry("work/d", 6, 0, 0);
	struct buf b CLEANUP_BUF = {0};
	struct err e;

	n.type = ENTRY_DIR;
	ok(tar_header(t, &b, &n, &e) == 0 && b.len == 512 &&
		memcmp(b.data, "work/d/", 8) == 0 && b.data[156] == '5',
	    "a folder's name ends in a slash");
	buf_clear(&b);
	n.type = ENTRY_SYMLINK;
	n.link = (struct slice){"a\xff", 2};
	ok(tar_header(t, &b, &n, &e) == 0 && b.len == 1536 &&
		holds(&b, "BINARY\n15 linkpath=a\xff\n") &&
		b.data[1024 + 156] == '2' && holds(&b, "000777 "),
	    "a link's text may be any bytes");
	buf_clear(&b);
	n.type = ENTRY_HARDLINK;
	n.size = (int64_t)9 << 30;
	n.link = (struct slice){"work/a", 6};
	ok(tar_header(t, &b, &n, &e) == 0 && b.len == 512 &&
		b.data[156] == '1' && memcmp(b.data + 157, "work/a", 7) == 0 &&
		tar_size(b.data) == 0,
	    "a hard link names its file and has no contents");
	buf_clear(&b);
	n.type = ENTRY_GONE;
	ok(tar_header(t, &b, &n, &e) == 0 && b.len == 512 &&
		memcmp(b.data, "work/.wh.d", 11) == 0 && b.data[156] == '0' &&
		tar_size(b.data) == 0,
	    "a removed path is an empty file");
}

static void
add_character(struct buf *b, uint32_t c)
{
	if (c < 0x800)
		buf_putc(b, (char)(0xc0 | c >> 6));
	else if (c < 0x10000)
		buf_putc(b, (char)(0xe0 | c >> 12));
	else {
		buf_putc(b, (char)(0xf0 | c >> 18));
		buf_putc(b, (char)(0x80 | (c >> 12 & 0x3f)));
	}
	if (c >= 0x800)
		buf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
	buf_putc(b, (char)(0x80 | (c & 0x3f)));
}

/* Every character, in names of 1,000: none is left out or changed. */
static void
test_tar_characters(struct tar *t)
{
	struct buf b CLEANUP_BUF = {0};
	uint32_t c, bad = 0;

	for (c = 0x80; c < 0x110000;) {
		struct buf path CLEANUP_BUF = {0};
		size_t i;

		buf_puts(&path, "work/");
		for (i = 0; i < 1000 && c < 0x110000; c++)
			if ((c < 0xd800 || c > 0xdfff) && ++i > 0)
				add_character(&path, c);
		bad += header(t, &b, path.data, path.len, 0, 0) == 0 ||
		       holds(&b, "BINARY") || !holds(&b, buf_str(&path));
	}
	ok(bad == 0, "no character of Unicode is changed (%u)", bad);
}

static void
test_tar_alone(struct tar *t)
{
	struct tar *other CLEANUP_TAR = NULL;
	struct buf a CLEANUP_BUF = {0}, b CLEANUP_BUF = {0};
	size_t before;

	tar_new(&other);
	before = header(other, &a, "work/\xc3\xa9", 7, 3, 7);
	(void)setlocale(LC_ALL, "C.UTF-8");
	ok(header(t, &b, "work/\xc3\xa9", 7, 3, 7) == before &&
		memcmp(a.data, b.data, before) == 0,
	    "headers depend neither on the locale nor on those before");
	(void)setlocale(LC_ALL, "C");
}

static void
test_tar(void)
{
	struct tar *t CLEANUP_TAR = NULL;

	tar_new(&t);
	test_tar_plain(t);
	test_tar_numbers(t);
	test_tar_names(t);
	test_tar_kinds(t);
	test_tar_characters(t);
	test_tar_alone(t);
}

static void
test_seek_table(void)
{
	/* As the format's description has it. */
	static const unsigned char known[] = {0x5d, 0x2a, 0x4d, 0x18, 0x10, 0,
	    0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0x5e,
	    0x2a, 0x4d, 0x18, 0x19, 0, 0, 0, 0x0a, 0, 0, 0, 0x14, 0, 0, 0, 0x0b,
	    0, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0, 0, 0xb1, 0xea, 0x92, 0x8f};
	struct seek_table t = {.sum = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
				   13, 14, 15, 16}},
			  got = {0};
	struct buf b CLEANUP_BUF = {0};
	unsigned char bad[sizeof(known)];
	struct err e;
	bool refused = true;
	size_t i;

	seek_add(&t, 10, 20);
	seek_add(&t, 11, 512);
	seek_write(&t, &b);
	ok(b.len == sizeof(known) && memcmp(b.data, known, b.len) == 0,
	    "a seek table is written to the byte");
	ok(seek_parse(b.data, b.len, (int64_t)b.len + 21, &got, &e) == 0 &&
		got.count == 2 && got.frame[1].at == 10 &&
		got.frame[1].start == 20 && got.size == 532 &&
		memcmp(got.sum, t.sum, SEEK_SUM) == 0,
	    "and read");
	seek_free(&got);
	ok(seek_parse(b.data, b.len, (int64_t)b.len + 22, &got, &e) < 0,
	    "a file with a byte more than its frames is refused");
	for (i = 0; i < sizeof(known); i++) {
		/* Frames are proved by unpacking and summing them. */
		if ((i >= 8 && i < 24) || (i >= 36 && i < 40) ||
		    (i >= 44 && i < 48))
			continue;
		memcpy(bad, known, sizeof(known));
		bad[i] ^= 0x10;
		if (seek_parse((const char *)bad, sizeof(bad),
			(int64_t)sizeof(bad) + 21, &got, &e) == 0) {
			refused = false;
			seek_free(&got);
		}
	}
	ok(refused, "a changed byte of it is noticed");
	memcpy(bad, known, sizeof(known));
	bad[39] = 0x20;
	ok(seek_parse((const char *)bad, sizeof(bad), (int64_t)sizeof(bad) + 21,
	       &got, &e) < 0,
	    "a frame of half a gigabyte is refused");
	seek_free(&t);
}

static bool
ignored(const char *rules, const char *path)
{
	struct ignore g CLEANUP(ignore_free) = {0};
	size_t len = strlen(path);
	bool folder = path[len - 1] == '/';

	ignore_add(&g, rules, strlen(rules), 0);
	return ignore_matches(&g, path, len - folder, folder);
}

static void
test_ignore(void)
{
	static const struct {
		const char *rules, *path;
		bool want;
	} all[] = {{"*.o", "a.o", true}, {"*.o", "x/y/a.o", true},
	    {"*.o", "a.oo", false}, {"# a", "# a", false}, {"\\#a", "#a", true},
	    {"\\!a", "!a", true}, {"*.o\n!b.o", "b.o", false},
	    {"!b.o\n*.o", "b.o", true}, {"d/", "d/", true}, {"d/", "d", false},
	    {"d/", "x/d/", true}, {"/d", "d", true}, {"/d", "x/d", false},
	    {"a/b", "a/b", true}, {"a/b", "x/a/b", false}, {"a/*", "a/b", true},
	    {"a/*", "a/b/c", false}, {"**/b", "b", true},
	    {"**/b", "x/y/b", true}, {"a/**", "a/b/c", true},
	    {"a/**", "a", false}, {"a/**/b", "a/b", true},
	    {"a/**/b", "a/x/y/b", true}, {"a/**/b", "a/x/y/c", false},
	    {"a/**/b/**/c", "a/b/x/b/y/c", true}, {"?x", "ax", true},
	    {"?x", "x", false}, {"[a-c]", "b", true}, {"[!a-c]", "b", false},
	    {"[^a-c]", "d", true}, {"[]a]", "]", true}, {"[a", "[a", true},
	    {"a ", "a", true}, {"a\\ ", "a ", true}, {"a\r\n", "a", true},
	    {"*a*b*c*", "xxaxxbxxcxx", true}, {"*a*b*c*", "xxaxxcxxb", false},
	    {"a**b", "axxb", true}, {"\n\n", "a", false}, {"/", "a", false}};
	char stars[200], name[256];
	size_t i;
	int64_t start = clock_mono();

	for (i = 0; i < COUNT_OF(all); i++)
		ok(ignored(all[i].rules, all[i].path) == all[i].want,
		    "rule %zu %s '%s'", i,
		    all[i].want ? "matches" : "does not match", all[i].path);
	for (i = 0; i + 1 < sizeof(stars); i += 2)
		memcpy(stars + i, "*a", 2);
	stars[sizeof(stars) - 1] = '\0';
	memset(name, 'a', sizeof(name) - 1);
	name[0] = 'b';
	name[254] = 'b';
	name[255] = '\0';
	for (i = 0; i < 100; i++)
		(void)ignored(stars, name);
	ok(clock_mono() - start < 5 * CLOCK_SECOND,
	    "a hundred stars take no time");
}

int
main(void)
{
	test_order();
	test_paths();
	test_lines();
	test_tar();
	test_seek_table();
	test_ignore();
	return done();
}
