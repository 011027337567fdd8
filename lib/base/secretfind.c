/* Texts and streams without the values of secrets. */
#include <string.h>

#include "base/mem.h"
#include "base/secretmatch.h"

#define OPENING "\xc2\xab"
#define CLOSING "\xc2\xbb"

/* Scrub what is certain; returns how many bytes were taken. */
static size_t
scrub_some(const struct secrets *all, const char *s, size_t n, bool last,
    struct buf *out)
{
	size_t i = 0, kept = 0, got;
	const char *name = NULL;

	while (i < n) {
		if (!all->first[(unsigned char)s[i]]) {
			i++;
			continue;
		}
		got = secret_match(all, s + i, n - i, last, &name);
		if (got == 0) {
			i++;
			continue;
		}
		buf_add(out, s + kept, i - kept);
		kept = i;
		if (got == SECRET_MORE)
			return i;
		buf_printf(out, OPENING "secret:%s" CLOSING, name);
		i += got;
		kept = i;
	}
	buf_add(out, s + kept, n - kept);
	return n;
}

void
secrets_scrub(
    const struct secrets *all, const char *s, size_t n, struct buf *out)
{
	(void)scrub_some(all, s, n, true, out);
}

bool
secrets_in(const struct secrets *all, const char *s, size_t n)
{
	const char *name;
	size_t i;

	if (all == NULL || all->count == 0)
		return false;
	for (i = 0; i < n; i++)
		if (all->first[(unsigned char)s[i]] &&
		    secret_match(all, s + i, n - i, true, &name) > 0)
			return true;
	return false;
}

void
secrets_scrub_buf(const struct secrets *all, struct buf *text)
{
	struct buf clean = {.max = text->max};

	if (!secrets_in(all, buf_str(text), text->len))
		return;
	secrets_scrub(all, text->data, text->len, &clean);
	mem_wipe(text->data, text->len);
	buf_free(text);
	*text = clean;
}

void
secrets_scrub_err(const struct secrets *all, struct err *e)
{
	struct buf clean CLEANUP_BUF = {0};
	struct scrub c = {.secrets = all};
	size_t n = strlen(e->msg);

	if (all == NULL || all->count == 0)
		return;
	scrub_add(&c, e->msg, n, &clean);
	/* of a message that was cut, so may be a value at its end */
	if (n + 1 == sizeof(e->msg))
		buf_free(&c.held);
	else
		scrub_end(&c, &clean);
	(void)snprintf(e->msg, sizeof(e->msg), "%s", buf_str(&clean));
}

/* ---- a stream ------------------------------------------------------------- */

void
scrub_add(struct scrub *c, const char *s, size_t n, struct buf *out)
{
	size_t taken;

	if (c->held.len == 0) {
		taken = scrub_some(c->secrets, s, n, false, out);
		buf_add(&c->held, s + taken, n - taken);
		return;
	}
	buf_add(&c->held, s, n);
	taken = scrub_some(c->secrets, c->held.data, c->held.len, false, out);
	buf_drop(&c->held, taken);
}

void
scrub_end(struct scrub *c, struct buf *out)
{
	secrets_scrub(c->secrets, buf_str(&c->held), c->held.len, out);
	if (c->held.data != NULL)
		mem_wipe(c->held.data, c->held.len);
	buf_free(&c->held);
}
