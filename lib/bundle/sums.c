#include "bundle/sums.h"

#include <string.h>

static bool
is_plain(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (strchr("\n\r\\", s.data[i]) != NULL)
			return false;
	return true;
}

void
sums_line(struct buf *b, const struct entry *n)
{
	char hex[DIGEST_HEX + 1];
	bool plain = is_plain(n->path);
	size_t i;

	digest_hex(&n->sha256, hex);
	if (!plain)
		buf_putc(b, '\\');
	buf_puts(b, hex);
	buf_puts(b, "  ");
	if (plain)
		buf_add(b, n->path.data, n->path.len);
	for (i = 0; !plain && i < n->path.len; i++) {
		if (n->path.data[i] == '\n')
			buf_puts(b, "\\n");
		else if (n->path.data[i] == '\r')
			buf_puts(b, "\\r");
		else if (n->path.data[i] == '\\')
			buf_puts(b, "\\\\");
		else
			buf_putc(b, n->path.data[i]);
	}
	buf_putc(b, '\n');
}
