/*
 * A line of an index that is read is the line that is written; the tar header
 * of what it says is whole blocks; the order of paths is one.
 */
#include <assert.h>

#include "bundle/entry.h"
#include "bundle/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct entry_text room CLEANUP(entry_text_free) = {0};
	struct tar *tar CLEANUP_TAR = NULL;
	struct buf b CLEANUP_BUF = {0};
	struct entry n;
	struct err e;

	if (entry_parse((const char *)data, size, &room, &n, &e) < 0)
		return 0;
	assert(entry_path_good(n.path));
	entry_line(&b, &n);
	assert(b.len == size + 1 && memcmp(b.data, data, size) == 0);
	buf_clear(&b);
	if (entry_stored(n.type)) {
		tar_new(&tar);
		assert(tar_header(tar, &b, &n, &e) == 0);
		assert(b.len >= TAR_BLOCK && b.len % TAR_BLOCK == 0);
	}
	if (n.type == ENTRY_HARDLINK)
		assert(entry_compare(n.link, n.path) < 0 &&
		       entry_compare(n.path, n.link) > 0);
	return 0;
}
