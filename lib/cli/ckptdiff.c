/* agent-ckpt diff: what differs between two bundles, or one and an agent. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonw.h"
#include "base/utf8.h"
#include "cli/ckptpatch.h"
#include "cli/ckptstate.h"
#include "cli/ckptverb.h"
#include "cli/show.h"

static const char *const kinds[] = {"added", "removed", "changed"};

struct job {
	const struct ckpt_args *args;
	struct patch patch;
	struct textdiff_counts counts;
	int64_t paths;
};

/* ---- for programs ------------------------------------------------------------------------ */

static void
put_entry(struct jsonw *w, const char *key, const struct entry *n)
{
	bool regular = n->type == ENTRY_FILE || n->type == ENTRY_HARDLINK;
	char mode[8];

	(void)snprintf(mode, sizeof(mode), "%04o", n->mode);
	jsonw_object(w, key);
	jsonw_string(w, "type", entry_type_name(n->type));
	if (n->type != ENTRY_SYMLINK && n->type != ENTRY_WITHHELD)
		jsonw_string(w, "mode", mode);
	if (regular) {
		jsonw_integer(w, "size", n->size);
		jsonw_digest(w, "sha256", &n->sha256);
	}
	if (n->link.len > 0)
		jsonw_text(w, n->type == ENTRY_WITHHELD ? "secret" : "link",
		    n->link.data, n->link.len);
	jsonw_end(w, '}');
}

static void
as_json(const struct job *j, const struct diff_change *c)
{
	struct buf out CLEANUP_BUF = {0}, coded CLEANUP_BUF = {0};
	struct slice path = patch_path(c);
	struct jsonw w = {.out = &out};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "change", kinds[c->kind]);
	jsonw_text(&w, "path", path.data, path.len);
	if (utf8_valid(path.data, path.len) != path.len) {
		base64_encode(&coded, path.data, path.len);
		jsonw_string(&w, "path64", buf_str(&coded));
	}
	if (c->kind != DIFF_ADDED)
		put_entry(&w, "before", &c->before);
	if (c->kind != DIFF_REMOVED)
		put_entry(&w, "after", &c->after);
	if (!j->args->names) {
		jsonw_bool(&w, "binary", j->patch.binary);
		jsonw_integer(&w, "added", j->patch.counts.added);
		jsonw_integer(&w, "removed", j->patch.counts.removed);
	}
	if (!j->args->names && !j->args->stat)
		jsonw_text(
		    &w, "diff", buf_str(&j->patch.text), j->patch.text.len);
	jsonw_end(&w, '}');
	show_json(stdout, out.data, out.len);
}

/* ---- for people -------------------------------------------------------------------------- */

static void
print_name(const struct diff_change *c)
{
	struct buf out CLEANUP_BUF = {0};

	patch_name(&out, "", patch_path(c));
	printf("%s\n", buf_str(&out));
}

static void
print_stat(const struct job *j, const struct diff_change *c)
{
	const struct textdiff_counts *n = &j->patch.counts;
	struct buf out CLEANUP_BUF = {0};
	char added[24] = "-", removed[24] = "-";

	if (!j->patch.binary) {
		(void)snprintf(added, sizeof(added), "+%" PRId64, n->added);
		(void)snprintf(
		    removed, sizeof(removed), "-%" PRId64, n->removed);
	}
	patch_name(&out, "", patch_path(c));
	printf("%-7s %7s %7s  %s\n", kinds[c->kind], added, removed,
	    buf_str(&out));
}

static const char *
colour_of(char first)
{
	switch (first) {
	case '+':
		return "\033[32m";
	case '-':
		return "\033[31m";
	case '@':
		return "\033[36m";
	case ' ':
		return "";
	default:
		return "\033[1m";
	}
}

/* To a terminal it is for reading, else for patch(1). */
static void
print_patch(const struct buf *text)
{
	struct buf safe CLEANUP_BUF = {0};
	const char *p, *end, *nl;

	if (!isatty(STDOUT_FILENO)) {
		(void)fwrite(buf_str(text), 1, text->len, stdout);
		return;
	}
	utf8_safe(&safe, buf_str(text), text->len, true);
	if (!show_colour(stdout)) {
		printf("%s", buf_str(&safe));
		return;
	}
	end = buf_str(&safe) + safe.len;
	for (p = buf_str(&safe); p < end; p = nl + 1) {
		nl = strchr(p, '\n');
		if (nl == NULL)
			break;
		printf("%s%.*s\033[m\n", colour_of(*p), (int)(nl - p), p);
	}
}

static int
show_change(struct job *j, const struct diff_change *c, struct err *e)
{
	j->paths++;
	if (!j->args->names && patch_make(&j->patch, c, e) < 0)
		return -1;
	j->counts.added += j->patch.counts.added;
	j->counts.removed += j->patch.counts.removed;
	if (j->args->json)
		as_json(j, c);
	else if (j->args->names)
		print_name(c);
	else if (j->args->stat)
		print_stat(j, c);
	else
		print_patch(&j->patch.text);
	return 0;
}

/* ---- the verb ---------------------------------------------------------------------------- */

static int
compare_files(struct job *j, struct err *e)
{
	struct diff_change c;
	struct diff d = {0};
	int got;

	if (ckpt_side_tree(j->patch.side[0], &d.a, e) < 0 ||
	    ckpt_side_tree(j->patch.side[1], &d.b, e) < 0)
		return -1;
	while ((got = diff_next(&d, &c, e)) == 1)
		if (show_change(j, &c, e) < 0)
			return -1;
	if (got == 0 && j->args->stat && !j->args->json && j->paths > 0)
		printf("%" PRId64 " path%s, %" PRId64 " line%s added, %" PRId64
		       " removed\n",
		    j->paths, j->paths == 1 ? "" : "s", j->counts.added,
		    j->counts.added == 1 ? "" : "s", j->counts.removed);
	return got;
}

int
ckptverb_diff(const struct ckpt_args *a, char *args[])
{
	bool state = a->state || !a->files, files = a->files || !a->state;
	struct job j = {.args = a, .patch.most = a->max_text};
	struct ckpt_side side[2];
	bool found = false;
	struct err e;
	int i;

	if (strcmp(args[0], "-") == 0 && strcmp(args[1], "-") == 0)
		die_usage(a->program, "diff: the standard input is one bundle");
	if (j.patch.most == 0)
		j.patch.most = CKPTPATCH_TEXT;
	if (a->names) {
		state = false;
		files = true;
	}
	for (i = 0; i < 2; i++) {
		if (ckpt_side_open(
			a->open, args[i], files, a->max_size, &side[i], &e) < 0)
			die_err(&e);
		j.patch.side[i] = &side[i];
		if (!side[i].live)
			ckptverb_trust(a, &side[i].bundle.chain);
	}
	if (state && ckptstate_compare(a, &side[0], &side[1], &found, &e) < 0)
		die_err(&e);
	if (files && compare_files(&j, &e) < 0)
		die_err(&e);
	patch_free(&j.patch);
	for (i = 0; i < 2; i++)
		ckpt_side_close(&side[i]);
	return found || j.paths > 0 ? EX_NO : 0;
}
