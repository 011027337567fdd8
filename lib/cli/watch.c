#include "cli/watch.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/utf8.h"
#include "cli/opt.h"
#include "cli/show.h"

static void
put_event(struct watch *w, struct buf *line)
{
	struct err e;

	if (w->mode == WATCH_JSON) {
		show_json(stdout, line->data, line->len);
		(void)fflush(stdout);
	}
	buf_putc(line, '\n');
	if (w->events >= 0 &&
	    file_write_all(w->events, line->data, line->len, "events", &e) < 0)
		w->events = -1; /* who listened is gone: not our end */
}

static bool
wants_events(const struct watch *w)
{
	return w->mode == WATCH_JSON || w->events >= 0;
}

/* stdout stands at the beginning of a line, and is written. */
static void
end_line(struct watch *w)
{
	if (w->mid_line)
		(void)fputs("\n", stdout);
	w->mid_line = false;
	(void)fflush(stdout);
}

/* Words about what happens, on stderr; stdout ends its line first. */
static void
put_note(struct watch *w, const char *mark, const char *text)
{
	end_line(w);
	fprintf(stderr, "%s%s%s%s\n", w->colour ? "\033[2m" : "", mark, text,
	    w->colour ? "\033[0m" : "");
}

/* A reply that could not be used says why: the text that came is no answer. */
static void
note_bad(struct watch *w, const struct record *r)
{
	struct buf safe CLEANUP_BUF = {0};
	struct json *body CLEANUP_JSON = NULL;
	const char *why;
	struct err e;

	if (json_parse(r->body.data, r->body.len, &body, &e) < 0)
		return;
	why = json_get_string(body, "bad");
	if (why == NULL)
		return;
	utf8_safe(&safe, why, strlen(why), false);
	put_note(w, "! not used: ", buf_str(&safe));
}

/* What stays out of a bundle is for people to know. */
static bool
is_withheld(const struct record *r)
{
	static const char key[] = "\"withheld\":";

	return r->type == RECORD_NOTE &&
	       memmem(r->body.data, r->body.len, key, sizeof(key) - 1) != NULL;
}

static void
on_record(void *arg, const struct record *r)
{
	struct buf line CLEANUP_BUF = {0}, text CLEANUP_BUF = {0};
	struct watch *w = arg;

	if (wants_events(w)) {
		show_event(w->agent, r, &line);
		put_event(w, &line);
	}
	if (w->mode != WATCH_TEXT)
		return;
	if (r->type == RECORD_TOOL_CALL || r->type == RECORD_TOOL_RESULT ||
	    r->type == RECORD_ASK || r->type == RECORD_RESTORE ||
	    is_withheld(r)) {
		show_summary(r, 100, &text);
		put_note(w, r->type == RECORD_TOOL_CALL ? "> " : "  ",
		    buf_str(&text));
	} else if (r->type == RECORD_MODEL_REPLY) {
		end_line(w);
		note_bad(w, r);
	}
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct buf line CLEANUP_BUF = {0}, safe CLEANUP_BUF = {0};
	struct jsonw j = {.out = &line};
	struct watch *w = arg;

	if (n == 0)
		return;
	if (wants_events(w)) {
		jsonw_object(&j, NULL);
		jsonw_string(&j, "event", "text");
		jsonw_string(&j, "agent", w->agent);
		jsonw_text(&j, "text", s, n);
		jsonw_end(&j, '}');
		put_event(w, &line);
	}
	if (w->mode != WATCH_TEXT)
		return;
	utf8_safe(&safe, s, n, true);
	(void)fwrite(safe.data, 1, safe.len, stdout);
	(void)fflush(stdout);
	w->mid_line = safe.data[safe.len - 1] != '\n';
}

