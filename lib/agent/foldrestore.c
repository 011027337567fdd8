/*
 * state_apply's restore records.  Going back makes the state of then anew from
 * the records that led there; nothing of it stands in the journal twice.
 */
#include "agent/folding.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

/* ---- the state of then ------------------------------------------------------------------------ */

/* Records that follow each other in the history of a state. */
struct stretch {
	int64_t from, to;
};

struct refolding {
	struct state *then;
	struct stretch *part; /* the last first */
	size_t left;
	int64_t seen;
};

/* What led to the record `seq`, each restore before it being a way round what
 * it took back: `part` has room for one more than there are jumps. */
static size_t
find_parts(const struct state *s, int64_t seq, struct stretch *part)
{
	size_t i = s->jump_count, n = 0;

	while (i-- > 0) {
		if (s->jumps[i].at > seq)
			continue;
		part[n++] = (struct stretch){s->jumps[i].at + 1, seq};
		seq = s->jumps[i].to;
	}
	part[n++] = (struct stretch){1, seq};
	return n;
}

static int
refold(void *arg, const struct record *rec, struct err *e)
{
	struct refolding *r = arg;

	r->seen = rec->seq;
	while (r->left > 0 && rec->seq > r->part[r->left - 1].to)
		r->left--;
	if (r->left == 0 || rec->seq < r->part[r->left - 1].from)
		return 0;
	return state_apply(r->then, rec, e);
}

int
state_then(
    const struct state *s, int64_t seq, struct state *then, struct err *e)
{
	struct stretch *part CLEANUP_FREE =
	    mem_new(s->jump_count + 1, sizeof(*part));
	struct refolding r = {.then = then, .part = part};
	struct past_each each = {refold, &r};

	if (s->past.replay == NULL)
		return err_set(
		    e, EX_DATAERR, 0, "the records before are not at hand");
	state_init(then);
	then->refold = true;
	then->past = s->past; /* for what is left of redacted records */
	r.left = find_parts(s, seq, part);
	if (s->past.replay(&s->past, seq, &each, e) < 0) {
		state_free(then);
		return -1;
	}
	if (r.seen != seq || then->model == NULL) {
		state_free(then);
		return err_set(
		    e, EX_NOINPUT, 0, "there is no record %" PRId64, seq);
	}
	return 0;
}

/* ---- going back -------------------------------------------------------------------------------- */

static void
move_buf(struct buf *to, struct buf *from)
{
	buf_free(to);
	*to = *from;
	*from = (struct buf){0};
}

static void
move_text(char **to, char **from)
{
	free(*to);
	*to = *from;
	*from = NULL;
}

static void
move_conversation(struct state *s, struct state *then)
{
	move_buf(&s->convo, &then->convo);
	move_buf(&s->held, &then->held);
	move_text(&s->goal, &then->goal);
	move_text(&s->text, &then->text);
	move_text(&s->report, &then->report);
	s->running = then->running;
	s->redaction = s->redaction || then->redaction;
	s->held_count = then->held_count;
	s->messages = then->messages;
	s->needs_model = then->needs_model;
	s->model_call = then->model_call;
	s->model_call_id = then->model_call_id;
	s->attempt = then->attempt;
	s->turn = then->turn;
	s->stop = then->stop;
	s->bad_streak = then->bad_streak;
	s->labels = then->labels;
	s->status = then->status;
	s->exit_status = then->exit_status;
}

static void
move_lists(struct state *s, struct state *then)
{
	state_drop_calls(s);
	free(s->calls);
	s->calls = then->calls;
	s->call_count = then->call_count;
	s->call_cap = then->call_cap;
	then->calls = NULL;
	then->call_count = 0;
	while (s->request_count > 0)
		request_free(&s->requests[--s->request_count]);
	free(s->requests);
	s->requests = then->requests;
	s->request_count = then->request_count;
	s->request_cap = then->request_cap;
	then->requests = NULL;
	then->request_count = 0;
}

static bool
has_approval(const struct state *s, const struct approval *a)
{
	size_t i;

	for (i = 0; i < s->approval_count; i++)
		if (strcmp(s->approvals[i].request, a->request) == 0)
			return true;
	return false;
}

/* Those of then that are not spent yet. */
static void
keep_approvals(struct state *s, const struct state *then)
{
	size_t i, n = 0;

	for (i = 0; i < s->approval_count; i++)
		if (has_approval(then, &s->approvals[i]))
			s->approvals[n++] = s->approvals[i];
		else
			approval_free(&s->approvals[i]);
	s->approval_count = n;
}

static bool
has_grant(const struct policy *p, const struct grant *g)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (strcmp(p->grants[i].id, g->id) == 0 &&
		    strcmp(p->grants[i].line, g->line) == 0)
			return true;
	return false;
}

