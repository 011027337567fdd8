/* agent-wait: block until agents have reached a state. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "agent/due.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/show.h"
#include "cli/value.h"

enum { O_ALL = 256, O_ANY, O_JSON, O_ROOT, O_STATE, O_TIMEOUT };

static const struct opt opts[] = {
    {"all", O_ALL, NULL, "until all have reached it (the default)"},
    {"any", O_ANY, NULL, "until one has"},
    {"json", O_JSON, NULL, "one object an agent"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"state", O_STATE, "STATE,...", "done, unless given"},
    {"timeout", O_TIMEOUT, "DURATION", "give up after so long: 124"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {
    "[--any] [--state STATE,…] [--timeout D] AGENT…", NULL};

static const struct program program = {.name = "agent-wait",
    .usage = usage,
    .purpose = "Block until agents have reached a state.",
    .opts = opts,
    .notes = "STATE: ready running waiting waiting:human waiting:child "
	     "waiting:mail\nwaiting:timer paused done failed killed.  Status: "
	     "0 reached, 1 an agent ended\nin another state, 124 the time is "
	     "over."};

/* What is seen without inotify(7): another host's writes. */
#define LOOK_EVERY CLOCK_SECOND
#define EVENTS     (IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF)

struct waited {
	struct due_table table;
	bool *settled; /* reached it, or cannot any more */
	size_t left, reached;
	const char *root;
	char *states; /* ",done,failed," */
	bool any, json;
	int64_t deadline;
	int notify;
};

static bool
is_state(const char *word)
{
	static const char *const waits[] = {
	    "waiting:human", "waiting:child", "waiting:mail", "waiting:timer"};
	enum agent_status s;
	size_t i;

	for (i = 0; i < COUNT_OF(waits); i++)
		if (strcmp(word, waits[i]) == 0)
			return true;
	return agent_status_parse(word, &s) == 0;
}

static void
states(struct waited *w, const char *list)
{
	char *words CLEANUP_FREE = mem_strdup(list);
	char *word, *rest = NULL;
	struct buf all = {0};

	buf_putc(&all, ',');
	for (word = strtok_r(words, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest)) {
		if (!is_state(word))
			die_usage(&program, "--state: there is no '%s'", word);
		buf_printf(&all, "%s,", word);
	}
	if (all.len == 1)
		die_usage(&program, "--state: want a state");
	free(w->states);
	w->states = buf_steal(&all);
}

static int
options(int argc, char *argv[], struct waited *w)
{
	const char *value;
	int letter, first;

	while ((letter = opt_next(&program, argc, argv, &value, &first)) != -1)
		switch (letter) {
		case O_ALL:
		case O_ANY:
			w->any = letter == O_ANY;
			break;
		case O_JSON:
			w->json = true;
			break;
		case O_ROOT:
			w->root = value;
			break;
		case O_STATE:
			states(w, value);
			break;
		default:
			w->deadline = clock_deadline(
			    value_duration(&program, "timeout", value));
		}
	if (first == argc)
		die_usage(&program, "no agent");
	return first;
}

/* ---- what they are ------------------------------------------------------------ */

/* "waiting:timer" is waiting as well. */
static bool
is_asked(const struct waited *w, const char *word)
{
	char *full CLEANUP_FREE = mem_printf(",%s,", word);
	char *colon = strchr(full, ':');

	if (strstr(w->states, full) != NULL)
		return true;
	if (colon == NULL)
		return false;
	(void)memcpy(colon, ",", 2);
	return strstr(w->states, full) != NULL;
}

static void
word_of(const struct due_agent *a, char out[32])
{
	const char *state = due_word(a);
	const char *waits =
	    strcmp(state, "waiting") == 0 ? state_waits_for(&a->state) : NULL;

	(void)snprintf(out, 32, "%s%s%s", state, waits == NULL ? "" : ":",
	    waits == NULL ? "" : waits);
}

static void
say(const struct waited *w, const struct due_agent *a, const char *word,
    bool reached)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw j = {.out = &line};

	if (!w->json) {
		printf("%s %s\n", a->id, word);
	} else {
		jsonw_object(&j, NULL);
		jsonw_string(&j, "agent", a->id);
		jsonw_string(&j, "state", due_word(a));
		if (strchr(word, ':') != NULL)
			jsonw_string(&j, "waits", strchr(word, ':') + 1);
		jsonw_integer(&j, "status", a->state.exit_status);
		jsonw_bool(&j, "reached", reached);
		jsonw_end(&j, '}');
		show_json(stdout, line.data, line.len);
	}
	(void)fflush(stdout);
}

static void
look(struct waited *w, size_t i)
{
	struct due_agent *a = &w->table.agent[i];
	char word[32];
	bool asked;

	if (w->settled[i])
		return;
	due_look(&w->table, a);
	if (a->gone)
		die(EX_NOINPUT, "agent '%s' is gone", a->id);
	if (a->error != NULL)
		die(EX_DATAERR, "%s", a->error);
	word_of(a, word);
	asked = is_asked(w, word);
	if (!asked && strcmp(word, "done") != 0 &&
	    strcmp(word, "failed") != 0 && strcmp(word, "killed") != 0)
		return;
	say(w, a, word, asked);
	w->settled[i] = true;
	w->reached += asked;
	w->left--;
}

/* ---- until something changes ----------------------------------------------------- */

static void
watch(struct waited *w)
{
	char *path;
	size_t i;

	w->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (i = 0; w->notify >= 0 && i < w->table.count; i++) {
		path = mem_printf(
		    "%s/agents/%s", w->table.root->path, w->table.agent[i].id);
		(void)inotify_add_watch(w->notify, path, EVENTS);
		free(path);
	}
}

static void
pause_for(struct waited *w)
{
	struct pollfd p = {.fd = w->notify, .events = POLLIN};
	int64_t until = clock_deadline(LOOK_EVERY);
	char events[16384];

	if (w->deadline < until)
		until = w->deadline;
	if (poll(&p, 1, clock_poll_ms(until)) < 0 && errno != EINTR)
		die(EX_OSERR, "cannot wait: %s", strerror(errno));
	while (p.fd >= 0 && read(p.fd, events, sizeof(events)) > 0)
		;
}

static int
wait_all(struct waited *w)
{
	size_t i;

	w->left = w->table.count;
	w->settled = mem_new(w->left, sizeof(*w->settled));
	watch(w);
	for (;;) {
		for (i = 0; i < w->table.count; i++)
			look(w, i);
		if (w->any && w->reached > 0)
			return 0;
		if (w->left == 0)
			return w->reached == w->table.count ? 0 : EX_NO;
		if (clock_mono() >= w->deadline)
			return EX_DEADLINE;
		pause_for(w);
	}
}

int
main(int argc, char *argv[])
{
	struct waited w = {.deadline = CLOCK_NEVER, .notify = -1};
	char id[ULID_TEXT];
	struct root root;
	struct err e;
	int i, status;

	states(&w, "done");
	i = options(argc, argv, &w);
	if (root_open(w.root, false, &root, &e) < 0)
		die_err(&e);
	w.table.root = &root;
	for (; i < argc; i++) {
		if (root_find(&root, argv[i], id, &e) < 0)
			die_err(&e);
		due_add(&w.table, id);
	}
	status = wait_all(&w);
	fd_cleanup(&w.notify);
	free(w.settled);
	free(w.states);
	due_free(&w.table);
	root_close(&root);
	finish(status);
}