static void
on_retry(void *arg, unsigned attempt, int64_t wait_ns, const char *why)
{
	struct buf line CLEANUP_BUF = {0}, text CLEANUP_BUF = {0};
	struct jsonw j = {.out = &line};
	struct watch *w = arg;

	if (wants_events(w)) {
		jsonw_object(&j, NULL);
		jsonw_string(&j, "event", "retry");
		jsonw_string(&j, "agent", w->agent);
		jsonw_integer(&j, "attempt", attempt);
		jsonw_integer(&j, "wait_ms", wait_ns / CLOCK_MILLI);
		jsonw_string(&j, "why", why);
		jsonw_end(&j, '}');
		put_event(w, &line);
	}
	if (w->mode != WATCH_TEXT)
		return;
	buf_printf(
	    &text, "attempt %u in %.1f s: ", attempt, (double)wait_ns / 1e9);
	utf8_safe(&text, why, strlen(why), false);
	put_note(w, "! ", buf_str(&text));
}

void
watch_start(struct watch *w, enum watch_mode mode, int events,
    const char *agent, const struct state *state, struct run_options *o)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	/* Who reads may leave before the end: the run goes on to its own. */
	(void)sigaction(SIGPIPE, &ignore, NULL);
	*w = (struct watch){.mode = mode,
	    .events = events,
	    .agent = agent,
	    .state = state,
	    .colour = show_colour(stderr)};
	o->watch.record = on_record;
	o->watch.text = on_text;
	o->watch.retry = on_retry;
	o->watch.arg = w;
	if (mode == WATCH_TEXT)
		fprintf(stderr, "agent %s\n", agent);
}

void
watch_failed(
    enum watch_mode mode, int events, const char *agent, const struct err *why)
{
	struct watch w = {.mode = mode, .events = events, .agent = agent};
	struct buf line CLEANUP_BUF = {0};
	struct jsonw j = {.out = &line};

	if (!wants_events(&w))
		return;
	jsonw_object(&j, NULL);
	jsonw_string(&j, "event", "end");
	jsonw_maybe(&j, "agent", agent);
	jsonw_integer(&j, "status", why->status);
	jsonw_string(&j, "error", why->msg);
	jsonw_end(&j, '}');
	put_event(&w, &line);
}

static void
end_event(struct watch *w, const struct state *s, const struct run_end *end)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw j = {.out = &line};

	jsonw_object(&j, NULL);
	jsonw_string(&j, "event", "end");
	jsonw_string(&j, "agent", w->agent);
	jsonw_string(&j, "state", agent_status_name(end->state));
	jsonw_integer(&j, "status", end->status);
	jsonw_integer(&j, "turns", s->usage.turns);
	jsonw_integer(&j, "tool_calls", s->usage.tool_calls);
	jsonw_integer(&j, "input", s->usage.input);
	jsonw_integer(&j, "output", s->usage.output);
	jsonw_integer(&j, "cost", s->usage.cost);
	if (end->why[0] != '\0')
		jsonw_string(&j, "error", end->why);
	jsonw_string(&j, "text", s->text == NULL ? "" : s->text);
	jsonw_end(&j, '}');
	put_event(w, &line);
}

void
watch_end(
    struct watch *w, const struct session *session, const struct run_end *end)
{
	const struct state *s = &session->state;
	struct buf safe CLEANUP_BUF = {0};
	size_t i;

	if (wants_events(w))
		end_event(w, s, end);
	if (w->mid_line)
		(void)fputs("\n", stdout);
	w->mid_line = false;
	if (w->mode == WATCH_QUIET && end->state == AGENT_DONE &&
	    s->text != NULL) {
		utf8_safe(&safe, s->text, strlen(s->text), true);
		printf("%s\n", buf_str(&safe));
	}
	if (w->mode != WATCH_JSON && end->why[0] != '\0') {
		(void)fflush(stdout);
		warn_msg("%s (agent %s)", end->why, w->agent);
	}
	for (i = 0; w->mode != WATCH_JSON && end->state == AGENT_WAITING &&
		    i < s->request_count;
	     i++)
		warn_msg("request %s: %s", s->requests[i].id,
		    s->requests[i].text == NULL ? "" : s->requests[i].text);
}
