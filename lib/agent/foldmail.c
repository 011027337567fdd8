/* state_apply's records of mail. */
#include <inttypes.h>
#include <string.h>

#include "agent/folding.h"
#include "agent/message.h"
#include "agent/statelabels.h"
#include "agent/wait.h"
#include "base/mem.h"

/* The model is told; what people and others send in a flood comes in turns. */
static void
say(struct folding *f, const char *head)
{
	struct buf content CLEANUP_BUF = {0};
	struct slice parts = {NULL, 0};

	(void)json_raw(f->rec->body, "parts", &parts);
	message_mail(&content, head, f->text, parts);
	folding_say_raw(
	    f->s, "user", (struct slice){content.data, content.len});
	f->s->mail.turn_count++;
	f->s->mail.turn_bytes += (int64_t)content.len;
	f->s->needs_model = true;
	f->s->bad_streak = 0;
	if (f->s->halt == HALT_NONE || f->s->halt == HALT_STOP)
		f->s->status = AGENT_READY;
}

/* A call that waits for it has it in its result. */
static bool
is_awaited(struct folding *f, const char *from, enum agent_status state)
{
	const char *text = json_get_string(f->body, "text");

	return wait_tell(f->s, from, state, text == NULL ? "" : text);
}

static void
say_exit(struct folding *f, const char *from)
{
	const char *state = json_get_string(f->body, "state");
	int64_t status = json_get_integer(f->body, "status", 0);
	char *head CLEANUP_FREE = NULL;

	if (status == 0)
		head = mem_printf("[agent %s has ended: %s]", from, state);
	else
		head = mem_printf("[agent %s has %s: %s, status %" PRId64 "]",
		    from, strcmp(state, "paused") == 0 ? "stopped" : "ended",
		    state, status);
	say(f, head);
}

static int
apply_exit(struct folding *f, const char *from, struct err *e)
{
	const char *name = json_get_string(f->body, "state");
	enum agent_status state;

	if (name == NULL || agent_status_parse(name, &state) < 0)
		return folding_bad(f, "an end without state", e);
	folding_child_exit(f, from);
	if (!is_awaited(f, from, state))
		say_exit(f, from);
	return 0;
}

/* What came with it has its labels, too. */
static void
take_labels(struct folding *f)
{
	unsigned labels = labels_get(f->body, "labels");
	const struct json *v;
	const char *path;

	f->s->labels |= labels;
	for (v = json_first(json_get(f->body, "attachments")); v != NULL;
	     v = json_next(v)) {
		path = json_get_string(v, "path");
		if (path != NULL && labels != 0)
			labelled_add(&f->s->files, path, labels);
	}
}

int
folding_mail(struct folding *f, struct err *e)
{
	const char *from = json_get_string(f->body, "from");
	const char *kind = json_get_string(f->body, "kind");
	const char *name = json_get_string(f->body, "mail");
	const char *event = json_get_string(f->body, "event");
	char *head CLEANUP_FREE = NULL;

	if (from == NULL || f->text.len == 0)
		return folding_bad(f, "no sender or text", e);
	if (name != NULL)
		mailstate_take(&f->s->mail, name, f->rec->seq);
	take_labels(f);
	if (kind != NULL && strcmp(kind, "event") == 0) {
		if (event == NULL)
			return folding_bad(f, "an event without name", e);
		mailstate_event(&f->s->mail, f->rec->seq, event, from,
		    json_get_string(f->body, "text"));
		return 0;
	}
	if (kind != NULL && strcmp(kind, "exit") == 0) {
		return apply_exit(f, from, e);
	}
	head = mem_printf("[message from %s]", from);
	say(f, head);
	return 0;
}

void
folding_signal(struct folding *f)
{
	const char *verb = json_get_string(f->body, "verb");
	const char *text = json_get_string(f->body, "signed");
	struct json *order CLEANUP_JSON = NULL;
	struct state *s = f->s;
	struct err e;
	enum halt h;

	if (verb == NULL || strcmp(verb, "signal") != 0 || text == NULL ||
	    json_get_integer(f->body, "status", 0) != 0 ||
	    json_parse(text, strcspn(text, "\n"), &order, &e) < 0 ||
	    halt_parse(json_get_string(order, "signal"), &h) < 0)
		return;
	if (h == HALT_STOP && !s->awake)
		return;
	s->halt = h;
	if (h == HALT_PAUSE &&
	    (s->status == AGENT_READY || s->status == AGENT_WAITING))
		s->status = AGENT_PAUSED;
	else if (h == HALT_NONE && s->status == AGENT_PAUSED)
		s->status = AGENT_READY;
}
