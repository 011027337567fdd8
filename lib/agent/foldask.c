/* state_apply's records of what people are asked, and answer. */
#include <inttypes.h>
#include <string.h>

#include "agent/folding.h"
#include "agent/redact.h"
#include "agent/request.h"
#include "base/mem.h"

void
folding_spend_approval(struct state *s, const char *request)
{
	size_t i;

	for (i = 0; request != NULL && i < s->approval_count; i++) {
		if (strcmp(s->approvals[i].request, request) != 0)
			continue;
		if (s->approvals[i].uses == 1)
			state_drop_approval(s, request);
		else if (s->approvals[i].uses > 1)
			s->approvals[i].uses--;
		return;
	}
}

int
folding_ask(struct folding *f, struct err *e)
{
	const char *deadline = json_get_string(f->body, "deadline");
	const char *kind = json_get_string(f->body, "kind");
	struct request r = {.seq = f->rec->seq};
	struct state *s = f->s;

	r.tool = mem_strdup(json_get_string(f->body, "tool"));
	r.grant = mem_strdup(json_get_string(f->body, "grant"));
	r.id = mem_strdup(json_get_string(f->body, "request"));
	if (r.id == NULL ||
	    (deadline != NULL && clock_parse(deadline, &r.deadline) < 0)) {
		request_free(&r);
		return folding_bad(f, "no request, or a bad deadline", e);
	}
	if (kind != NULL) {
		if (request_kind_parse(kind, &r.kind) < 0 ||
		    (r.kind == REQUEST_GRANT) != (r.grant != NULL)) {
			request_free(&r);
			return folding_bad(f, "a bad kind", e);
		}
	} else if (r.tool != NULL && strcmp(r.tool, "ask_human") == 0) {
		r.kind = REQUEST_QUESTION; /* as records were at first */
	}
	r.call = mem_strdup(json_get_string(f->body, "call"));
	r.text = mem_strdup(json_get_string(f->body, "text"));
	r.arguments = mem_strdup(json_get_string(f->body, "arguments"));
	r.effect = mem_strdup(json_get_string(f->body, "effect"));
	mem_room(&s->requests, s->request_count, &s->request_cap,
	    sizeof(*s->requests));
	s->requests[s->request_count++] = r;
	return 0;
}

/* Records without limits are of single use. */
static void
read_limits(const struct json *limits, struct approval *a)
{
	const char *until = json_get_string(limits, "until");

	a->uses = json_get_integer(limits, "uses", limits == NULL ? 1 : -1);
	if (until != NULL && clock_parse(until, &a->until) < 0)
		a->until = 1; /* what cannot be read is over */
}

/* "once", "3 times until …". */
static void
say_limits(const struct approval *a, struct buf *out)
{
	char until[CLOCK_TEXT];

	if (a->uses == 1)
		buf_puts(out, " once");
	else if (a->uses > 1)
		buf_printf(out, " %" PRId64 " times", a->uses);
	if (a->until != 0) {
		clock_text(a->until, until);
		buf_printf(out, " until %s", until);
	}
}

static void
add_approval(struct state *s, const struct request *r,
    const struct json *limits, struct buf *note)
{
	struct approval a = {0};

	if (r->tool == NULL || r->arguments == NULL)
		return;
	read_limits(limits, &a);
	a.request = mem_strdup(r->id);
	a.tool = mem_strdup(r->tool);
	digest_of(r->arguments, strlen(r->arguments), &a.arguments);
	buf_printf(note, "\n%s is allowed", r->tool);
	say_limits(&a, note);
	buf_puts(note, ": make the call again, with the same arguments");
	mem_room(&s->approvals, s->approval_count, &s->approval_cap,
	    sizeof(*s->approvals));
	s->approvals[s->approval_count++] = a;
}

/* The model learns what was decided.  A grant comes as a record of its own;
 * what the image asked for wakes nobody, and the model never knew of it. */
int
folding_answer(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "request");
	const char *verdict = json_get_string(f->body, "verdict");
	const char *text = json_get_string(f->body, "text");
	const char *line = json_get_string(f->body, "line");
	struct buf note CLEANUP_BUF = {0};
	struct state *s = f->s;
	struct request *r = id == NULL ? NULL : state_request(s, id);
	bool approved;

	if (r == NULL || verdict == NULL)
		return folding_bad(f, "the answer to no open request", e);
	approved = strcmp(verdict, "approve") == 0;
	buf_printf(&note, "[request %s: %s]", id, verdict);
	if (approved && r->kind == REQUEST_CALL)
		add_approval(s, r, json_get(f->body, "limits"), &note);
	if (approved && r->kind == REQUEST_GRANT && line != NULL)
		buf_printf(&note, "\ngranted: %s", line);
	if (text != NULL)
		buf_printf(&note, "\n%s", text);
	if (r->call != NULL || approved)
		folding_say(s, "user", buf_str(&note));
	if (r->call != NULL) {
		s->needs_model = true;
		s->status = AGENT_READY;
	}
	request_free(r);
	memmove(r, r + 1,
	    (size_t)(&s->requests[--s->request_count] - r) * sizeof(*r));
	return 0;
}

int
folding_note(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "request");
	struct request *r = id == NULL ? NULL : state_request(f->s, id);

	(void)e;
	if (r != NULL)
		r->notified = true;
	/* A redaction took the bundles away: the next one follows none. */
	if (json_get(f->body, REDACT_LIST) != NULL && f->s->has_ckpt &&
	    json_get_integer(f->body, "bundles", 0) <= f->s->ckpt_seq) {
		f->s->has_ckpt = false;
		f->s->ckpt_seq = f->s->ckpt_offset = 0;
	}
	return 0;
}
