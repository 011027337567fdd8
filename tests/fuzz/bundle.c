/*
 * Any bytes for a bundle: opening, proving, listing and reading end with an
 * error or with contents whose digests are right.  What was proved is found
 * again, path by path.
 */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "bundle/chain.h"
#include "bundle/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_up_all(struct chain *c, const struct snapshot *tree)
{
	struct entry n;
	struct err e;
	size_t i, layer;

	for (i = 0; i < tree->count; i++) {
		assert(chain_find(c, tree->entry[i].path, &n, &layer, &e) == 1);
		assert(entry_same(&n, &tree->entry[i]));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct reader_options o = {.max_bytes = 64 << 20};
	struct snapshot tree = {0};
	struct bundle *b;
	struct chain c;
	struct err e = {0};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, data, size, "fuzz", &e) < 0)
		return 0;
	if (bundle_open(fd, "fuzz", &o, &b, &e) < 0) {
		assert(e.status == EX_DATAERR || e.status == EX_LIMIT);
		return 0;
	}
	if (bundle_check(b, &(struct check_options){0}, &e) < 0)
		assert(e.status == EX_DATAERR);
	if (chain_open(b, NULL, false, &c, &e) < 0) {
		assert(e.status == EX_NOINPUT || e.status == EX_DATAERR);
		return 0;
	}
	if (chain_tree(&c, 100000, &tree, &e) == 0)
		look_up_all(&c, &tree);
	else
		assert(e.status == EX_DATAERR || e.status == EX_LIMIT);
	snapshot_free(&tree);
	chain_close(&c);
	return 0;
}
