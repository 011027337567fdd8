#include "tool/place.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

#define PLACE_KEY   64  /* bytes shown of one name */
#define PLACE_TOTAL 240 /* and of the whole pointer */

static void
print_frames(const struct place *at, struct buf *out, unsigned depth)
{
	struct buf key CLEANUP_BUF = {0};

	if (at == NULL || at->up == NULL || depth > 32)
		return;
	print_frames(at->up, out, depth + 1);
	if (at->key == NULL) {
		buf_printf(&key, "/%zu", at->index);
	} else {
		buf_putc(&key, '/');
		utf8_safe(&key, at->key,
		    utf8_cut(at->key, strlen(at->key), PLACE_KEY), false);
	}
	buf_add(out, buf_str(&key), key.len);
}

void
place_print(const struct place *at, struct buf *out)
{
	struct buf all CLEANUP_BUF = {0};

	print_frames(at, &all, 0);
	buf_add(
	    out, buf_str(&all), utf8_cut(buf_str(&all), all.len, PLACE_TOTAL));
}

int
place_error(const struct place *at, struct err *e, const char *fmt, ...)
{
	struct buf where CLEANUP_BUF = {0};
	char msg[200];
	va_list ap;
	size_t n;

	place_print(at, &where);
	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	n = utf8_valid(msg, strlen(msg)); /* it may be cut in a character */
	if (where.len == 0)
		return err_set(e, EX_DATAERR, 0, "%.*s", (int)n, msg);
	return err_set(
	    e, EX_DATAERR, 0, "%s: %.*s", buf_str(&where), (int)n, msg);
}
