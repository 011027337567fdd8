/* agent-ckpt: make, inspect, verify and restore checkpoints. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ckpt.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "bundle/check.h"
#include "bundle/diff.h"
#include "bundle/restore.h"
#include "bundle/squash.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "cli/show.h"

enum { O_FULL = 256, O_JSON, O_KEY, O_ROOT, O_TO };

static const struct opt opts[] = {
    {"full", O_FULL, NULL, "save: all files, not what changed"},
    {"json", O_JSON, NULL, "one JSON object a line"},
    {"key", O_KEY, "FILE", "verify: the signature must be this key's"},
    {"output", 'o', "FILE", "export: write here; default stdout"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"to", O_TO, "DIR", "restore: make this new folder"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {"save [--full] AGENT", "list AGENT",
    "show [--json] BUNDLE", "cat BUNDLE PATH", "diff BUNDLE BUNDLE",
    "verify [--key FILE] BUNDLE", "restore --to DIR BUNDLE",
    "export [-o FILE] BUNDLE", NULL};

static const struct program program = {.name = "agent-ckpt",
    .usage = usage,
    .purpose = "Make, inspect, verify and restore checkpoints of agents.",
    .opts = opts,
    .notes = "BUNDLE is a file, '-', or AGENT[@SEQ].  Status: 0, 1 diff: they "
	     "differ, 65 damaged,\n66 no such bundle, 73 restore: the folder "
	     "is there, 75 the agent runs."};

struct arguments {
	bool full, json;
	const char *root, *key, *output, *to;
	struct root *open; /* NULL: there is none */
};

static void
option(void *arg, int letter, const char *v)
{
	struct arguments *a = arg;

	switch (letter) {
	case O_FULL:
		a->full = true;
		break;
	case O_JSON:
		a->json = true;
		break;
	case O_KEY:
		a->key = v;
		break;
	case 'o':
		a->output = v;
		break;
	case O_TO:
		a->to = v;
		break;
	default:
		a->root = v;
	}
}

static void
open_chain(const struct arguments *a, const char *name, bool history,
    struct ckpt_chain *c)
{
	struct err e;

	if (ckpt_open(a->open, name, history, c, &e) < 0)
		die_err(&e);
}

/* ---- save and list ---------------------------------------------------------------------- */

static void
find_agent(const struct arguments *a, const char *name, char id[ULID_TEXT])
{
	struct err e;

	if (a->open == NULL)
		die(EX_NOINPUT, "there are no agents here");
	if (root_find(a->open, name, id, &e) < 0)
		die_err(&e);
}

static int
verb_save(const struct arguments *a, char *args[])
{
	char id[ULID_TEXT], hex[DIGEST_HEX + 1];
	struct ckpt_saved saved;
	struct progress p;
	struct session s;
	struct err e;

	find_agent(a, args[0], id);
	progress_start(&p, "saving", 0);
	if (session_write(a->open, id, &s, &e) < 0 ||
	    ckpt_save(&s, a->full, progress_add, &p, &saved, &e) < 0 ||
	    session_seal(&s, &e) < 0)
		die_err(&e);
	progress_end(&p);
	session_close(&s);
	digest_hex(&saved.id, hex);
	if (a->json)
		printf("{\"agent\":\"%s\",\"seq\":%" PRId64
		       ",\"bundle\":\"%s\","
		       "\"full\":%s,\"bytes\":%" PRId64 ",\"files\":%" PRId64
		       "}\n",
		    id, saved.seq, hex, saved.full ? "true" : "false",
		    saved.packed, saved.files);
	else
		printf("%s@%" PRId64 "\n", id, saved.seq);
	return 0;
}

static void
list_row(struct table *t, const struct arguments *a, const char *id,
    const struct bundle *b)
{
	const struct manifest *m = &b->manifest;
	char text[64], time[CLOCK_TEXT], hex[DIGEST_HEX + 1];

	clock_text(m->time, time);
	digest_hex(&b->id, hex);
	if (a->json) {
		printf("{\"agent\":\"%s\",\"seq\":%" PRId64
		       ",\"bundle\":\"%s\","
		       "\"time\":\"%s\",\"full\":%s,\"bytes\":%" PRId64
		       ",\"files\":%" PRId64 "}\n",
		    id, m->seq, hex, time, m->full ? "true" : "false",
		    b->frames.file, m->files);
		return;
	}
	(void)snprintf(text, sizeof(text), "%" PRId64, m->seq);
	table_add(t, text);
	table_add(t, time);
	table_add(t, m->full ? "full" : "delta");
	(void)snprintf(text, sizeof(text), "%" PRId64, m->files);
	table_add(t, text);
	(void)snprintf(text, sizeof(text), "%" PRId64, b->frames.file);
	table_add(t, text);
	hex[12] = '\0';
	table_add(t, hex);
}

