/*
 * replay: runs a fuzz target over the files given, so that `make test` keeps
 * what fuzzing found.  Prints nothing; a property that fails aborts.
 */
#include <fcntl.h>
#include <stdint.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
main(int argc, char *argv[])
{
	struct err e;
	int i;

	for (i = 1; i < argc; i++) {
		struct buf b CLEANUP_BUF = {0};
		uint8_t *exact;

		if (file_read(AT_FDCWD, argv[i], 64 << 20, &b, &e) < 0) {
			(void)fprintf(stderr, "replay: %s\n", e.msg);
			return e.status;
		}
		/* Without the NUL behind, so that ASan sees a read past it. */
		exact = malloc(b.len == 0 ? 1 : b.len);
		if (exact == NULL)
			return EX_OSERR;
		if (b.len > 0)
			memcpy(exact, b.data, b.len);
		(void)LLVMFuzzerTestOneInput(exact, b.len);
		free(exact);
	}
	return 0;
}
