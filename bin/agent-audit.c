/* agent-audit: print, verify and show the history of an agent. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "agent/history.h"
#include "base/num.h"
#include "cli/opt.h"
#include "cli/show.h"

enum { O_HEAD = 256, O_JSON, O_REQUEST, O_ROOT };

static const struct opt opts[] = {
    {"follow", 'f', NULL, "log: go on as records are written"},
    {"head", O_HEAD, "DIGEST", "verify: this record must be there"},
    {"json", O_JSON, NULL, "records as they stand; results as JSON"},
    {"request", O_REQUEST, NULL, "show: the request that a model call sent"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"type", 't', "TYPE", "log: only records of this type; repeatable"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {"log [-f] [--json] [--type TYPE] AGENT",
    "show [--request] SEQ AGENT", "verify [--head DIGEST] [--json] AGENT",
    "head AGENT", NULL};

static const struct program program = {.name = "agent-audit",
    .usage = usage,
    .purpose = "Print, verify and show the history of an agent.",
    .opts = opts,
    .notes =
	"Options stand before the operands.  Status: 0, 1 nothing matched "
	"or the head is\nnot there, 65 damaged, 66 no such agent or record."};

struct arguments {
	bool follow, json, request;
	bool types[RECORD_TYPES], typed;
	const char *root, *head;
};

/* ---- log ------------------------------------------------------------------------------ */

static bool
print_new(struct reader *r, const struct arguments *a, bool colour)
{
	struct record rec;
	bool any = false;
	struct err e;
	int got;

	while ((got = reader_next(r, &rec, &e)) == 1) {
		if (a->typed && !a->types[rec.type])
			continue;
		any = true;
		if (a->json)
			show_json(stdout, rec.line.data, rec.line.len);
		else
			show_record(stdout, &rec, colour);
	}
	if (got < 0)
		die_err(&e);
	return any;
}

static void
follow(struct history *h, struct reader *r, const struct arguments *a)
{
	char events[4096];
	struct pollfd out = {.fd = STDOUT_FILENO};
	int watch = inotify_init1(IN_CLOEXEC);

	if (watch < 0 || inotify_add_watch(watch, ".", IN_MODIFY) < 0)
		die(EX_OSERR, "cannot watch '%s': %s", h->info.id,
		    strerror(errno));
	do {
		(void)print_new(r, a, show_colour(stdout));
		if (fflush(stdout) != 0 ||
		    (poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0))
			return; /* nobody reads any more */
	} while (read(watch, events, sizeof(events)) > 0);
}

static int
verb_log(const struct arguments *a, struct history *h)
{
	struct reader r;
	bool any;

	history_reader(h, &r);
	if (a->follow && fchdir(h->dir) == 0)
		follow(h, &r, a);
	any = print_new(&r, a, show_colour(stdout));
	reader_free(&r);
	return any || a->follow ? 0 : EX_NO;
}

/* ---- the other verbs ------------------------------------------------------------------ */

static int
verb_show(const struct arguments *a, struct history *h, int64_t seq)
{
	struct buf text CLEANUP_BUF = {0};
	struct err e;

	if ((a->request ? history_request(h, seq, &text, &e)
			: history_record(h, seq, &text, &e)) < 0)
		die_err(&e);
	show_json(stdout, text.data, text.len);
	return 0;
}

static void
print_result(const struct arguments *a, const struct history *h,
    const struct verify_result *res)
{
	char hex[DIGEST_HEX + 1];

	digest_hex(&res->mark.head, hex);
	if (a->json)
		printf("{\"agent\":\"%s\",\"ok\":true,\"records\":%" PRId64
		       ",\"seals\":%" PRId64 ",\"sealed\":%" PRId64
		       ",\"redacted\":%" PRId64 ",\"unfinished\":%" PRId64
		       ",\"head\":\"%s\"}\n",
		    h->info.id, res->records, res->seals, res->sealed_seq,
		    res->redacted, res->torn_bytes, hex);
	else
		printf("%s: %" PRId64 " records, sealed up to %" PRId64
		       "%s%s\nhead %s\n",
		    h->info.id, res->records, res->sealed_seq,
		    res->redacted > 0 ? ", some redacted" : "",
		    res->torn_bytes > 0 ? ", an unfinished group at the end"
					: "",
		    hex);
}

static int
verb_verify(const struct arguments *a, struct history *h)
{
	struct verify_result res;
	struct digest head;
	struct err e;

	if (a->head != NULL &&
	    digest_parse(a->head, strlen(a->head), &head) < 0)
		die_usage(&program, "--head: not a digest");
	if (history_verify(h, a->head == NULL ? NULL : &head, &res, &e) < 0) {
		err_wrap(&e, "agent %s", h->info.id);
		die_err(&e);
	}
	if (a->head != NULL && !res.found_head)
		die(EX_NO, "agent %s: the history does not hold %s", h->info.id,
		    a->head);
	print_result(a, h, &res);
	return 0;
}

static int
verb_head(struct history *h)
{
	char hex[DIGEST_HEX + 1];
	struct reader r;
	struct record rec;
	struct err e;
	int got;

	history_reader(h, &r);
	while ((got = reader_next(&r, &rec, &e)) == 1)
		;
	if (got < 0)
		die_err(&e);
	digest_hex(&r.mark.head, hex);
	printf("%s\n", hex);
	reader_free(&r);
	return 0;
}

static void
option(void *arg, int letter, const char *v)
{
	struct arguments *a = arg;
	enum record_type t;

	switch (letter) {
	case 'f':
		a->follow = true;
		break;
	case 't':
		t = record_type_parse(v, strlen(v));
		if (t == RECORD_TYPES)
			die_usage(&program, "--type: no type '%s'", v);
		a->types[t] = a->typed = true;
		break;
	case O_JSON:
		a->json = true;
		break;
	case O_HEAD:
		a->head = v;
		break;
	case O_REQUEST:
		a->request = true;
		break;
	default:
		a->root = v;
	}
}

int
main(int argc, char *argv[])
{
	char id[ULID_TEXT];
	struct arguments a = {0};
	struct history h;
	struct root root;
	const char *verb;
	struct err e;
	int64_t seq = 0;
	int first;

	verb = opt_verb(&program, argc, argv, option, &a, &first);
	if (strcmp(verb, "show") == 0 &&
	    (first >= argc ||
		num_int(argv[first++], 1, (int64_t)1 << 53, &seq) < 0))
		die_usage(&program, "show: want a record's number");
	if (argc - first != 1)
		die_usage(&program, "%s: want one agent", verb);
	if (root_open(a.root, false, &root, &e) < 0 ||
	    root_find(&root, argv[first], id, &e) < 0 ||
	    history_open(&root, id, &h, &e) < 0)
		die_err(&e);
	if (strcmp(verb, "log") == 0)
		finish(verb_log(&a, &h));
	if (strcmp(verb, "show") == 0)
		finish(verb_show(&a, &h, seq));
	if (strcmp(verb, "verify") == 0)
		finish(verb_verify(&a, &h));
	if (strcmp(verb, "head") == 0)
		finish(verb_head(&h));
	die_usage(&program, "unknown verb '%s'", verb);
}
