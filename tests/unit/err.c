/* Errors as values. */
#include "base/err.h"

#include <errno.h>

#include "tap.h"

int
main(void)
{
	struct err e = {0};
	char big[2000];
	int i;

	ok(err_set(&e, EX_IOERR, ENOSPC, "cannot write '%s'", "a") == -1,
	    "err_set returns -1");
	ok(e.status == EX_IOERR && e.errnum == ENOSPC,
	    "it keeps the status and errno");
	ok(strcmp(e.msg, "cannot write 'a': No space left on device") == 0,
	    "the message ends in errno's text");
	ok(err_wrap(&e, "agent '%s'", "x") == -1 && e.status == EX_IOERR,
	    "err_wrap returns -1 and keeps the status");
	ok(strcmp(e.msg,
	       "agent 'x': cannot write 'a': No space left on device") == 0,
	    "and puts its context before");
	err_set(&e, EX_NO, 0, "no");
	ok(strcmp(e.msg, "no") == 0, "without errno the message stands alone");

	memset(big, 'm', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	err_set(&e, EX_NO, EIO, "%s", big);
	ok(strlen(e.msg) == sizeof(e.msg) - 1 &&
		strspn(e.msg, "m") == strlen(e.msg),
	    "a long message is cut at its bound");
	for (i = 0; i < 100; i++)
		err_wrap(&e, "%s", i % 2 == 0 ? big : "short");
	ok(strlen(e.msg) == sizeof(e.msg) - 1 &&
		strncmp(e.msg, "short: mmm", 10) == 0,
	    "so is a hundredfold context");
	return done();
}