static int
verb_list(const struct arguments *a, char *args[])
{
	static const char *const head[] = {
	    "SEQ", "TIME", "KIND", "FILES", "BYTES", "BUNDLE"};
	struct table t = {.columns = COUNT_OF(head)};
	char id[ULID_TEXT], name[ULID_TEXT + 24];
	int64_t *seqs CLEANUP_FREE = NULL;
	struct ckpt_chain c;
	struct err e;
	size_t n, i;

	find_agent(a, args[0], id);
	if (ckpt_list(a->open, id, &seqs, &n, &e) < 0)
		die_err(&e);
	for (i = 0; i < COUNT_OF(head) && !a->json; i++)
		table_add(&t, head[i]);
	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "%s@%" PRId64, id, seqs[i]);
		open_chain(a, name, false, &c);
		list_row(&t, a, id, chain_newest(&c.chain));
		ckpt_close(&c);
	}
	if (!a->json && n > 0)
		table_print(&t, stdout);
	return n > 0 ? 0 : EX_NO;
}

/* ---- show, cat, diff --------------------------------------------------------------------- */

static void
show_state(const struct json *s, const struct manifest *m)
{
	static const char *const texts[] = {
	    "state", "model", "goal", "text", "report"};
	const struct json *u = json_get(s, "usage"), *r;
	struct table t = {.columns = 2};
	char time[CLOCK_TEXT], number[96];
	size_t i;

	clock_text(m->time, time);
	table_add(&t, "agent");
	table_add(&t, m->agent);
	(void)snprintf(
	    number, sizeof(number), "%" PRId64 " (%s)", m->seq, time);
	table_add(&t, "record");
	table_add(&t, number);
	for (i = 0; i < COUNT_OF(texts); i++) {
		if (json_get_string(s, texts[i]) == NULL)
			continue;
		table_add(&t, texts[i]);
		table_add(&t, json_get_string(s, texts[i]));
	}
	(void)snprintf(number, sizeof(number),
	    "%" PRId64 " turns, %" PRId64 " tool calls, %" PRId64 " tokens",
	    json_get_integer(u, "turns", 0),
	    json_get_integer(u, "tool_calls", 0),
	    json_get_integer(u, "input", 0) + json_get_integer(u, "output", 0));
	table_add(&t, "usage");
	table_add(&t, number);
	for (r = json_first(json_get(s, "requests")); r != NULL;
	     r = json_next(r)) {
		table_add(&t, "pending");
		table_add(&t, json_get_string(r, "text") == NULL
				  ? ""
				  : json_get_string(r, "text"));
	}
	(void)snprintf(number, sizeof(number),
	    "%s, %" PRId64 " files, %" PRId64 " bytes",
	    m->full ? "full" : "delta", m->files, m->bytes);
	table_add(&t, "workspace");
	table_add(&t, number);
	table_print(&t, stdout);
}

static void
show_grants(struct bundle *b)
{
	struct buf text CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	const struct json *g;
	struct err e;

	if (bundle_member(b, "agent/grants.json", BLOB_MAX, &text, &e) < 0 ||
	    json_parse(buf_str(&text), text.len, &j, &e) < 0)
		die_err(&e);
	if (json_get_bool(j, "base", false))
		printf("grant base\n");
	for (g = json_first(json_get(j, "grants")); g != NULL; g = json_next(g))
		show_line("grant ", json_get_string(g, "line"));
}

/* What changed since the parent: the paths that a delta holds. */
static void
show_changes(struct bundle *b)
{
	struct bundle_walk w;
	struct entry n;
	struct err e;
	int got;

	if (b->manifest.full)
		return;
	if (bundle_walk_init(&w, b, (struct slice){"work/", 5}, &e) < 0)
		die_err(&e);
	while ((got = bundle_walk_next(&w, &n, &e)) == 1)
		if (n.type != ENTRY_DIR && n.path.len > 5) {
			char *path CLEANUP_FREE =
			    mem_dup(n.path.data + 5, n.path.len - 5);

			show_line(
			    n.type == ENTRY_GONE ? "removed " : "changed ",
			    path);
		}
	if (got < 0)
		die_err(&e);
	bundle_walk_free(&w);
}

