/*
 * search_files, as it runs inside: lines that a POSIX extended regular
 * expression matches.  glibc's engine can be driven to use any amount of
 * memory and time: repetitions are bounded here, the rest by the process's
 * limits and its deadline.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tool/inside.h"

#define SEARCH_MATCHES 200               /* shown */
#define SEARCH_LINE    300               /* bytes shown of a matching line */
#define SEARCH_LONGEST ((size_t)1 << 20) /* longer lines are not looked at */
#define SEARCH_PEEK    8192 /* bytes that tell text from other things */
#define SEARCH_DEPTH   100  /* folders within folders */
#define SEARCH_COPIES  1000 /* of a part, by nested repetitions */

struct search {
	regex_t re;
	struct buf out;
	size_t matches;
	bool enough, espace;
};

/* Each {m,n} copies what it repeats: together at most SEARCH_COPIES. */
static bool
repeats_much(const char *p)
{
	unsigned long product = 1, n;
	char *end;

	for (; (p = strchr(p, '{')) != NULL; p++) {
		n = strtoul(p + 1, &end, 10);
		if (*end == ',')
			n = end[1] == '}' ? n + 1 : strtoul(end + 1, NULL, 10);
		if (n > SEARCH_COPIES)
			return true;
		product *= n > 0 ? n : 1;
		if (product > SEARCH_COPIES)
			return true;
	}
	return false;
}

static int
compile(struct search *s, const char *pattern)
{
	char why[200];
	int r;

	if (repeats_much(pattern))
		return inside_fail("the pattern repeats too much: at most %d "
				   "copies by {m,n}",
		    SEARCH_COPIES);
	r = regcomp(&s->re, pattern, REG_EXTENDED | REG_NOSUB);
	if (r == 0)
		return 0;
	(void)regerror(r, &s->re, why, sizeof(why));
	return inside_fail("bad pattern: %s (it is a POSIX extended regular "
			   "expression)",
	    why);
}

static void
report_match(struct search *s, const char *path, size_t number,
    const char *line, size_t len)
{
	size_t shown = utf8_cut(line, len, SEARCH_LINE);

	utf8_safe(&s->out, path, strlen(path), false);
	buf_printf(&s->out, ":%zu: ", number);
	buf_add(&s->out, line, shown);
	buf_puts(&s->out, shown < len ? "…\n" : "\n");
	s->enough = ++s->matches >= SEARCH_MATCHES;
}

static void
search_line(struct search *s, const char *path, size_t number, const char *line,
    size_t len)
{
	regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)len};
	int r;

	if (len > SEARCH_LONGEST)
		return;
	r = regexec(&s->re, line, 1, &range, REG_STARTEND);
	if (r == 0)
		report_match(s, path, number, line, len);
	else if (r == REG_ESPACE)
		s->enough = s->espace = true;
}

/* The whole lines of the buffer, which are then dropped from it. */
static void
search_lines(struct search *s, const char *path, size_t *number, struct buf *b)
{
	const char *p = buf_str(b), *end = p + b->len, *nl;

	while (
	    !s->enough && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		search_line(s, path, ++*number, p, (size_t)(nl - p));
		p = nl + 1;
	}
	buf_drop(b, (size_t)(p - buf_str(b)));
}

static void
search_fd(struct search *s, int fd, const char *path)
{
	struct buf b CLEANUP_BUF = {0};
	size_t number = 0;
	bool first = true, skipping = false;
	ssize_t n;

	while (!s->enough && (n = buf_read(&b, fd, 65536)) > 0) {
		if (first && inside_is_binary(buf_str(&b),
				 b.len < SEARCH_PEEK ? b.len : SEARCH_PEEK))
			return;
		first = false;
		if (skipping) { /* the rest of a line that was too long */
			const char *nl = memchr(b.data, '\n', b.len);

			buf_drop(
			    &b, nl == NULL ? b.len : (size_t)(nl - b.data) + 1);
			skipping = nl == NULL;
		}
		search_lines(s, path, &number, &b);
		if (b.len > SEARCH_LONGEST) {
			skipping = true;
			number++;
			buf_clear(&b);
		}
	}
	if (!s->enough && b.len > 0)
		search_line(s, path, number + 1, b.data, b.len);
}

static void
search_dir(struct search *, int fd, const char *path, unsigned depth);

/* One entry: never through a link, which may lead back up. */
static void
search_entry(struct search *s, int dir, const char *name, const char *path,
    unsigned depth)
{
	struct stat st;
	int fd;

	fd = openat(dir, name,
	    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (strcmp(name, ".git") != 0 && depth < SEARCH_DEPTH) {
			search_dir(s, fd, path, depth + 1);
			return;
		}
	} else if (S_ISREG(st.st_mode)) {
		search_fd(s, fd, path);
	}
	(void)close(fd);
}

static int
compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
want_entry(const struct dirent *d)
{
	return file_is_name(d->d_name);
}

/* Takes the descriptor. */
static void
search_dir(struct search *s, int fd, const char *path, unsigned depth)
{
	struct dirent **names = NULL;
	char *sub;
	int i, n;

	n = scandirat(fd, ".", &names, want_entry, compare_entries);
	for (i = 0; i < n; i++) {
		sub = strcmp(path, ".") == 0
			  ? mem_strdup(names[i]->d_name)
			  : mem_printf("%s/%s", path, names[i]->d_name);
		if (!s->enough)
			search_entry(s, fd, names[i]->d_name, sub, depth);
		free(sub);
		free(names[i]);
	}
	free(names);
	(void)close(fd);
}

static int
search_finish(struct search *s, const char *pattern)
{
	if (s->espace)
		return inside_fail("the pattern needs too much memory");
	if (s->matches == 0)
		buf_printf(&s->out, "no line matches %s\n", pattern);
	else if (s->enough)
		buf_printf(&s->out,
		    "[there may be more: only the first %d "
		    "lines are shown]\n",
		    SEARCH_MATCHES);
	return inside_answer(&s->out);
}

/* "./src/" as "src". */
static char *
tidy(const char *path)
{
	size_t n;

	while (path[0] == '.' && path[1] == '/')
		path += 2 + strspn(path + 2, "/");
	n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	return n == 0 ? mem_strdup(".") : mem_dup(path, n);
}

int
inside_search_files(struct slice argument)
{
	struct json *args CLEANUP_JSON = NULL;
	char *shown CLEANUP_FREE = NULL;
	struct search s = {.matches = 0};
	const char *path, *pattern;
	struct stat st;
	int fd, r;

	if (inside_arguments(argument, &args) < 0)
		return 1;
	path = json_get_string(args, "path");
	pattern = json_get_string(args, "pattern");
	shown = tidy(path == NULL ? "." : path);
	if (inside_open(shown, true, &st, &fd) < 0)
		return 1;
	if (compile(&s, pattern) != 0) {
		(void)close(fd);
		return 1;
	}
	if (S_ISDIR(st.st_mode)) {
		search_dir(&s, fd, shown, 0);
	} else {
		search_fd(&s, fd, shown);
		(void)close(fd);
	}
	r = search_finish(&s, pattern);
	buf_free(&s.out);
	regfree(&s.re);
	return r;
}
