#include "audit/cause.h"

#include <inttypes.h>
#include <string.h>

#include "agent/order.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"

void
causes_free(struct causes *c)
{
	size_t i;

	for (i = 0; i < c->count; i++) {
		free(c->items[i].agent);
		free(c->items[i].grant);
		free(c->items[i].note);
	}
	free(c->items);
	*c = (struct causes){0};
}

/* What the functions below share. */
struct finding {
	struct trail *t;
	const struct record *rec;
	const struct json *body;
	struct slice raw;
	struct causes *out;
};

static struct cause *
add(struct finding *f, const char *link, int64_t seq)
{
	struct causes *c = f->out;

	mem_room(&c->items, c->count, &c->cap, sizeof(*c->items));
	c->items[c->count] = (struct cause){.link = link, .seq = seq};
	return &c->items[c->count++];
}

static void
add_note(struct finding *f, const char *link, const char *note)
{
	if (note != NULL)
		add(f, link, 0)->note = mem_strdup(note);
}

/* What the JSON string `token` names. */
static void
add_token(struct finding *f, const char *link, enum trail_kind kind,
    struct slice token)
{
	struct buf text CLEANUP_BUF = {0};
	int64_t seq = trail_find(f->t, kind, token);

	if (seq > 0) {
		(void)add(f, link, seq);
		return;
	}
	if (token.len >= 2 && token.data[0] == '"')
		json_unquote(&text, token);
	add(f, link, 0)->note =
	    mem_printf("%s (no record here has it)", buf_str(&text));
}

static void
add_named(
    struct finding *f, const char *link, enum trail_kind kind, const char *key)
{
	struct slice token;

	if (json_raw(f->raw, key, &token) == 0)
		add_token(f, link, kind, token);
}

static void
add_string(
    struct finding *f, const char *link, enum trail_kind kind, const char *name)
{
	struct buf token CLEANUP_BUF = {0};

	if (name == NULL)
		return;
	json_quote(&token, name, strlen(name));
	add_token(f, link, kind, (struct slice){token.data, token.len});
}

static void
add_seq(struct finding *f, const char *link, const char *key)
{
	int64_t seq = json_get_integer(f->body, key, 0);

	if (seq > 0 && seq < f->rec->seq)
		(void)add(f, link, seq);
}

/* ---- by type -------------------------------------------------------------- */

/* The reply whose call it is: its id is SEQ.N. */
static void
add_reply(struct finding *f, const char *call)
{
	char *text CLEANUP_FREE = mem_strdup(call);
	struct record rec;
	struct err none;
	int64_t seq;

	if (text == NULL || strchr(text, '.') == NULL)
		return;
	*strchr(text, '.') = '\0';
	if (num_int(text, 1, f->rec->seq, &seq) == 0 && seq < f->rec->seq &&
	    trail_record(f->t, seq, &rec, &none) == 0 &&
	    rec.type == RECORD_MODEL_REPLY)
		(void)add(f, "asked for by", seq);
}

static void
of_tool_call(struct finding *f)
{
	const struct json *decision = json_get(f->body, "decision"), *v;
	const char *by = json_get_string(f->body, "by");

	v = json_first(json_get(decision, "grants"));
	for (; v != NULL; v = json_next(v))
		add_string(f, "grant", TRAIL_GRANT, json_string(v));
	add_string(
	    f, "approval", TRAIL_ANSWER, json_get_string(decision, "approval"));
	if (json_count(json_get(decision, "grants")) == 0)
		add_note(f, "decision", json_get_string(decision, "why"));
	if (by != NULL)
		add_note(f, "called by", by);
	else
		add_reply(f, json_get_string(f->body, "call"));
}

/* AGENT/GRANT: of this agent, or of another whose journal is another. */
static void
add_parent(struct finding *f, const char *name)
{
	const char *slash = name == NULL ? NULL : strchr(name, '/');
	struct buf token CLEANUP_BUF = {0};
	struct cause *c;
	int64_t seq;

	if (slash == NULL)
		return;
	json_quote(&token, slash + 1, strlen(slash + 1));
	seq = trail_find(
	    f->t, TRAIL_GRANT, (struct slice){token.data, token.len});
	if (seq > 0 && seq < f->rec->seq &&
	    strncmp(name, f->t->source->id, (size_t)(slash - name)) == 0) {
		(void)add(f, "narrows", seq);
		return;
	}
	c = add(f, "narrows", 0);
	c->agent = mem_dup(name, (size_t)(slash - name));
	c->grant = mem_strdup(slash + 1);
}

static void
of_grant(struct finding *f)
{
	const struct json *v = json_first(json_get(f->body, "parents"));

	add_named(f, "command", TRAIL_COMMAND, "command");
	add_named(f, "answer", TRAIL_ANSWER, "request");
	for (; v != NULL; v = json_next(v))
		add_parent(f, json_string(v));
	if (f->out->count == 0)
		add_note(f, "from", json_get_string(f->body, "from"));
}

