/* Secrets: what is registered, and how it leaves text. */
#include "base/secret.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "tap.h"

#define MARK "\xc2\xabsecret:KEY\xc2\xbb"

static bool
scrubs(const struct secrets *all, const char *text, const char *want)
{
	struct buf out CLEANUP_BUF = {0};

	secrets_scrub(all, text, strlen(text), &out);
	if (strcmp(buf_str(&out), want) == 0)
		return true;
	printf("# got  %s\n# want %s\n", buf_str(&out), want);
	return false;
}

static int
add(struct secrets *all, const char *name, const char *how, const char *value)
{
	struct err e;

	return secrets_add(
	    all, name, how, (struct slice){value, strlen(value)}, &e);
}

static void
test_forms(void)
{
	struct secrets all CLEANUP(secrets_free) = {0};

	ok(add(&all, "KEY", NULL, "sesame+open/42") == 0, "a secret is taken");
	ok(scrubs(&all, "nothing here", "nothing here"),
	    "text without it is left alone");
	ok(scrubs(&all, "a sesame+open/42 b", "a " MARK " b"),
	    "the value as it is");
	ok(scrubs(&all, "sesame%2Bopen%2f42", MARK), "URL-encoded");
	ok(scrubs(&all, "%73%65%73%61%6d%65%2B%6f%70%65%6e%2F%34%32", MARK),
	    "URL-encoded in all its bytes");
	ok(scrubs(&all, "c2VzYW1lK29wZW4vNDI=", MARK "="), "base64");
	ok(scrubs(&all, "YTpzZXNhbWUrb3Blbi80Mg==",
	       "YTp" MARK "=="), /* a:sesame+open/42 */
	    "base64 of something that ends in it");
	ok(scrubs(&all, "OnNlc2FtZStvcGVuLzQyOg==", "On" MARK "Og=="),
	    "base64 of something that holds it");
	ok(scrubs(&all, "c2VzYW1l\r\nK29wZW4v\nNDI=", MARK "="),
	    "base64 in lines");
	ok(scrubs(&all, "sesame+open/4", "sesame+open/4"),
	    "a part of it is left alone");
	ok(scrubs(&all, "sesame+opesesame+open/42", "sesame+ope" MARK),
	    "a false start does not hide it");
}

static void
test_json(void)
{
	struct secrets all CLEANUP(secrets_free) = {0};
	struct buf room CLEANUP_BUF = {0};
	const char *text = "{\"sesame\\\"open/\u00e9\":1,"
			   "\"a\":[\"x sesame\\\"open/\u00e9\"],"
			   "\"b\":\"\\\"sesame\\\\\\\"op\\\\u0065n/"
			   "\\\\u00E9\\\"\"}";
	struct slice json = {text, strlen(text)};
	struct slice got;

	(void)add(&all, "KEY", NULL, "sesame\"open/\u00e9");
	ok(scrubs(&all, "say \"sesame\\\"open\\/\\u00e9\"", "say \"" MARK "\""),
	    "escaped in a JSON string");
	ok(scrubs(
	       &all, "\\\"sesame\\\\\\\"open/\u00e9\\\"", "\\\"" MARK "\\\""),
	    "and in one within another");
	ok(scrubs(&all, "c2VzYW1lIm9w\\nZW4vw6k=", MARK "="),
	    "base64 whose line breaks are escaped");
	got = secrets_scrub_json(&all, json, &room);
	ok(strcmp(got.data, "{\"sesame\\\"open/\u00e9\":1,"
			    "\"a\":[\"x " MARK "\"],"
			    "\"b\":\"\\\"" MARK "\\\"\"}") == 0,
	    "a JSON text keeps its form and its members' names");
	json = (struct slice){"{\"a\":\"sesame\"}", 14};
	ok(secrets_scrub_json(&all, json, &room).data == json.data,
	    "one without secrets is not copied");
}

