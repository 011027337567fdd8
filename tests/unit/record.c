/* One line of a journal: its form to the byte, and every change is found. */
#include "journal/record.h"

#include <string.h>

#include "base/mem.h"
#include "tap.h"

/* The digests are those that sha256sum(1) prints; tests/cli/journal.t makes
 * such lines with a shell alone. */
#define PREV  "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"
#define SUM   "6386f76c48b6eb339aee33ce9a02e8572c8ceb1696fafb527252831926777566"
#define TIME  "2026-11-22T23:01:02.123456Z"
#define BODY  "{\"salt\":\"0123456789abcdef\",\"text\":\"caf\\u00e9\"}"
#define TAIL  "\"prev\":\"" PREV "\",\"sum\":\"" SUM "\",\"body\":" BODY "}"
#define FIRST "{\"seq\":12,\"time\":\"" TIME "\",\"type\":\"tool.call\","
#define ALONE FIRST TAIL
#define GROUP FIRST "\"more\":true," TAIL
#define DIGEST \
	"d4c9ff7c82607bb25f6cc6ef7818cd263df0bc4da982d5524daba25b38c3e9f9"
#define DIGEST_MORE \
	"4331e81df5ca7b1ee6edb3ad9c79c4826cadb36f7e432c90c828e1c3dbf277a6"

static bool
is_hex(const struct digest *d, const char *hex)
{
	char text[DIGEST_HEX + 1];

	digest_hex(d, text);
	return strcmp(text, hex) == 0;
}

static struct record
example(bool more)
{
	struct record r = {.seq = 12,
	    .time = 1795388462123456000,
	    .type = RECORD_TOOL_CALL,
	    .more = more,
	    .body = {BODY, strlen(BODY)}};

	(void)digest_parse(PREV, DIGEST_HEX, &r.prev);
	return r;
}

static void
test_write(void)
{
	struct buf out CLEANUP_BUF = {0};
	struct record r = example(false);

	record_write(&r, &out);
	ok(strcmp(buf_str(&out), ALONE "\n") == 0,
	    "a record is written to the byte as agent-journal(5) has it");
	ok(is_hex(&r.sum, SUM), "its sum is the SHA-256 of the body's bytes");
	ok(is_hex(&r.digest, DIGEST),
	    "its digest is that of the line up to ,\"body\":");
	buf_clear(&out);
	r = example(true);
	record_write(&r, &out);
	ok(strcmp(buf_str(&out), GROUP "\n") == 0 &&
		is_hex(&r.digest, DIGEST_MORE),
	    "in a group that goes on \"more\":true stands after the type");
}

static void
test_parse(void)
{
	struct record r;
	struct err e;

	ok(record_parse(GROUP, strlen(GROUP), &r, &e) == 0 && r.seq == 12 &&
		r.time == 1795388462123456000 && r.type == RECORD_TOOL_CALL &&
		r.more && is_hex(&r.prev, PREV) && is_hex(&r.sum, SUM) &&
		is_hex(&r.digest, DIGEST_MORE),
	    "a line is read back, every member of it");
	ok(r.body.len == strlen(BODY) &&
		memcmp(r.body.data, BODY, r.body.len) == 0 &&
		r.line.len == strlen(GROUP),
	    "its body is the bytes as they stand");
	ok(record_parse(ALONE, strlen(ALONE), &r, &e) == 0 && !r.more,
	    "and the last of a group");
}

/* Changed to `byte` at `at`, is the line refused, or another record? */
static bool
found(const char *line, size_t at, char byte)
{
	char *copy CLEANUP_FREE = mem_strdup(line);
	struct digest before;
	struct record r;
	struct err e;

	if (record_parse(line, strlen(line), &r, &e) < 0)
		return false;
	before = r.digest;
	copy[at] = byte;
	if (record_parse(copy, strlen(line), &r, &e) < 0)
		return e.status == EX_DATAERR;
	return !digest_equal(&r.digest, &before);
}

static void
test_every_byte(void)
{
	size_t len = strlen(GROUP), at, missed = 0;
	int byte;

	for (at = 0; at < len; at++)
		for (byte = 0; byte < 256; byte++)
			if ((char)byte != GROUP[at] &&
			    !found(GROUP, at, (char)byte))
				missed++;
	ok(missed == 0,
	    "every other value of every byte is refused, or breaks the chain "
	    "(%zu were missed)",
	    missed);
}

static void
test_cut(void)
{
	size_t len = strlen(GROUP), at, taken = 0;
	struct record r = {.seq = 7};
	struct err e;

	for (at = 0; at < len; at++)
		if (record_parse(GROUP, at, &r, &e) == 0 ||
		    e.status != EX_DATAERR)
			taken++;
	ok(taken == 0, "a line that is cut is refused, wherever the cut is");
	ok(r.seq == 7, "which leaves the caller's record alone");
}

static void
test_redacted(void)
{
	static const char line[] =
	    FIRST "\"prev\":\"" PREV "\",\"sum\":\"" SUM "\",\"body\":null}";
	struct record r;
	struct err e;

	ok(record_parse(line, strlen(line), &r, &e) == 0 &&
		record_redacted(&r) && is_hex(&r.digest, DIGEST),
	    "a body that was redacted leaves the record's digest as it was");
	ok(record_parse(ALONE, strlen(ALONE), &r, &e) == 0 &&
		!record_redacted(&r),
	    "and a record that was not is told from it");
}

