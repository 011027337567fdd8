/* What people answer, as commands and as records. */
#include "agent/answer.h"

#include <inttypes.h>
#include <string.h>

#include "agent/authority.h"
#include "agent/history.h"
#include "agent/request.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/num.h"

#define FOR_MOST ((int64_t)100 * 365 * 86400 * CLOCK_SECOND) /* a lifetime */

static const char *const verdicts[] = {"answer", "approve", "deny"};

static int
stage(struct session *s, enum record_type type, const struct buf *body,
    struct err *e)
{
	return session_stage(s, type, (struct slice){body->data, body->len}, e);
}

static void
put_answer(
    struct jsonw *w, const char *request, const char *verdict, const char *by)
{
	jsonw_object(w, NULL);
	jsonw_string(w, "request", request);
	jsonw_string(w, "verdict", verdict);
	jsonw_string(w, "by", by);
}

static int
expire(struct session *s, const struct request *r, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	put_answer(&w, r->id, "deny", "deadline");
	jsonw_string(&w, "text", "nobody answered in time");
	jsonw_end(&w, '}');
	return stage(s, RECORD_ANSWER, &body, e);
}

static bool
is_over(const struct session *s, const struct request *r)
{
	return r->deadline != 0 && r->deadline <= journal_now(&s->journal);
}

int
request_expire(struct session *s, struct err *e)
{
	size_t i = 0;

	while (i < s->state.request_count)
		if (!is_over(s, &s->state.requests[i]))
			i++;
		else if (expire(s, &s->state.requests[i], e) < 0)
			return -1;
	return 0;
}

/* It is not open: was it ever?  Its id says where its ask would be. */
static int
not_open(struct session *s, const char *request, struct err *e)
{
	struct history h CLEANUP(history_close);
	struct json *body CLEANUP_JSON = NULL;
	struct buf line CLEANUP_BUF = {0};
	const char *dash = strrchr(request, '-'), *id = NULL;
	struct record rec;
	struct err why;
	int64_t seq;

	if (history_open(s->root, s->info.id, &h, e) < 0)
		return -1;
	if (dash != NULL && num_int(dash + 1, 1, INT64_MAX, &seq) == 0 &&
	    history_record(&h, seq, &line, &why) == 0 &&
	    record_parse(buf_str(&line), line.len, &rec, &why) == 0 &&
	    rec.type == RECORD_ASK &&
	    json_parse(rec.body.data, rec.body.len, &body, &why) == 0)
		id = json_get_string(body, "request");
	if (id != NULL && strcmp(id, request) == 0)
		return err_set(
		    e, EX_NO, 0, "request '%s' was answered already", request);
	return err_set(e, EX_NOINPUT, 0, "no request '%s'", request);
}

static int
check(struct session *s, const char *id, const struct request *r,
    const struct answer *a, struct err *e)
{
	if (r == NULL)
		return not_open(s, id, e);
	if (is_over(s, r)) {
		if (expire(s, r, e) < 0)
			return -1;
		return err_set(e, EX_NO, 0,
		    "request '%s': its time is over, which is a no", id);
	}
	if (a->verdict == ANSWER_APPROVE && r->kind == REQUEST_QUESTION)
		return err_set(e, EX_USAGE, 0,
		    "request '%s' is a question: use agent-grant answer", id);
	if (a->verdict == ANSWER_TEXT && r->kind != REQUEST_QUESTION)
		return err_set(e, EX_USAGE, 0,
		    "request '%s' is no question: approve or deny it", id);
	if (a->as != NULL && r->kind != REQUEST_GRANT)
		return err_set(e, EX_USAGE, 0,
		    "request '%s' asks for no grant: --as is for one that does",
		    id);
	return 0;
}

/* The grant to give: what was asked for or what is said instead, narrowed. */
static int
narrow(const struct request *r, const struct answer *a, struct buf *line,
    struct err *e)
{
	char *given CLEANUP_FREE = NULL;
	struct grant g;

	if (request_grant(a->as == NULL ? r->grant : a->as, &given, e) < 0 ||
	    grant_parse(given, &g, e) < 0)
		return -1;
	if (a->uses > 0 && (g.limits.uses < 0 || a->uses < g.limits.uses))
		g.limits.uses = a->uses;
	if (a->for_ns > 0 &&
	    (g.limits.for_ns == 0 || a->for_ns < g.limits.for_ns))
		g.limits.for_ns = a->for_ns;
	grant_print(&g, line);
	grant_free(&g);
	return 0;
}

