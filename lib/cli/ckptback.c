/* agent-ckpt restore: files in a new folder, or an agent as it was. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "agent/restore.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/ckptverb.h"
#include "cli/progress.h"
#include "cli/show.h"

static void
omitted(void *arg, const struct entry *n)
{
	char *path CLEANUP_FREE = mem_dup(n->path.data, n->path.len);

	(void)arg;
	if (n->type == ENTRY_WITHHELD)
		warn_msg("'%s' held a secret: it is not in the bundle", path);
	else
		warn_msg(
		    "'%s' is a %s: not made", path, entry_type_name(n->type));
}

/* The bundle of the point: the newest that covers no more than --at; of
 * `files` all belongs to `c`. */
static void
open_point(const struct ckpt_args *a, const char *name, struct ckpt_chain *c,
    struct chain *files)
{
	char *at CLEANUP_FREE = NULL;
	struct err e;

	if (a->at > 0 && !ckpt_is_path(name) && strchr(name, '@') == NULL)
		name = at = mem_printf("%s@%" PRId64, name, a->at);
	ckptverb_open(
	    a, name, a->at > 0 && at == NULL ? CKPT_HISTORY : CKPT_TREE, c);
	if (restore_files(&c->chain, a->at > 0 ? a->at : INT64_MAX, files, &e) <
	    0)
		die_err(&e);
}

/* ---- --to: a new folder ------------------------------------------------------------------------- */

static int
to_folder(const struct ckpt_args *a, const char *bundle)
{
	struct restore_options o = {
	    .omitted = omitted, .progress = progress_add};
	char *path, *name;
	struct ckpt_chain c;
	struct chain files;
	struct progress p;
	struct err e;
	int dir;

	open_point(a, bundle, &c, &files);
	dir = ckptverb_parent(a->to, &path, &name);
	progress_start(&p, "restoring", chain_newest(&files)->manifest.bytes);
	o.arg = &p;
	if (restore_tree(&files, dir, name, &o, &e) < 0)
		die_err(&e);
	progress_end(&p);
	(void)close(dir);
	free(path);
	ckpt_close(&c);
	return 0;
}

/* ---- an agent goes back -------------------------------------------------------------------------- */

