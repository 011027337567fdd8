/* state_apply's records of mail. */
#include <inttypes.h>
#include <string.h>

#include "agent/folding.h"
#include "agent/message.h"
#include "agent/statelabels.h"
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
	f->s->mail.turn_bytes += (int64_t)content.len;
	f->s->needs_model = true;
	f->s->bad_streak = 0;
	if (f->s->status != AGENT_KILLED)
		f->s->status = AGENT_READY;
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
	f->s->mail.turn_count++;
	f->s->labels |= labels_get(f->body, "labels");
	if (kind != NULL && strcmp(kind, "event") == 0) {
		if (event == NULL)
			return folding_bad(f, "an event without name", e);
		mailstate_event(&f->s->mail, f->rec->seq, event, from,
		    json_get_string(f->body, "text"));
		return 0;
	}
	if (kind != NULL && strcmp(kind, "exit") == 0) {
		if (json_get_string(f->body, "state") == NULL)
			return folding_bad(f, "an end without state", e);
		folding_child_exit(f, from);
		say_exit(f, from);
		return 0;
	}
	head = mem_printf("[message from %s]", from);
	say(f, head);
	return 0;
}