static int
stage_grant(struct session *s, const char *request, const char *line,
    const struct answer *a, struct err *e)
{
	char *from CLEANUP_FREE = mem_printf("request %s", request);
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "grant", a->grant);
	jsonw_string(&w, "from", from);
	jsonw_string(&w, "by", a->by);
	jsonw_string(&w, "request", request);
	jsonw_string(&w, "line", line);
	jsonw_end(&w, '}');
	return stage(s, RECORD_GRANT, &body, e);
}

/* The limits of an approval; nothing said is a single use. */
static void
put_limits(struct session *s, const struct answer *a, struct jsonw *w)
{
	char until[CLOCK_TEXT];

	jsonw_object(w, "limits");
	if (a->uses > 0 || (a->for_ns == 0 && !a->always))
		jsonw_integer(w, "uses", a->uses > 0 ? a->uses : 1);
	if (a->for_ns > 0) {
		clock_text(journal_now(&s->journal) + a->for_ns, until);
		jsonw_string(w, "until", until);
	}
	jsonw_end(w, '}');
}

int
request_answer(
    struct session *s, const char *id, const struct answer *a, struct err *e)
{
	const struct request *r = state_request(&s->state, id);
	struct buf body CLEANUP_BUF = {0}, line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	bool gives;

	if (check(s, id, r, a, e) < 0)
		return -1;
	gives = a->verdict == ANSWER_APPROVE && r->kind == REQUEST_GRANT;
	if (gives && narrow(r, a, &line, e) < 0)
		return -1;
	put_answer(&w, id, verdicts[a->verdict], a->by);
	jsonw_maybe(&w, "command", a->command);
	if (gives)
		jsonw_string(&w, "line", buf_str(&line));
	else if (a->verdict == ANSWER_APPROVE)
		put_limits(s, a, &w);
	jsonw_maybe(&w, "text", a->text);
	jsonw_end(&w, '}');
	if (stage(s, RECORD_ANSWER, &body, e) < 0) /* `r` is gone */
		return -1;
	return gives ? stage_grant(s, id, buf_str(&line), a, e) : 0;
}

/* ---- as commands ------------------------------------------------------------ */

void
answer_members(const char *request, const struct answer *a, struct buf *out)
{
	struct jsonw w = {.out = out};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "request", request);
	jsonw_maybe(&w, "text", a->text);
	if (a->uses > 0)
		jsonw_integer(&w, "uses", a->uses);
	if (a->for_ns > 0)
		jsonw_integer(&w, "for_ms", a->for_ns / CLOCK_MILLI);
	if (a->always)
		jsonw_bool(&w, "always", true);
	jsonw_maybe(&w, "as", a->as);
	jsonw_end(&w, '}');
}

static int
apply(struct session *s, const struct order *c, enum answer_verdict verdict,
    struct err *e)
{
	const char *request = json_get_string(c->body, "request");
	int64_t ms = json_get_integer(c->body, "for_ms", 0);
	char grant[AUTHORITY_ID];
	struct answer a = {.verdict = verdict,
	    .by = c->human ? c->key : "user",
	    .text = json_get_string(c->body, "text"),
	    .uses = json_get_integer(c->body, "uses", 0),
	    .always = json_get_bool(c->body, "always", false),
	    .as = json_get_string(c->body, "as"),
	    .grant = grant,
	    .command = c->nonce};

	authority_id(c, grant);
	if (request == NULL || a.uses < 0 || ms < 0 ||
	    ms > FOR_MOST / CLOCK_MILLI ||
	    (verdict == ANSWER_TEXT && a.text == NULL))
		return err_set(e, EX_DATAERR, 0, "not an answer");
	a.for_ns = ms * CLOCK_MILLI;
	return request_answer(s, request, &a, e);
}

int
answer_text(struct session *s, const struct order *c, struct err *e)
{
	return apply(s, c, ANSWER_TEXT, e);
}

int
answer_approve(struct session *s, const struct order *c, struct err *e)
{
	return apply(s, c, ANSWER_APPROVE, e);
}

int
answer_deny(struct session *s, const struct order *c, struct err *e)
{
	return apply(s, c, ANSWER_DENY, e);
}
