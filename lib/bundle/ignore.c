#include "bundle/ignore.h"

#include <string.h>

#include "base/mem.h"

void
ignore_cut(struct ignore *g, size_t count)
{
	while (g->count > count)
		free(g->rule[--g->count].pattern);
}

void
ignore_free(struct ignore *g)
{
	ignore_cut(g, 0);
	free(g->rule);
	*g = (struct ignore){0};
}

/* Spaces at the end do not count, unless a backslash is before. */
static size_t
trimmed(const char *s, size_t len)
{
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\r') &&
	       !(len > 1 && s[len - 2] == '\\'))
		len--;
	return len;
}

static void
add_line(struct ignore *g, const char *s, size_t len, size_t base)
{
	struct ignore_rule r = {.base = base};

	len = trimmed(s, len);
	if (len == 0 || s[0] == '#')
		return;
	if (s[0] == '!') {
		r.negate = true;
		s++;
		len--;
	}
	if (len > 0 && s[len - 1] == '/') {
		r.folders = true;
		len--;
	}
	r.anchored = len > 0 && memchr(s, '/', len) != NULL;
	if (len > 0 && s[0] == '/') {
		s++;
		len--;
	}
	if (len == 0 || memchr(s, 0, len) != NULL)
		return;
	r.pattern = mem_dup(s, len);
	mem_room(&g->rule, g->count, &g->cap, sizeof(*g->rule));
	g->rule[g->count++] = r;
}

void
ignore_add(struct ignore *g, const char *text, size_t len, size_t base)
{
	const char *end = text + len, *line;

	while (text < end) {
		line = text;
		text = memchr(line, '\n', (size_t)(end - line));
		if (text == NULL)
			text = end;
		add_line(g, line, (size_t)(text - line), base);
		text++;
	}
}

/* Is `c` in the class at `*p` (behind its '[')?  1, 0, or -1 when the class
 * has no end; `*p` moves behind it. */
static int
in_class(const char **p, const char *end, unsigned char c)
{
	const char *s = *p;
	bool invert = s < end && (*s == '!' || *s == '^'), found = false;
	bool first = true;
	unsigned char lo, hi;

	if (invert)
		s++;
	for (; s < end && (*s != ']' || first); first = false) {
		if (*s == '\\' && s + 1 < end)
			s++;
		lo = hi = (unsigned char)*s++;
		if (s + 1 < end && *s == '-' && s[1] != ']') {
			s++;
			if (*s == '\\' && s + 1 < end)
				s++;
			hi = (unsigned char)*s++;
		}
		found = found || (lo <= c && c <= hi);
	}
	if (s >= end)
		return -1;
	*p = s + 1;
	return found != invert;
}

/* One step of a pattern that is no star: does it take `c`? */
static bool
takes(const char **p, const char *end, char c)
{
	const char *s = *p + 1;
	int r;

	switch (**p) {
	case '?':
		*p = s;
		return true;
	case '[':
		r = in_class(&s, end, (unsigned char)c);
		if (r < 0)
			break; /* an ordinary bracket */
		*p = s;
		return r == 1;
	case '\\':
		if (s >= end)
			break;
		*p = s + 1;
		return *s == c;
	default:
		break;
	}
	if (**p != c)
		return false;
	*p = *p + 1;
	return true;
}

/* One component against one component's pattern.  Going back to the last
 * star only is enough. */
static bool
match_name(struct slice pattern, struct slice name)
{
	const char *p = pattern.data, *end = p + pattern.len;
	const char *s = name.data, *stop = s + name.len;
	const char *star = NULL, *again = NULL;

	while (s < stop) {
		if (p < end && *p == '*') {
			star = ++p;
			again = s;
		} else if (p < end && takes(&p, end, *s)) {
			s++;
		} else if (star != NULL) {
			p = star;
			s = ++again;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

/* The component at `*at`; false at the end. */
static bool
component(struct slice path, size_t at, struct slice *out)
{
	const char *slash;

	if (at > path.len)
		return false;
	slash = memchr(path.data + at, '/', path.len - at);
	*out = (struct slice){path.data + at,
	    slash == NULL ? path.len - at : (size_t)(slash - path.data) - at};
	return true;
}

static bool
is_double(struct slice s)
{
	return s.len == 2 && memcmp(s.data, "**", 2) == 0;
}

/* As match_name, with components for characters and `**` for the star; at
 * the end `**` wants one component at least. */
static bool
match_path(struct slice pattern, struct slice path)
{
	size_t p = 0, s = 0, star = SIZE_MAX, again = 0;
	struct slice want, have;

	while (component(path, s, &have)) {
		bool more = component(pattern, p, &want);

		if (more && is_double(want)) {
			p += 3;
			if (p > pattern.len)
				return true;
			star = p;
			again = s;
		} else if (more && match_name(want, have)) {
			p += want.len + 1;
			s += have.len + 1;
		} else if (star != SIZE_MAX && component(path, again, &have)) {
			again += have.len + 1;
			p = star;
			s = again;
		} else {
			return false;
		}
	}
	return p > pattern.len;
}

static bool
rule_matches(const struct ignore_rule *r, struct slice path, bool folder)
{
	struct slice pattern = {r->pattern, strlen(r->pattern)};
	const char *slash;

	if ((r->folders && !folder) || path.len <= r->base)
		return false;
	if (!r->anchored) {
		slash = memrchr(path.data, '/', path.len);
		if (slash != NULL)
			path = (struct slice){slash + 1,
			    path.len - (size_t)(slash + 1 - path.data)};
		return match_name(pattern, path);
	}
	return match_path(
	    pattern, (struct slice){path.data + r->base, path.len - r->base});
}

bool
ignore_matches(
    const struct ignore *g, const char *path, size_t len, bool folder)
{
	size_t i = g->count;

	while (i-- > 0)
		if (rule_matches(
			&g->rule[i], (struct slice){path, len}, folder))
			return !g->rule[i].negate;
	return false;
}