static void
of_mail(struct finding *f)
{
	const char *name = json_get_string(f->body, "mail");
	const char *from = json_get_string(f->body, "from"), *dot;
	char *seq CLEANUP_FREE = NULL;
	struct cause *c;
	int64_t n;

	/* SENDER.SEQ.N of an agent; `post.…` of a person. */
	dot = name == NULL ? NULL : strchr(name, '.');
	if (dot != NULL)
		seq = mem_dup(dot + 1, strcspn(dot + 1, "."));
	if (dot == NULL || dot - name != ULID_TEXT - 1 ||
	    num_int(seq, 1, (int64_t)1 << 53, &n) < 0) {
		add_note(f, "sent by", from);
		return;
	}
	c = add(f, "sent by", n);
	c->agent = mem_dup(name, (size_t)(dot - name));
}

/* Does the signature hold, and whose is it? */
static void
judge(const struct finding *f, struct buf *out)
{
	const char *text = json_get_string(f->body, "signed");
	const char *sig = json_get_string(f->body, "signature");
	struct order c CLEANUP_ORDER = {0};
	struct buf both CLEANUP_BUF = {0};
	struct err e = {.msg = "nothing is signed"};

	if (f->t->source->root == NULL) {
		buf_puts(out, "not checked: there is no root here");
		return;
	}
	buf_printf(&both, "%suntrusted comment: \n%s\n",
	    text == NULL ? "" : text, sig == NULL ? "" : sig);
	if (text == NULL || sig == NULL ||
	    order_parse(both.data, both.len, &c, &e) < 0 ||
	    order_check(f->t->source->root, &c, &e) < 0)
		buf_puts(out, e.msg);
	else
		buf_printf(out, "good, %s key",
		    c.human ? "a trusted person's" : "this root's");
}

static void
of_command(struct finding *f)
{
	struct buf verdict CLEANUP_BUF = {0};
	const char *key = json_get_string(f->body, "key");

	judge(f, &verdict);
	add(f, "signed", 0)->note = mem_printf(
	    "by %s: %s", key == NULL ? "nobody" : key, buf_str(&verdict));
}

static void
of_fork_or_join(struct finding *f)
{
	add_named(f, "call", TRAIL_CALL, "call");
	add_named(f, "command", TRAIL_COMMAND, "command");
}

static void
of_restore(struct finding *f)
{
	add_named(f, "checkpoint", TRAIL_CKPT, "bundle");
	add_named(f, "call", TRAIL_CALL, "call");
	add_seq(f, "back to", "seq");
	add_seq(f, "finishes", "done");
}

static void
of_born(struct finding *f)
{
	const struct json *fork = json_get(f->body, "fork");
	const char *parent = json_get_string(fork, "agent");
	int64_t seq = json_get_integer(fork, "seq", 0);
	struct cause *c;

	if (parent == NULL)
		return;
	if (seq > 0 && seq < f->rec->seq)
		(void)add(f, "goes on from", seq);
	c = add(f, "forked by", 0);
	c->agent = mem_strdup(parent);
	c->fork = true;
}

static void
of_others(struct finding *f)
{
	switch (f->rec->type) {
	case RECORD_TOOL_RESULT:
		add_named(f, "call", TRAIL_CALL, "call");
		break;
	case RECORD_MODEL_REPLY:
		add_named(f, "request", TRAIL_MODEL, "call");
		break;
	case RECORD_ASK:
		add_named(f, "call", TRAIL_CALL, "call");
		break;
	case RECORD_ANSWER:
		add_named(f, "answers", TRAIL_ASK, "request");
		add_named(f, "command", TRAIL_COMMAND, "command");
		break;
	case RECORD_REVOKE:
		add_named(f, "grant", TRAIL_GRANT, "grant");
		add_note(f, "by", json_get_string(f->body, "by"));
		break;
	case RECORD_WAIT:
		add_named(f, "call", TRAIL_CALL, "call");
		break;
	case RECORD_CKPT:
		add_named(f, "parent", TRAIL_CKPT, "parent");
		add_seq(f, "up to", "covers");
		break;
	case RECORD_NOTE:
		add_named(f, "request", TRAIL_ASK, "request");
		break;
	case RECORD_GOAL:
		add_named(f, "command", TRAIL_COMMAND, "command");
		add_note(f, "from", json_get_string(f->body, "from"));
		break;
	default:
		break;
	}
}

int
causes_of(struct trail *t, const struct record *rec, struct causes *out,
    struct err *e)
{
	static void (*const by_type[RECORD_TYPES])(struct finding *) = {
	    [RECORD_TOOL_CALL] = of_tool_call,
	    [RECORD_GRANT] = of_grant,
	    [RECORD_MAIL] = of_mail,
	    [RECORD_COMMAND] = of_command,
	    [RECORD_FORK] = of_fork_or_join,
	    [RECORD_JOIN] = of_fork_or_join,
	    [RECORD_RESTORE] = of_restore,
	    [RECORD_BORN] = of_born,
	};
	char *text CLEANUP_FREE = mem_dup(rec->body.data, rec->body.len);
	struct json *body CLEANUP_JSON = NULL;
	struct record own = *rec; /* finding may read other records */
	struct finding f = {t, &own, NULL, {text, rec->body.len}, out};

	if (record_redacted(rec)) {
		add_note(&f, "redacted", "what it named is not known any more");
		return 0;
	}
	if (json_parse(text, rec->body.len, &body, e) < 0)
		return err_wrap(e, "record %" PRId64, rec->seq);
	f.body = body;
	if (by_type[rec->type] != NULL)
		by_type[rec->type](&f);
	else
		of_others(&f);
	return 0;
}
