/* agent-send: tell an agent something, whether or not it runs. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/halt.h"
#include "agent/postfiles.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/secretargs.h"
#include "cli/show.h"
#include "cli/value.h"

enum {
	O_ATTACH = 256,
	O_EVENT,
	O_FROM,
	O_JSON,
	O_LABEL,
	O_ROOT,
	O_SIGNAL,
	O_WAIT
};

#define WAIT (30 * CLOCK_SECOND)

static const struct opt opts[] = {
    {"attach", O_ATTACH, "FILE", "with this file; may be repeated"},
    {"event", O_EVENT, "NAME", "an event, for who waits for it"},
    {"from", O_FROM, "NAME", "who sends it (default: user)"},
    {"json", O_JSON, NULL, "print one JSON object: agent, mail"},
    {"label", O_LABEL, "LABEL", "what is sent is tainted, or secret"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"signal", O_SIGNAL, "SIGNAL", "pause, resume, stop or kill it"},
    {"wait", O_WAIT, "DURATION", "a signal: for its runner (default 30s)"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {"[--attach FILE]... AGENT TEXT|-",
    "--event NAME AGENT [TEXT|-]", "--signal pause|resume|stop|kill AGENT",
    NULL};

static const struct program program = {.name = "agent-send",
    .usage = usage,
    .purpose = "Deliver a message, an event or a signal to an agent.",
    .opts = opts,
    .notes = "Status: 0 it is in the mailbox, or the signal was taken, 1 the "
	     "agent was\nkilled, 66 no such agent, 75 the mailbox is full, or "
	     "the runner did not look:\ntry again."};

struct arguments {
	const char *root, *from, *event, *signal;
	const char *attach[POST_FILES];
	size_t attached;
	unsigned labels;
	int64_t wait;
	bool json;
};

/* A name that the model sees as the sender's, and no agent's id. */
static const char *
word(const char *option, const char *value)
{
	if (!post_word_ok(value) || post_is_agent(value))
		die_usage(&program,
		    "%s: want letters, digits and ._-, at most %d of them, "
		    "and no agent's id",
		    option, POST_NAME - 1);
	return value;
}

static void
add_file(struct arguments *a, const char *path)
{
	if (a->attached == POST_FILES)
		die_usage(&program, "--attach: at most %d files", POST_FILES);
	a->attach[a->attached++] = path;
}

static void
set_signal(struct arguments *a, const char *name)
{
	if (!halt_known(name))
		die_usage(
		    &program, "--signal: want pause, resume, stop or kill");
	a->signal = name;
}

static void
add_label(struct arguments *a, const char *name)
{
	if (grant_label(name) == 0)
		die_usage(&program, "--label: want tainted or secret");
	a->labels |= grant_label(name);
}

static int
options(int argc, char *argv[], struct arguments *a)
{
	const char *value;
	int letter, first;

	while ((letter = opt_next(&program, argc, argv, &value, &first)) != -1)
		switch (letter) {
		case O_ATTACH:
			add_file(a, value);
			break;
		case O_EVENT:
			a->event = word("--event", value);
			break;
		case O_FROM:
			a->from = word("--from", value);
			break;
		case O_JSON:
			a->json = true;
			break;
		case O_LABEL:
			add_label(a, value);
			break;
		case O_SIGNAL:
			set_signal(a, value);
			break;
		case O_WAIT:
			a->wait = value_duration(&program, "wait", value);
			break;
		default:
			a->root = value;
		}
	return first;
}

static void
attach(const struct root *root, const char *path, struct post *p)
{
	const char *slash = strrchr(path, '/');
	struct buf data CLEANUP_BUF = {0};
	struct err e;

	if (file_read(AT_FDCWD, path, POST_FILE, &data, &e) < 0 ||
	    postfiles_add(root, p, slash == NULL ? path : slash + 1,
		(struct slice){buf_str(&data), data.len}, &e) < 0)
		die_err(&e);
}

static void
make_post(const struct root *root, const struct arguments *a, const char *text,
    struct post *p)
{
	size_t i;

	p->labels = a->labels;
	p->kind = a->event != NULL ? POST_EVENT : POST_MESSAGE;
	p->name = post_name_person();
	p->from = mem_strdup(a->from);
	p->event = mem_strdup(a->event);
	p->text = value_text(text);
	if (strlen(p->text) > POST_TEXT)
		die(EX_DATAERR, "the text is longer than %zu bytes", POST_TEXT);
	if (utf8_valid(p->text, strlen(p->text)) != strlen(p->text))
		die(EX_DATAERR, "the text is not UTF-8");
	if (p->kind == POST_MESSAGE && p->text[0] == '\0' && a->attached == 0)
		die(EX_DATAERR, "the message is empty");
	for (i = 0; i < a->attached; i++)
		attach(root, a->attach[i], p);
}

static void
print_json(const char *agent, const char *mail)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "agent", agent);
	jsonw_string(&w, "mail", mail);
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

static void
send_post(const struct root *root, const struct arguments *a, const char *id,
    const char *text)
{
	struct post p CLEANUP_POST = {0};
	struct err e;

	make_post(root, a, text, &p);
	if (post_send(root, id, &p, &e) < 0)
		die_err(&e);
	if (a->json)
		print_json(id, p.name);
}

/* How many operands there are has to fit what is sent. */
static void
check_operands(const struct arguments *a, char *operands[], int count)
{
	bool bare = a->signal != NULL || a->event != NULL || a->attached > 0;
	int least = bare ? 1 : 2;
	int most = a->signal != NULL ? 1 : 2;

	if (a->signal != NULL && a->event != NULL)
		die_usage(&program, "an event or a signal, not both");
	if ((a->event != NULL || a->signal != NULL) && a->attached > 0)
		die_usage(&program, "files go with a message");
	if (count < least)
		die_usage(&program, "want an agent%s",
		    least == 1 ? "" : " and what to tell it");
	if (count > most)
		die_usage(&program, "what is '%s'? %s", operands[most],
		    most == 1 ? "a signal has no text"
			      : "quote a text of many words");
}

int
main(int argc, char *argv[])
{
	struct arguments a = {.from = "user", .wait = WAIT};
	struct secret_args secrets = {0};
	int first = options(argc, argv, &a), left = argc - first;
	char id[ULID_TEXT];
	struct root root;
	struct err e;

	check_operands(&a, argv + first, left);
	(void)umask(077);
	if (root_open(a.root, false, &root, &e) < 0)
		die_err(&e);
	root.secrets = secret_args_load(&secrets);
	if (root_find(&root, argv[first], id, &e) < 0)
		die_err(&e);
	if (a.signal == NULL)
		send_post(&root, &a, id, left == 2 ? argv[first + 1] : "");
	else if (halt_send(&root, id, a.signal, clock_deadline(a.wait), &e) < 0)
		die_err(&e);
	root_close(&root);
	secret_args_free(&secrets);
	finish(0);
}
