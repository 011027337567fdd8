/* agent-model: one model call, as a filter. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/num.h"
#include "cli/opt.h"
#include "cli/secretargs.h"
#include "cli/stop.h"
#include "model/model.h"

#define REQUEST_MAX ((size_t)1 << 30)

enum { API_VERSION = 256, AUTH, MAX_TOKENS, PRICES, STREAM, TEMPERATURE, WIRE };

static const struct opt options[] = {
    {"api-version", API_VERSION, "DATE", "version of the Messages API"},
    {"auth", AUTH, "SCHEME", "x-api-key or bearer (Messages API)"},
    {"max-tokens", MAX_TOKENS, "N", "tokens of output at most"},
    {"model", 'm', "MODEL", "script:FILE, exec:PROGRAM, openai:NAME, …"},
    {"prices", PRICES, "FILE", "price file, for the cost"},
    {"stream", STREAM, NULL, "JSON lines: text as it comes, then the reply"},
    {"temperature", TEMPERATURE, "X", "sampling temperature; else not sent"},
    {"timeout", 't', "DURATION", "give up after this long"},
    {"wire", WIRE, NULL, "print what would be sent, and send nothing"},
    {NULL, 0, NULL, NULL},
};

static const struct program program = {
    "agent-model",
    (const char *const[]){"-m MODEL [OPTION…] <REQUEST >REPLY", NULL},
    "Send one request to a model and print its reply, both as JSON.",
    options,
    "Status: 0 a reply, 65 a bad reply or request, 69 unavailable, 78 refused\n"
    "key or model, 66 end of a script, 124 timeout, 128+N stopped by signal N.",
};

struct args {
	const char *model;
	struct secret_args secrets;
	bool stream, wire;
	struct model_options o;
};

static void
take_option(struct args *a, int c, const char *value)
{
	int64_t ns;

	switch (c) {
	case API_VERSION:
		a->o.api_version = value;
		break;
	case AUTH:
		a->o.auth = value;
		break;
	case MAX_TOKENS:
		if (num_int(value, 1, INT32_MAX, &a->o.max_tokens) < 0)
			die_usage(&program, "bad number '%s'", value);
		break;
	case PRICES:
		a->o.prices = value;
		break;
	case STREAM:
		a->stream = true;
		break;
	case TEMPERATURE:
		a->o.temperature = value;
		break;
	case WIRE:
		a->wire = true;
		break;
	case 'm':
		a->model = value;
		break;
	case 't':
		if (num_duration(value, &ns) < 0)
			die_usage(&program, "bad length of time '%s'", value);
		a->o.deadline = clock_deadline(ns);
		break;
	}
}

static NORETURN void
die_stopped(int fd, const struct err *e)
{
	if (e->status == EX_TEMPFAIL)
		exit(stop_status(fd));
	die_err(e);
}

static void
put_line(struct buf *line)
{
	buf_putc(line, '\n');
	(void)fwrite(buf_str(line), 1, line->len, stdout);
	if (fflush(stdout) != 0)
		die(EX_IOERR, "cannot write to the standard output");
}

static void
put_text(const char *text, size_t len)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {&line, false};

	if (len == 0)
		return;
	jsonw_object(&w, NULL);
	jsonw_string(&w, "type", "text");
	jsonw_text(&w, "text", text, len);
	jsonw_end(&w, '}');
	put_line(&line);
}

/* Pieces without secrets, which may come in several. */
static void
on_text(void *arg, const char *text, size_t len)
{
	struct buf clean CLEANUP_BUF = {0};

	scrub_add(arg, text, len, &clean);
	put_text(buf_str(&clean), clean.len);
}

static void
on_retry(void *arg, unsigned attempt, int64_t wait, const char *why)
{
	(void)arg;
	warn_msg("%s; attempt %u in %.1f s", why, attempt,
	    (double)wait / (double)CLOCK_SECOND);
}

static void
print_reply(const struct args *a, const struct model_reply *r)
{
	struct buf line CLEANUP_BUF = {0}, all CLEANUP_BUF = {0};
	struct buf room CLEANUP_BUF = {0};
	struct slice json;

	model_reply_json(r, &all);
	json = secrets_scrub_json(
	    a->o.secrets, (struct slice){all.data, all.len}, &room);
	if (a->stream) {
		buf_puts(&line, "{\"type\":\"reply\",");
		buf_add(&line, json.data + 1, json.len - 1);
	} else {
		buf_add(&line, json.data, json.len);
	}
	put_line(&line);
}

static NORETURN void
run(struct args *a, struct model *m, struct slice request)
{
	struct scrub pieces = {.secrets = &a->secrets.secrets};
	struct buf last CLEANUP_BUF = {0};
	struct model_reply reply;
	struct err e;

	a->o.stop_fd = stop_signals();
	a->o.on_retry = on_retry;
	if (a->stream)
		a->o.on_text = on_text;
	a->o.arg = &pieces;
	model_reply_init(&reply);
	if (model_call(m, request, &a->o, &reply, &e) < 0) {
		secrets_scrub_err(a->o.secrets, &e);
		die_stopped(a->o.stop_fd, &e);
	}
	scrub_end(&pieces, &last);
	put_text(buf_str(&last), last.len);
	if (reply.bad[0] != '\0')
		die(EX_DATAERR, "bad reply: %s", reply.bad);
	print_reply(a, &reply);
	model_reply_free(&reply);
	model_close(m);
	finish(0);
}

int
main(int argc, char *argv[])
{
	struct args a = {0};
	struct buf text CLEANUP_BUF = {0}, wire CLEANUP_BUF = {0};
	struct slice request;
	struct model *m;
	const char *value;
	struct err e;
	int c, first;

	model_options_init(&a.o);
	while ((c = opt_next(&program, argc, argv, &value, &first)) != -1)
		take_option(&a, c, value);
	if (first < argc)
		die_usage(&program, "unexpected operand '%s'", argv[first]);
	if (a.model == NULL)
		die_usage(&program, "which model? -m MODEL");
	a.o.secrets = secret_args_load(&a.secrets);
	if (model_open(a.model, &m, &e) < 0 ||
	    file_read_fd(
		STDIN_FILENO, "standard input", REQUEST_MAX, &text, &e) < 0)
		die_err(&e);
	request = (struct slice){buf_str(&text), text.len};
	if (!a.wire)
		run(&a, m, request);
	if (model_wire(m, request, &a.o, &wire, &e) < 0)
		die_err(&e);
	(void)fwrite(buf_str(&wire), 1, wire.len, stdout);
	model_close(m);
	finish(0);
}