static int
verb_show(const struct arguments *a, char *args[])
{
	struct buf text CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	struct ckpt_chain c;
	struct bundle *b;
	struct err e;

	open_chain(a, args[0], false, &c);
	b = chain_newest(&c.chain);
	if (bundle_member(b, "agent/state.json", BLOB_MAX, &text, &e) < 0 ||
	    json_parse(buf_str(&text), text.len, &j, &e) < 0)
		die_err(&e);
	if (a->json) {
		printf("{\"manifest\":%.*s,\"state\":%.*s}\n",
		    (int)strcspn(buf_str(&b->text), "\n"), buf_str(&b->text),
		    (int)strcspn(buf_str(&text), "\n"), buf_str(&text));
	} else {
		show_state(j, &b->manifest);
		show_grants(b);
		show_changes(b);
	}
	ckpt_close(&c);
	return 0;
}

static int
to_stdout(void *arg, const void *data, size_t n, struct err *e)
{
	(void)arg;
	if (fwrite(data, 1, n, stdout) != n)
		return err_set(e, EX_IOERR, errno, "cannot write");
	return 0;
}

static int
verb_cat(const struct arguments *a, char *args[])
{
	struct sink sink = {to_stdout, NULL};
	struct slice path = {args[1], strlen(args[1])};
	struct ckpt_chain c;
	struct entry n;
	struct err e;
	int r;

	open_chain(a, args[0], false, &c);
	if (strncmp(args[1], "agent/", 6) == 0) {
		r = bundle_find(chain_newest(&c.chain), path, &n, &e);
		if (r == 0)
			r = err_set(&e, EX_NOINPUT, 0, "no '%s'", args[1]);
		else if (r == 1)
			r = bundle_content(
			    chain_newest(&c.chain), &n, &sink, &e);
	} else {
		char *full CLEANUP_FREE = strncmp(args[1], "work/", 5) == 0
					      ? mem_strdup(args[1])
					      : mem_printf("work/%s", args[1]);

		path = (struct slice){full, strlen(full)};
		r = chain_content(&c.chain, path, &sink, &e);
	}
	if (r < 0)
		die_err(&e);
	ckpt_close(&c);
	return 0;
}

static int
verb_diff(const struct arguments *a, char *args[])
{
	static const char *const kinds[] = {"added ", "removed ", "changed "};
	struct ckpt_chain c[2];
	struct chain_walk w[2];
	struct diff_change change;
	struct diff d = {0};
	int got, i, found = 0;
	struct err e;

	for (i = 0; i < 2; i++) {
		open_chain(a, args[i], false, &c[i]);
		if (chain_walk_init(&w[i], &c[i].chain, &e) < 0)
			die_err(&e);
	}
	d.a = source_chain(&w[0]);
	d.b = source_chain(&w[1]);
	for (; (got = diff_next(&d, &change, &e)) == 1; found = 1) {
		const struct entry *n = change.kind == DIFF_REMOVED
					    ? &change.before
					    : &change.after;
		char *path CLEANUP_FREE = mem_dup(n->path.data, n->path.len);

		show_line(kinds[change.kind], path);
	}
	if (got < 0)
		die_err(&e);
	for (i = 0; i < 2; i++) {
		chain_walk_free(&w[i]);
		ckpt_close(&c[i]);
	}
	return found ? EX_NO : 0;
}

/* ---- verify, restore, export --------------------------------------------------------------- */

static void
check_key(const struct arguments *a, const struct bundle *b)
{
	unsigned char num[SIGN_KEYNUM], sig[SIGN_BYTES];
	struct buf text CLEANUP_BUF = {0};
	struct sign_public key;
	struct err e;

	if (file_read(AT_FDCWD, a->key, 4096, &text, &e) < 0 ||
	    sign_public_parse(buf_str(&text), text.len, &key, &e) < 0 ||
	    manifest_signature(
		buf_str(&b->signature), b->signature.len, num, sig, &e) < 0 ||
	    sign_check(&key, b->text.data, b->text.len, sig, &e) < 0)
		die_err(&e);
}

static int
verb_verify(const struct arguments *a, char *args[])
{
	struct snapshot tree = {0};
	struct ckpt_chain c;
	char hex[DIGEST_HEX + 1];
	struct err e;
	size_t i;

	open_chain(a, args[0], true, &c);
	for (i = 0; i < c.chain.count; i++) {
		if (a->key != NULL)
			check_key(a, c.chain.layer[i]);
		if (bundle_check(c.chain.layer[i], &e) < 0)
			die_err(&e);
	}
	if (chain_tree(&c.chain, 0, &tree, &e) < 0 ||
	    ckpt_prove_state(&c.chain, &e) < 0)
		die_err(&e);
	digest_hex(&chain_newest(&c.chain)->id, hex);
	printf("%s: %zu bundles, %" PRId64 " records, %" PRId64 " files%s\n",
	    hex, c.chain.count, chain_newest(&c.chain)->manifest.seq,
	    chain_newest(&c.chain)->manifest.files,
	    a->key != NULL ? ", signed" : "");
	snapshot_free(&tree);
	ckpt_close(&c);
	return 0;
}