static void
put_changes(struct jsonw *w, const struct restoreplan *p)
{
	size_t i;

	jsonw_array(w, "changed");
	for (i = 0; i < p->after.count; i++) {
		jsonw_object(w, NULL);
		jsonw_string(w, "change", restoreplan_change(p, i));
		jsonw_string(w, "path", restoreplan_path(p, i));
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void
put_outside(struct jsonw *w, const struct restore *r)
{
	size_t i;

	jsonw_array(w, "external");
	for (i = 0; i < r->outside_count; i++) {
		jsonw_object(w, NULL);
		jsonw_integer(w, "seq", r->outside[i].seq);
		jsonw_string(w, "tool", r->outside[i].tool);
		jsonw_string(w, "arguments", r->outside[i].arguments);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
	jsonw_array(w, "cancelled");
	for (i = 0; i < r->cancelled_count; i++)
		jsonw_string(w, NULL, r->cancelled[i].id);
	jsonw_end(w, ']');
}

static void
print_json(const char *id, const struct restore *r, bool dry)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "agent", id);
	jsonw_integer(&w, "seq", r->seq);
	jsonw_digest(&w, "bundle", &r->bundle);
	if (!dry)
		jsonw_integer(&w, "saved", r->saved.seq);
	put_changes(&w, &r->plan);
	put_outside(&w, r);
	jsonw_array(&w, "conflicts");
	for (i = 0; i < r->conflicts.count; i++) {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "path", r->conflicts.item[i].path);
		jsonw_string(&w, "why", r->conflicts.item[i].why);
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

static void
print_lines(const char *id, const struct restore *r, bool dry)
{
	struct buf text CLEANUP_BUF = {0};
	size_t i;

	if (!dry)
		printf("saved %s@%" PRId64 "\n", id, r->saved.seq);
	for (i = 0; i < r->plan.after.count; i++) {
		buf_clear(&text);
		buf_printf(&text, "%s %s", restoreplan_change(&r->plan, i),
		    restoreplan_path(&r->plan, i));
		show_line("", buf_str(&text));
	}
	for (i = 0; i < r->outside_count; i++) {
		buf_clear(&text);
		buf_printf(&text, "%" PRId64 " %s %s", r->outside[i].seq,
		    r->outside[i].tool, r->outside[i].arguments);
		show_line("external ", buf_str(&text));
	}
	for (i = 0; i < r->cancelled_count; i++) {
		buf_clear(&text);
		buf_printf(&text, "%s %s", r->cancelled[i].id,
		    r->cancelled[i].text == NULL ? "" : r->cancelled[i].text);
		show_line("cancelled ", buf_str(&text));
	}
	for (i = 0; i < r->conflicts.count; i++) {
		buf_clear(&text);
		buf_printf(&text, "%s: %s", r->conflicts.item[i].path,
		    r->conflicts.item[i].why);
		show_line("conflict ", buf_str(&text));
	}
}

/* Whose history?  The one that was named: bundles of one that was copied
 * still name the first. */
static void
find_agent(const struct ckpt_args *a, const char *name, const struct bundle *b,
    char id[ULID_TEXT])
{
	char *agent CLEANUP_FREE = mem_dup(name, strcspn(name, "@"));
	struct err e;

	if (ckpt_is_path(name)) {
		free(agent);
		agent = mem_strdup(b->manifest.agent);
	}
	if (root_find(a->open, agent, id, &e) < 0)
		die(e.status, "%s%s", e.msg,
		    strcmp(agent, b->manifest.agent) == 0
			? "; agent-ckpt import brings it in"
			: "");
}

static int
go_back(const struct ckpt_args *a, const char *bundle)
{
	struct restore_options o = {.progress = progress_add};
	struct restore r = {0};
	struct ckpt_chain c;
	struct chain files;
	struct progress p;
	struct session s;
	char id[ULID_TEXT];
	int64_t seq;
	struct err e;
	int status;

	if (a->open == NULL)
		die_usage(a->program,
		    "restore: there are no agents here: give --to DIR, a new "
		    "folder");
	open_point(a, bundle, &c, &files);
	find_agent(a, bundle, chain_newest(&files), id);
	seq = a->at > 0 ? a->at : chain_newest(&files)->manifest.seq;
	if ((a->dry ? session_read(a->open, id, true, &s, &e)
		    : session_write(a->open, id, &s, &e)) < 0)
		die_err(&e);
	progress_start(&p, "restoring", 0);
	o.arg = &p;
	if (a->dry ? restore_preview(&s, &files, seq, &r, &e) < 0
		   : restore_go_back(&s, &files, seq, &o, &r, &e) < 0 ||
			 session_seal(&s, &e) < 0)
		die_err(&e);
	progress_end(&p);
	(a->json ? print_json : print_lines)(id, &r, a->dry);
	status = r.conflicts.count > 0 ? EX_NO : 0;
	restore_free(&r);
	session_close(&s);
	ckpt_close(&c);
	return status;
}

int
ckptverb_restore(const struct ckpt_args *a, char *args[])
{
	if (a->to != NULL && a->fresh)
		die_usage(a->program,
		    "restore: --to and --new-agent: give one of them");
	if (a->dry && (a->to != NULL || a->fresh))
		die_usage(a->program,
		    "restore: -n goes with neither --to nor --new-agent");
	if (!a->fresh && (a->name != NULL || a->model != NULL ||
			     a->tool_count > 0 || a->trust_count > 0))
		die_usage(a->program,
		    "restore: --name, --model, --tools and --trust are for "
		    "--new-agent");
	if (a->to != NULL)
		return to_folder(a, args[0]);
	return a->fresh ? ckptverb_import(a, args) : go_back(a, args[0]);
}
