/* SHA-256, hex and base64 against published vectors. */
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "tap.h"

/* FIPS 180-4 examples, and the empty message. */
static const struct {
	const char *text, *hex;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void
test_sha256(void)
{
	static const char million[] =
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
	char hex[DIGEST_HEX + 1], block[1000];
	struct sha256 s, copy;
	struct digest d, other;
	size_t i;

	for (i = 0; i < COUNT_OF(vectors); i++) {
		digest_of(vectors[i].text, strlen(vectors[i].text), &d);
		digest_hex(&d, hex);
		ok(strcmp(hex, vectors[i].hex) == 0, "SHA-256 of '%s'",
		    vectors[i].text);
	}
	memset(block, 'a', sizeof(block));
	sha256_init(&s);
	for (i = 0; i < 1000; i++)
		sha256_add(&s, block, sizeof(block));
	sha256_get(&s, &d);
	digest_hex(&d, hex);
	ok(strcmp(hex, million) == 0, "SHA-256 of a million 'a', in parts");
	copy = s;
	sha256_add(&s, "x", 1);
	sha256_get(&copy, &other);
	ok(digest_equal(&d, &other), "a copy keeps its own state");
	sha256_get(&s, &other);
	ok(!digest_equal(&d, &other), "and the running one goes on");
}

static void
test_fd(void)
{
	struct digest d, want;
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char *big = mem_new(1, 200000);

	memset(big, 'z', 200000);
	digest_of(big, 200000, &want);
	ok(fd >= 0 && write(fd, big, 200000) == 200000 &&
		lseek(fd, 0, SEEK_SET) == 0 && digest_of_fd(fd, &d) == 0 &&
		digest_equal(&d, &want),
	    "a file's digest is its contents'");
	free(big);
	(void)close(fd);
	ok(digest_of_fd(fd, &d) == -1 && errno == EBADF,
	    "a file that cannot be read is an error");
}

static void
test_hex_bytes(char hex[DIGEST_HEX + 1])
{
	struct digest back;
	size_t wrong = 0;
	int c;

	for (c = 0; c < 256; c++) {
		hex[5] = (char)c;
		if ((digest_parse(hex, 64, &back) == 0) !=
		    (c != '\0' && strchr("0123456789abcdef", c) != NULL))
			wrong++;
	}
	ok(wrong == 0, "of all bytes just sixteen are digits");
}

static void
test_hex(void)
{
	char hex[DIGEST_HEX + 1];
	struct digest d, back;

	digest_of("abc", 3, &d);
	digest_hex(&d, hex);
	ok(digest_parse(hex, 64, &back) == 0 && digest_equal(&d, &back),
	    "hex goes there and back");
	ok(digest_parse(hex, 63, &back) == -1, "63 characters are refused");
	hex[5] = 'B';
	ok(digest_parse(hex, 64, &back) == -1, "upper case is refused");
	hex[5] = 'g';
	ok(digest_parse(hex, 64, &back) == -1, "as is what is no hex");
	test_hex_bytes(hex);
}

/* RFC 4648, section 10. */
static const char *const base64[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
    {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"}};

static const char *const bad64[] = {"Z", "Zg",
    "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zg=a",
    "Z g=", "Zm9v\n", "Zm-v", "Zm_v"};

static void
test_base64(void)
{
	struct buf b CLEANUP_BUF = {0};
	unsigned char bytes[256], out[256];
	size_t i;
	ssize_t n;

	for (i = 0; i < COUNT_OF(base64); i++) {
		buf_clear(&b);
		base64_encode(&b, base64[i][0], strlen(base64[i][0]));
		n = base64_decode(base64[i][1], strlen(base64[i][1]), out, 256);
		ok(strcmp(buf_str(&b), base64[i][1]) == 0 &&
			n == (ssize_t)strlen(base64[i][0]) &&
			memcmp(out, base64[i][0], (size_t)n) == 0,
		    "base64 of '%s', there and back", base64[i][0]);
	}
	for (i = 0; i < COUNT_OF(bad64); i++)
		ok(base64_decode(bad64[i], strlen(bad64[i]), out, 256) == -1,
		    "base64 that no encoder writes is refused: %zu", i);
	for (i = 0; i < 256; i++)
		bytes[i] = (unsigned char)i;
	buf_clear(&b);
	base64_encode(&b, bytes, 256);
	ok(base64_decode(b.data, b.len, out, 256) == 256 &&
		memcmp(bytes, out, 256) == 0,
	    "all bytes go there and back");
	ok(base64_decode(b.data, b.len, out, 255) == -1,
	    "what does not fit is refused");
}

int
main(void)
{
	test_sha256();
	test_fd();
	test_hex();
	test_base64();
	return done();
}
