/* agent-ps: list agents. */
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "agent/lease.h"
#include "agent/mailbox.h"
#include "agent/session.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/opt.h"
#include "cli/show.h"
#include "cli/showuse.h"

enum { O_JSON = 256, O_ROOT, O_TREE };

#define LEFT_COLUMN   5 /* with --tree */
#define RIGHT_COLUMNS (1U << 2 | 1U << 3 | 1U << 4 | 1U << 5)
#define RIGHT_OF_TREE (1U << 2 | 1U << 3 | 1U << 4 | 1U << 6)

static const struct opt opts[] = {{"json", O_JSON, NULL, "one object an agent"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"tree", O_TREE, NULL, "children below their parents, what limits leave"},
    {"watch", 'w', NULL, "again every second, until interrupted"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {"[--json] [--tree] [-w] [AGENT…]", NULL};

static const struct program program = {.name = "agent-ps",
    .usage = usage,
    .purpose = "List agents: state, what each waits for, tokens, cost, age.",
    .opts = opts,
    .notes = "Status: 0, 65 an agent is damaged (the others are listed), 66 no "
	     "such agent."};

/* One agent, as it is shown. */
struct row {
	char id[ULID_TEXT];
	char *error;      /* why it cannot be read; else NULL */
	struct session s; /* opened to read, brief */
	const char *state;
	size_t depth, mail; /* letters that wait for it */
};

static void
fill(struct root *root, struct row *r)
{
	struct err e;

	if (session_read(root, r->id, true, &r->s, &e) < 0) {
		r->error = mem_strdup(e.msg);
		r->state = "damaged";
		return;
	}
	r->mail = mailbox_count(r->s.dir);
	/* Who holds the lock runs; one that is awake without has crashed. */
	if (lease_held(root, r->s.dir))
		r->state = "running";
	else if (r->s.state.awake)
		r->state = "ready";
	else
		r->state = agent_status_name(r->s.state.status);
}

static void
row_free(struct row *r)
{
	if (r->error == NULL)
		session_close(&r->s);
	free(r->error);
}

static const char *
waits(const struct row *r)
{
	return strcmp(r->state, "waiting") == 0 ? state_waits_for(&r->s.state)
						: NULL;
}

static void
print_json(const struct row *r)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "id", r->id);
	if (r->error != NULL) {
		jsonw_string(&w, "state", r->state);
		jsonw_string(&w, "error", r->error);
	} else {
		jsonw_maybe(&w, "name", r->s.info.name);
		jsonw_maybe(&w, "parent", r->s.info.parent);
		jsonw_string(&w, "state", r->state);
		jsonw_maybe(&w, "waits", waits(r));
		if (r->mail > 0)
			jsonw_integer(&w, "mail", (int64_t)r->mail);
		showuse_json(&w, &r->s.state);
		jsonw_string(&w, "model", r->s.state.model);
		jsonw_maybe(&w, "goal", r->s.state.goal);
		jsonw_integer(&w, "seq", r->s.mark.seq);
		jsonw_string(&w, "workspace", r->s.workspace);
		jsonw_string(&w, "created", r->s.info.created);
	}
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

/* "waiting:child +2": two letters wait, too. */
static void
state_text(const struct row *r, char *text, size_t size)
{
	char mail[24] = "";

	if (r->mail > 0)
		(void)snprintf(mail, sizeof(mail), " +%zu", r->mail);
	(void)snprintf(text, size, "%s%s%s%s", r->state,
	    waits(r) == NULL ? "" : ":", waits(r) == NULL ? "" : waits(r),
	    mail);
}

static void
print_row(struct table *t, const struct row *r, size_t shown, bool tree)
{
	struct buf left CLEANUP_BUF = {0};
	char *id CLEANUP_FREE =
	    mem_printf("%*s%.*s", (int)(2 * r->depth), "", (int)shown, r->id);
	char text[64];
	const struct usage *u = &r->s.state.usage;
	int64_t created = 0;
	size_t i;

	table_add(t, id);
	if (r->error != NULL) {
		table_add(t, r->state);
		for (i = 3; i < t->columns; i++)
			table_add(t, "");
		table_add(t, r->error);
		return;
	}
	state_text(r, text, sizeof(text));
	table_add(t, text);
	(void)snprintf(text, sizeof(text), "%" PRId64, u->turns);
	table_add(t, text);
	show_count(u->input + u->output, text);
	table_add(t, text);
	show_money(u->cost, text);
	table_add(t, text);
	if (tree) {
		showuse_left(&r->s.state, &left);
		table_add(t, buf_str(&left));
	}
	(void)clock_parse(r->s.info.created, &created);
	show_time(clock_real() - created, text);
	table_add(t, text);
	table_add(t, r->s.info.name == NULL ? "-" : r->s.info.name);
	(void)snprintf(text, sizeof(text), "%.60s",
	    r->s.state.goal == NULL ? "" : r->s.state.goal);
	text[utf8_valid(text, strcspn(text, "\n"))] = '\0';
	table_add(t, text);
}

static void
print_table(const struct row *rows, size_t n, size_t shown, bool tree)
{
	static const char *const head[] = {"AGENT", "STATE", "TURNS", "TOKENS",
	    "COST", "LEFT", "AGE", "NAME", "GOAL"};
	struct table t = {.columns = COUNT_OF(head) - !tree,
	    .right = tree ? RIGHT_OF_TREE : RIGHT_COLUMNS};
	size_t i;

	for (i = 0; i < COUNT_OF(head); i++)
		if (tree || i != LEFT_COLUMN)
			table_add(&t, head[i]);
	for (i = 0; i < n; i++)
		print_row(&t, &rows[i], shown, tree);
	table_print(&t, stdout);
}

/* Children behind their parents, each with its depth; ids sort by age. */
static void
arrange(struct row *rows, size_t n)
{
	struct row moved;
	size_t i, p;

	for (i = 1; i < n; i++) {
		const char *parent =
		    rows[i].error != NULL ? NULL : rows[i].s.info.parent;

		for (p = 0; parent != NULL && p < i; p++)
			if (strcmp(rows[p].id, parent) == 0)
				break;
		if (parent == NULL || p == i)
			continue;
		rows[i].depth = rows[p].depth + 1;
		moved = rows[i];
		for (p++; p < i && rows[p].depth >= moved.depth; p++)
			;
		memmove(&rows[p + 1], &rows[p], (i - p) * sizeof(*rows));
		rows[p] = moved;
	}
}

/* 0, or 65 when one of them cannot be read; the others are shown. */
static int
list(struct root *root, char *names[], int count, int format, bool tree)
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	struct row *rows CLEANUP_FREE = NULL;
	size_t n, i, total;
	struct err e;
	int status = 0;

	if (root_list(root, &ids, &total, &e) < 0)
		die_err(&e);
	n = count > 0 ? (size_t)count : total;
	rows = mem_new(n, sizeof(*rows));
	for (i = 0; i < n; i++) {
		if (count == 0)
			memcpy(rows[i].id, ids[i], ULID_TEXT);
		else if (root_find(root, names[i], rows[i].id, &e) < 0)
			die_err(&e);
		fill(root, &rows[i]);
	}
	if (tree)
		arrange(rows, n);
	if (format == O_JSON)
		for (i = 0; i < n; i++)
			print_json(&rows[i]);
	else
		print_table(rows, n, root_short(ids, total), tree);
	for (i = 0; i < n; i++) {
		if (rows[i].error != NULL)
			status = EX_DATAERR;
		row_free(&rows[i]);
	}
	return status;
}

int
main(int argc, char *argv[])
{
	bool tree = false, again = false;
	const char *value, *path = NULL;
	int letter, first, format = 0, status;
	struct root root;
	struct err e;

	while ((letter = opt_next(&program, argc, argv, &value, &first)) != -1)
		switch (letter) {
		case O_ROOT:
			path = value;
			break;
		case O_TREE:
			tree = true;
			break;
		case 'w':
			again = true;
			break;
		default:
			format = letter;
		}
	if (root_open(path, false, &root, &e) < 0) {
		/* A root that is not there yet holds no agents. */
		if (e.status == EX_NOINPUT && path == NULL && argc == first)
			finish(0);
		die_err(&e);
	}
	do {
		if (again && isatty(STDOUT_FILENO))
			(void)fputs("\033[H\033[2J", stdout);
		status = list(&root, argv + first, argc - first, format, tree);
		(void)fflush(stdout);
	} while (again && poll(NULL, 0, 1000) == 0 && ferror(stdout) == 0);
	root_close(&root);
	finish(status);
}
