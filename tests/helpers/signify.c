/*
 * signify: what lib/base/sign.c reads and writes, as a program for
 * tests/cli/signify.t.
 *	signify key SECRET PUBLIC          a new pair
 *	signify sign SECRET <DATA >SIG     a signature file
 *	signify public FILE                parse and write it again
 *	signify secret FILE                the same
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sign.h"

static int
put(const char *name, const struct buf *text, struct err *e)
{
	return file_replace(AT_FDCWD, name, text->data, text->len, 0600, e);
}

static int
make_key(const char *secret, const char *public, struct err *e)
{
	struct buf sec CLEANUP_BUF = {0}, pub CLEANUP_BUF = {0};
	struct sign_secret k;

	if (sign_new(&k, e) < 0)
		return -1;
	sign_secret_text(&k, &sec);
	sign_public_text(&k.pub, &pub);
	return put(secret, &sec, e) < 0 ? -1 : put(public, &pub, e);
}

static int
read_secret(const char *file, struct sign_secret *k, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};

	if (file_read(AT_FDCWD, file, 4096, &text, e) < 0)
		return -1;
	return sign_secret_parse(text.data, text.len, k, e);
}

static int
sign_input(const char *file, struct err *e)
{
	struct buf data CLEANUP_BUF = {0}, out CLEANUP_BUF = {0};
	unsigned char sig[SIGN_BYTES];
	struct sign_secret k;

	if (read_secret(file, &k, e) < 0 ||
	    file_read_fd(STDIN_FILENO, "stdin", 1 << 20, &data, e) < 0 ||
	    sign_make(&k, data.data, data.len, sig, e) < 0)
		return -1;
	sign_text(&k.pub, sig, &out);
	return file_write_all(STDOUT_FILENO, out.data, out.len, "stdout", e);
}

static int
again(const char *file, bool secret, struct err *e)
{
	struct buf text CLEANUP_BUF = {0}, out CLEANUP_BUF = {0};
	struct sign_secret k;

	if (secret) {
		if (read_secret(file, &k, e) < 0)
			return -1;
		sign_secret_text(&k, &out);
	} else {
		if (file_read(AT_FDCWD, file, 4096, &text, e) < 0 ||
		    sign_public_parse(text.data, text.len, &k.pub, e) < 0)
			return -1;
		sign_public_text(&k.pub, &out);
	}
	return file_write_all(STDOUT_FILENO, out.data, out.len, "stdout", e);
}

int
main(int argc, char *argv[])
{
	struct err e;
	int r;

	if (argc == 4 && strcmp(argv[1], "key") == 0)
		r = make_key(argv[2], argv[3], &e);
	else if (argc == 3 && strcmp(argv[1], "sign") == 0)
		r = sign_input(argv[2], &e);
	else if (argc == 3)
		r = again(argv[2], strcmp(argv[1], "secret") == 0, &e);
	else
		return EX_USAGE;
	if (r == 0)
		return 0;
	(void)fprintf(stderr, "signify: %s\n", e.msg);
	return e.status;
}