static void
test_errors(void)
{
	struct secrets all CLEANUP(secrets_free) = {0};
	struct err e = {0};

	(void)add(&all, "KEY", NULL, "sesame+open/42");
	(void)err_set(&e, 69, 0, "bad key sesame+open/42");
	secrets_scrub_err(&all, &e);
	ok(strcmp(e.msg, "bad key " MARK) == 0, "a message loses it");
	(void)err_set(&e, 69, 0, "%*s sesame+open/42", 470, "x");
	secrets_scrub_err(&all, &e);
	ok(strstr(e.msg, "sesame") == NULL,
	    "one that is cut loses its beginning as well");
	(void)err_set(&e, 69, 0, "sesame+");
	secrets_scrub_err(NULL, &e);
	secrets_scrub_err(&all, &e);
	ok(strcmp(e.msg, "sesame+") == 0, "one that is not keeps it");
}

static void
test_stream(void)
{
	struct secrets all CLEANUP(secrets_free) = {0};
	struct buf out CLEANUP_BUF = {0};
	struct scrub c = {.secrets = &all};

	(void)add(&all, "KEY", NULL, "sesame+open/42");
	scrub_add(&c, "say sesame+", 11, &out);
	ok(strcmp(buf_str(&out), "say ") == 0,
	    "what may be its beginning is held");
	scrub_add(&c, "open/42!", 8, &out);
	ok(strcmp(buf_str(&out), "say " MARK "!") == 0,
	    "and replaced once it is whole");
	scrub_add(&c, " sesame", 7, &out);
	scrub_end(&c, &out);
	ok(strcmp(buf_str(&out), "say " MARK "! sesame") == 0,
	    "or let go at the end");
}

static void
test_refused(void)
{
	struct secrets all CLEANUP(secrets_free) = {0};

	ok(add(&all, "KEY", NULL, "short") < 0,
	    "a value that any text may hold is refused");
	ok(add(&all, "a b", NULL, "long enough") < 0, "a bad name is refused");
	ok(add(&all, "KEY", NULL, "secret:KEY") < 0,
	    "a value that is in its own mark is refused");
	ok(add(&all, "KEY", "basic", "no colon here") < 0,
	    "basic wants a name and a password");
	ok(add(&all, "KEY", "X-Key", "two\nlines") < 0,
	    "a header does not carry two lines");
	ok(add(&all, "KEY", "X Key", "long enough") < 0,
	    "a header's name has no space");
	ok(all.count == 0, "and nothing was registered");
	ok(add(&all, "KEY", NULL, "two\nlines") == 0 &&
		all.list[0].header == NULL,
	    "without a header it is taken, to be scrubbed");
	ok(add(&all, "KEY", NULL, "another one") < 0, "a name is taken once");
}

static void
test_headers(void)
{
	struct secrets all CLEANUP(secrets_free) = {0};

	(void)add(&all, "A", NULL, "long enough");
	(void)add(&all, "B", "basic", "user:password");
	(void)add(&all, "C", "X-Api-Key", "long enough");
	ok(all.count == 3 && strcmp(all.list[0].header,
				 "Authorization: Bearer long enough") == 0,
	    "a token is presented as a bearer's");
	ok(strcmp(all.list[1].header,
	       "Authorization: Basic dXNlcjpwYXNzd29yZA==") == 0,
	    "a name and password as basic");
	ok(strcmp(all.list[2].header, "X-Api-Key: long enough") == 0,
	    "or in a header of another name");
}

static void
test_load(void)
{
	struct secrets all CLEANUP(secrets_free) = {0};
	struct err e = {0};
	int fd = open("value", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ok(fd >= 0 && write(fd, "from a file\n", 12) == 12, "a file");
	(void)close(fd);
	(void)setenv("VALUE", "from the environment", 1);
	ok(secrets_load(&all, "A=env:VALUE", &e) == 0 &&
		strcmp(all.list[0].value, "from the environment") == 0,
	    "a value comes from a variable");
	ok(secrets_load(&all, "B:X-Key=file:value", &e) == 0 &&
		strcmp(all.list[1].header, "X-Key: from a file") == 0,
	    "or a file, without its last newline");
	ok(secrets_load(&all, "C=env:NOT_THERE", &e) < 0 &&
		e.status == EX_NOINPUT,
	    "a missing variable is said");
	ok(secrets_load(&all, "C=hunter2-hunter2", &e) < 0 &&
		e.status == EX_USAGE && strstr(e.msg, "hunter2") == NULL,
	    "a value given by mistake is not repeated");
}

int
main(void)
{
	test_forms();
	test_stream();
	test_json();
	test_errors();
	test_refused();
	test_headers();
	test_load();
	return done();
}