/* Lines that differ from the right one in one place. */
static void
test_forms(void)
{
#define LINE(seq, time, rest)                                   \
	"{\"seq\":" seq ",\"time\":\"" time "\",\"type\":" rest \
	",\"prev\":\"" PREV "\",\"sum\":\"" SUM "\",\"body\":" BODY "}"
	static const struct {
		const char *line, *what;
		bool good;
	} forms[] = {
	    {LINE("1", TIME, "\"goal\""), "the right one", true},
	    {LINE("0", TIME, "\"goal\""), "number 0", false},
	    {LINE("01", TIME, "\"goal\""), "a leading zero", false},
	    {LINE("-1", TIME, "\"goal\""), "a negative number", false},
	    {LINE("+1", TIME, "\"goal\""), "a plus sign", false},
	    {LINE(" 1", TIME, "\"goal\""), "a space", false},
	    {LINE("1.0", TIME, "\"goal\""), "a fraction", false},
	    {LINE("9007199254740992", TIME, "\"goal\""), "2^53", true},
	    {LINE("9007199254740993", TIME, "\"goal\""), "2^53 + 1", false},
	    {LINE("1", "2026-11-22T23:01:02.123Z", "\"goal\""),
		"fewer decimals", false},
	    {LINE("1", "2026-11-23T00:01:02.123456+01:00", "\"goal\""),
		"another zone", false},
	    {LINE("1", "2026-02-30T00:01:02.123456Z", "\"goal\""),
		"no such day", false},
	    {LINE("1", TIME, "\"goals\""), "no such type", false},
	    {LINE("1", TIME, "\"goal\",\"more\":true"), "more", true},
	    {LINE("1", TIME, "\"goal\",\"more\":false"), "more: false", false},
	    {LINE("1", TIME, "\"goal\",\"x\":1"), "another member", false},
	    {LINE("1", TIME, "\"goal\"") " ", "a space behind it", false},
	    {LINE("1", TIME, "\"goal\"") "\r", "a CR behind it", false},
	    {" " LINE("1", TIME, "\"goal\""), "a space before it", false},
	    {"", "nothing", false},
	};
	struct record r;
	struct err e;
	size_t i;

	for (i = 0; i < COUNT_OF(forms); i++)
		ok((record_parse(forms[i].line, strlen(forms[i].line), &r,
			&e) == 0) == forms[i].good,
		    "%s is %s", forms[i].what,
		    forms[i].good ? "read" : "refused");
}

/* C's strings end where a line need not. */
static void
test_nul(void)
{
	static const char good[] = LINE("123", TIME, "\"goal\"");
	char line[sizeof(good)];
	struct record r;
	struct err e;
	size_t at, taken = 0;

	for (at = 0; at + 1 < sizeof(good); at++) {
		memcpy(line, good, sizeof(good));
		line[at] = '\0';
		if (record_parse(line, sizeof(line) - 1, &r, &e) == 0)
			taken++;
	}
	ok(taken == 0, "a NUL is refused wherever it stands");
}

static void
test_types(void)
{
	enum record_type t;
	bool good = true;

	for (t = 0; t < RECORD_TYPES; t++)
		good = good && record_type_parse(record_type_name(t),
				   strlen(record_type_name(t))) == t;
	ok(good, "every type's name is read back");
	ok(record_type_parse("goalx", 5) == RECORD_TYPES &&
		record_type_parse("goa", 3) == RECORD_TYPES &&
		record_type_parse("", 0) == RECORD_TYPES &&
		record_type_parse("Goal", 4) == RECORD_TYPES,
	    "nothing else is");
}

/* What is written is read back as it was, for bodies of any bytes but a
 * newline, and for any header. */
static void
test_round_trip(void)
{
	static const char *const bodies[] = {"{}", "{\"a\":\"}\"}",
	    "{\"a\":\"\\n,\\\"body\\\":\"}", "{\"\xc3\xa9\":[1,2]}"};
	struct record r, back;
	struct err e;
	size_t i;
	int64_t seq;

	for (i = 0; i < COUNT_OF(bodies); i++)
		for (seq = 1; seq < (int64_t)1 << 52; seq *= 37) {
			struct buf out CLEANUP_BUF = {0};

			r = example((seq & 1) != 0);
			r.seq = seq;
			r.type = (enum record_type)(seq % RECORD_TYPES);
			r.time = seq % 9000000000000000 * 1000;
			r.body = (struct slice){bodies[i], strlen(bodies[i])};
			record_write(&r, &out);
			if (record_parse(out.data, out.len - 1, &back, &e) <
				0 ||
			    back.seq != r.seq || back.time != r.time ||
			    back.type != r.type || back.more != r.more ||
			    !digest_equal(&back.prev, &r.prev) ||
			    !digest_equal(&back.sum, &r.sum) ||
			    !digest_equal(&back.digest, &r.digest) ||
			    back.body.len != r.body.len) {
				ok(false, "read back: %s", out.data);
				return;
			}
		}
	ok(true, "what is written is read back as it was");
}

static void
test_next(void)
{
	struct record r = example(false), back;
	struct buf text CLEANUP_BUF = {0};
	const char *at, *end;
	struct err e;

	record_write(&r, &text);
	r.seq++;
	record_write(&r, &text);
	at = text.data;
	end = at + text.len;
	ok(record_next(&at, end, &back, &e) == 0 && back.seq == r.seq - 1 &&
		record_next(&at, end, &back, &e) == 0 && back.seq == r.seq &&
		at == end,
	    "the lines of a text are read one after the other");
	at = text.data;
	end = at + back.line.len;
	ok(record_next(&at, end, &back, &e) < 0 && e.status == EX_DATAERR &&
		at == text.data,
	    "a line without its newline is an error, and not passed over");
}

int
main(void)
{
	test_write();
	test_parse();
	test_every_byte();
	test_cut();
	test_redacted();
	test_forms();
	test_nul();
	test_types();
	test_round_trip();
	test_next();
	return done();
}
