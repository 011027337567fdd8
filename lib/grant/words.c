#include "grant/words.h"

#include <string.h>

#include "base/buf.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { WORDS_MOST = 256 };

/* Would a terminal show these bytes as they are? */
static bool
is_visible(const char *s, size_t len, bool lines)
{
	struct buf shown CLEANUP_BUF = {0};

	utf8_safe(&shown, s, len, lines);
	return shown.len == len &&
	       (len == 0 || memcmp(shown.data, s, len) == 0);
}

/* The length of the string token at `s` with both quotes, 0 if unclosed. */
static size_t
token_length(const char *s)
{
	size_t n = 1;

	while (s[n] != '"') {
		if (s[n] == '\\')
			n++;
		if (s[n] == '\0')
			return 0;
		n++;
	}
	return n + 1;
}

static int
add_string(struct buf *text, const char *s, size_t n, struct err *e)
{
	struct slice token = {s, n};
	size_t from = text->len;
	struct err why;

	if (n == 0)
		return err_set(e, EX_CONFIG, 0,
		    "expected a closing quote, got the end of the line");
	if (json_check(s, n, &why) < 0)
		return err_set(e, EX_CONFIG, 0,
		    "expected a string as in JSON, got '%.60s'", s);
	json_unquote(text, token);
	if (!is_visible(buf_str(text) + from, text->len - from, true))
		return err_set(e, EX_CONFIG, 0,
		    "expected visible characters, got '%.60s'", s);
	return 0;
}

/* One word from `*s`, which is left behind it. */
static int
read_word(const char **s, struct word *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	size_t plain = strcspn(*s, " \t\""), n;
	const char *p = *s + plain;

	if (!is_visible(*s, plain, false))
		return err_set(e, EX_CONFIG, 0,
		    "expected visible characters in UTF-8, got '%.60s'", *s);
	buf_add(&text, *s, plain);
	if (*p == '"') {
		if (plain > 0 && p[-1] != ':')
			return err_set(e, EX_CONFIG, 0,
			    "expected a quote at a word's start or after ':' "
			    "only, got '%.60s'",
			    *s);
		n = token_length(p);
		if (add_string(&text, p, n, e) < 0)
			return -1;
		p += n;
		if (*p != '\0' && *p != ' ' && *p != '\t')
			return err_set(e, EX_CONFIG, 0,
			    "expected a space after a string, got '%.60s'", p);
	}
	out->quoted = **s == '"';
	out->text = buf_steal(&text);
	*s = p;
	return 0;
}

int
words_split(const char *line, struct words *out, struct err *e)
{
	struct words w CLEANUP_WORDS = {0};

	for (;;) {
		line += strspn(line, " \t");
		if (*line == '\0' || *line == '#')
			break;
		if (w.count == WORDS_MOST)
			return err_set(e, EX_CONFIG, 0,
			    "expected at most %d words, got '%.60s'",
			    WORDS_MOST, line);
		mem_room(&w.items, w.count, &w.cap, sizeof(*w.items));
		if (read_word(&line, &w.items[w.count], e) < 0)
			return -1;
		w.count++;
	}
	*out = w;
	memset(&w, 0, sizeof(w));
	return 0;
}

void
words_free(struct words *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		free(w->items[i].text);
	free(w->items);
	memset(w, 0, sizeof(*w));
}

const struct word *
words_peek(const struct words *w)
{
	return w->next < w->count ? &w->items[w->next] : NULL;
}

bool
words_take(struct words *w, const char *text)
{
	const struct word *next = words_peek(w);

	if (next == NULL || next->quoted || strcmp(next->text, text) != 0)
		return false;
	w->next++;
	return true;
}

int
words_expected(const struct words *w, const char *what, struct err *e)
{
	const struct word *next = words_peek(w);

	if (next == NULL)
		return err_set(e, EX_CONFIG, 0,
		    "expected %s, got the end of the line", what);
	return err_set(
	    e, EX_CONFIG, 0, "expected %s, got '%.60s'", what, next->text);
}

bool
words_plain(const char *text)
{
	return text[0] != '\0' && text[0] != '#' &&
	       text[strcspn(text, " \t\"\r\n")] == '\0';
}