/* What is granted now, but for what was not granted then. */
static void
keep_grants(struct policy *p, const struct policy *then)
{
	size_t i, n = 0;

	for (i = 0; i < p->count; i++)
		if (p->grants[i].effect != GRANT_ALLOW ||
		    has_grant(then, &p->grants[i]))
			p->grants[n++] = p->grants[i];
		else
			grant_free(&p->grants[i]);
	p->count = n;
	p->base = p->base && then->base;
}

/* Of the children those are joined that were so then. */
static void
keep_joins(struct state *s, const struct state *then)
{
	const struct family_child *c;
	size_t i;

	for (i = 0; i < s->child_count; i++) {
		c = state_child(then, s->children[i].id);
		s->children[i].joined = c != NULL && c->joined;
	}
}

/* Nobody runs it. */
static void
settle(struct state *s)
{
	s->awake = false;
	if (s->halt == HALT_KILL)
		s->status = AGENT_KILLED;
	else if (s->halt == HALT_PAUSE)
		s->status = AGENT_PAUSED;
	else if (s->status == AGENT_RUNNING)
		s->status = AGENT_READY;
}

static int
go_back(struct folding *f, int64_t seq, struct err *e)
{
	struct state *s = f->s, then;
	struct jump jump = {f->rec->seq, seq};

	if (seq < 1 || seq >= f->rec->seq)
		return folding_bad(f, "no earlier record", e);
	if (state_then(s, seq, &then, e) < 0)
		return err_wrap(e, "record %" PRId64, f->rec->seq);
	move_conversation(s, &then);
	move_lists(s, &then);
	keep_approvals(s, &then);
	keep_grants(&s->policy, &then.policy);
	keep_joins(s, &then);
	state_free(&then);
	settle(s);
	mem_room(&s->jumps, s->jump_count, &s->jump_cap, sizeof(*s->jumps));
	s->jumps[s->jump_count++] = jump;
	if (folding_digest(f->body, "paths", &s->restore_paths))
		s->restoring = f->rec->seq;
	return 0;
}

/* ---- another's history --------------------------------------------------------------------------- */

static bool
names(const struct json *list, const char *id)
{
	const struct json *v;

	for (v = json_first(list); v != NULL; v = json_next(v))
		if (json_string(v) != NULL && strcmp(json_string(v), id) == 0)
			return true;
	return false;
}

/* What is named stays, and every denial and mark. */
static void
keep_named(struct policy *p, const struct json *list)
{
	size_t i, n = 0;

	for (i = 0; i < p->count; i++)
		if (p->grants[i].effect == GRANT_DENY ||
		    p->grants[i].effect == GRANT_MARK ||
		    names(list, p->grants[i].id))
			p->grants[n++] = p->grants[i];
		else
			grant_free(&p->grants[i]);
	p->count = n;
	p->base = p->base && names(list, "base");
}

/* Questions that nobody can answer here; the model was told of them. */
void
folding_cancel(struct state *s, const struct json *list)
{
	size_t i = 0;

	while (i < s->request_count) {
		struct request *r = &s->requests[i];
		char *note CLEANUP_FREE = NULL;

		if (list != NULL && !names(list, r->id)) {
			i++;
			continue;
		}
		note = mem_printf("[request %s: cancelled]\nmake the call "
				  "again if it is still needed",
		    r->id);
		if (r->call != NULL)
			folding_say(s, "user", note);
		request_free(r);
		*r = s->requests[--s->request_count];
	}
}

void
folding_descend(struct policy *p, const char *agent)
{
	struct grant *g;
	size_t i;

	for (i = 0; agent != NULL && i < p->count; i++) {
		g = &p->grants[i];
		if (g->effect != GRANT_ALLOW)
			continue;
		g->parents = mem_grow(
		    g->parents, g->parent_count + 1, sizeof(*g->parents));
		g->parents[g->parent_count++] =
		    mem_printf("%s/%s", agent, g->id);
	}
}

static int
bring_in(struct folding *f)
{
	struct state *s = f->s;

	keep_named(&s->policy, json_get(f->body, "grants"));
	folding_descend(&s->policy, json_get_string(f->body, "agent"));
	while (s->approval_count > 0)
		approval_free(&s->approvals[--s->approval_count]);
	if (json_get(f->body, "cancelled") != NULL)
		folding_cancel(s, json_get(f->body, "cancelled"));
	folding_set(&s->model, json_get_string(f->body, "model"));
	s->restoring = 0;
	free(s->joining);
	s->joining = NULL;
	settle(s);
	return 0;
}

int
folding_restore(struct folding *f, struct err *e)
{
	int64_t seq = json_get_integer(f->body, "seq", 0);

	if (json_get_bool(f->body, "import", false))
		return bring_in(f);
	if (f->s->refold)
		return 0;
	if (json_get(f->body, "done") != NULL) {
		f->s->restoring = 0;
		return 0;
	}
	/* A pre-image put back before a call was made again names no seq. */
	return seq == 0 ? 0 : go_back(f, seq, e);
}
