/* Patterns of paths and of resources. */
#include <string.h>

#include "agent/gate.h"
#include "base/mem.h"

/* How long the pattern's next token is. */
static size_t
token(const char *pattern, const char *p)
{
	if (p[0] != '*' || p[1] != '*')
		return 1;
	return p[2] == '/' && (p == pattern || p[-1] == '/') ? 3 : 2;
}

/*
 * Which prefixes of the text the pattern matches so far is `at`; move it on by
 * one token.  Linear in the text for each, whatever the pattern is.
 */
static void
step(const char *p, size_t n, const char *text, size_t len, bool *at)
{
	bool before = false, was, slash;
	size_t i;

	for (i = 0; i <= len; i++) {
		was = at[i];
		slash = i > 0 && text[i - 1] == '/';
		if (n == 3)
			at[i] = was || (before && slash);
		else if (n == 2)
			at[i] = was || before;
		else if (p[0] == '*')
			at[i] = was || (before && !slash);
		else
			at[i] = before && i > 0 &&
				(p[0] == '?' ? !slash : p[0] == text[i - 1]);
		if (n == 1 && p[0] != '*')
			before = was;
		else if (n == 1)
			before = at[i];
		else
			before = before || was;
	}
}

bool
gate_glob(const char *pattern, const char *text, size_t len)
{
	bool *at CLEANUP_FREE = mem_new(len + 1, sizeof(bool));
	const char *p;
	size_t n;

	at[0] = true;
	for (p = pattern; *p != '\0'; p += n) {
		n = token(pattern, p);
		step(p, n, text, len, at);
	}
	return at[len];
}

static bool
overlap(const char *a, size_t la, const char *b, size_t lb)
{
	/* Of the rests of a and b from (i, j) on; row i + 1 and row i. */
	bool *below CLEANUP_FREE = mem_new(lb + 1, sizeof(bool));
	bool *row CLEANUP_FREE = mem_new(lb + 1, sizeof(bool)), *swap;
	size_t i, j;

	for (i = la + 1; i-- > 0;) {
		for (j = lb + 1; j-- > 0;) {
			bool ea = i == la, eb = j == lb, r = ea && eb;

			if (!ea && a[i] == '*')
				r = below[j] || (!eb && row[j + 1]);
			if (!eb && b[j] == '*')
				r = r || row[j + 1] || (!ea && below[j]);
			if (!ea && !eb && a[i] == b[j])
				r = r || below[j + 1];
			row[j] = r;
		}
		swap = row;
		row = below;
		below = swap;
	}
	return below[0];
}

/* Without the "/" and two stars at its end: a folder's own name. */
static size_t
stem(const char *s)
{
	size_t n = strlen(s);

	return n > 3 && strcmp(s + n - 3, "/**") == 0 ? n - 3 : n;
}

bool
gate_overlap(const char *a, const char *b)
{
	return overlap(a, strlen(a), b, strlen(b)) ||
	       overlap(a, stem(a), b, strlen(b)) ||
	       overlap(a, strlen(a), b, stem(b));
}