static void
omitted(void *arg, const struct entry *n)
{
	char *path CLEANUP_FREE = mem_dup(n->path.data, n->path.len);

	(void)arg;
	warn_msg("'%s' is a %s: not made", path, entry_type_name(n->type));
}

/* The folder that `path` lies in, opened, and its last component. */
static int
open_parent(const char *path, char **full, char **name)
{
	char *cwd CLEANUP_FREE = getcwd(NULL, 0);
	struct err e;
	int dir;

	*full = path_join(cwd == NULL ? "/" : cwd, path);
	*name = strrchr(*full, '/') + 1;
	if ((*name)[0] == '\0')
		die(EX_CANTCREAT, "'%s' is there", path);
	(*name)[-1] = '\0';
	if (file_open_dir((*full)[0] == '\0' ? "/" : *full, false, &dir, &e) <
	    0)
		die_err(&e);
	return dir;
}

static int
verb_restore(const struct arguments *a, char *args[])
{
	struct restore_options o = {
	    .omitted = omitted, .progress = progress_add};
	char *path, *name;
	struct ckpt_chain c;
	struct progress p;
	struct err e;
	int dir;

	if (a->to == NULL)
		die_usage(&program, "restore: give --to DIR, a new folder");
	open_chain(a, args[0], false, &c);
	dir = open_parent(a->to, &path, &name);
	progress_start(&p, "restoring", chain_newest(&c.chain)->manifest.bytes);
	o.arg = &p;
	if (restore_tree(&c.chain, dir, name, &o, &e) < 0)
		die_err(&e);
	progress_end(&p);
	(void)close(dir);
	free(path);
	ckpt_close(&c);
	return 0;
}

struct exporting {
	struct chain *chain;
	struct writer_options options;
};

static int
export_to(void *arg, int fd, struct err *e)
{
	struct exporting *x = arg;
	struct manifest m = {0};
	struct written w;
	int r = squash_write(x->chain, fd, "export", &x->options, &m, &w, e);

	manifest_free(&m);
	return r;
}

static int
verb_export(const struct arguments *a, char *args[])
{
	struct exporting x = {0};
	struct sign_secret key;
	struct ckpt_chain c;
	char *path, *name;
	struct err e;
	int r, dir;

	open_chain(a, args[0], true, &c);
	x.chain = &c.chain;
	if (a->open != NULL && root_secret(a->open, &key, &e) == 0)
		x.options.key = &key;
	if (a->output == NULL || strcmp(a->output, "-") == 0) {
		r = export_to(&x, STDOUT_FILENO, &e);
	} else {
		dir = open_parent(a->output, &path, &name);
		r = save_durably(dir, name, export_to, &x, &e);
		(void)close(dir);
		free(path);
	}
	if (r < 0)
		die_err(&e);
	ckpt_close(&c);
	return 0;
}

static const struct {
	const char *name;
	int operands;
	int (*run)(const struct arguments *, char *args[]);
} verbs[] = {
    {"cat", 2, verb_cat},
    {"diff", 2, verb_diff},
    {"export", 1, verb_export},
    {"list", 1, verb_list},
    {"restore", 1, verb_restore},
    {"save", 1, verb_save},
    {"show", 1, verb_show},
    {"verify", 1, verb_verify},
};

int
main(int argc, char *argv[])
{
	struct arguments a = {0};
	struct root root;
	const char *verb;
	struct err e;
	int first;
	size_t i;

	verb = opt_verb(&program, argc, argv, option, &a, &first);
	for (i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(verbs[i].name, verb) == 0)
			break;
	if (i == COUNT_OF(verbs))
		die_usage(&program, "unknown verb '%s'", verb);
	if (argc - first != verbs[i].operands)
		die_usage(&program, "%s: wrong number of operands", verb);
	(void)umask(077);
	/* A CI job has only the file: no root is needed for one. */
	if (root_open(a.root, false, &root, &e) == 0)
		a.open = &root;
	else if (a.root != NULL || e.status != EX_NOINPUT)
		die_err(&e);
	finish(verbs[i].run(&a, argv + first));
}
