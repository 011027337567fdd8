/* A fork as a command: by who holds the agent's lock, at its next decision. */
#include <string.h>

#include "agent/fork.h"
#include "agent/post.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

void
fork_ids(size_t count, char (**out)[ULID_TEXT])
{
	char(*ids)[ULID_TEXT] = mem_new(count, sizeof(*ids));
	size_t i;

	for (i = 0; i < count; i++)
		ulid_make(clock_real(), ids[i]);
	qsort(ids, count, sizeof(*ids), by_text);
	*out = ids;
}

/* ---- making one -------------------------------------------------------------------- */

static void
put_policy(struct jsonw *w, const struct policy *p)
{
	size_t i;

	jsonw_bool(w, "base", p->base);
	jsonw_array(w, "grants");
	for (i = 0; i < p->count; i++)
		if (strcmp(p->grants[i].from, "base") != 0)
			jsonw_string(w, NULL, p->grants[i].line);
	jsonw_end(w, ']');
}

int
fork_order_make(const struct root *root, const char *agent,
    const struct fork *f, struct order *out, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_array(&w, "ids");
	for (i = 0; i < f->count; i++)
		jsonw_string(&w, NULL, f->ids[i]);
	jsonw_end(&w, ']');
	jsonw_maybe(&w, "name", f->name);
	jsonw_maybe(&w, "goal", f->goal);
	if (f->at != 0)
		jsonw_integer(&w, "at", f->at);
	if (f->policy != NULL)
		put_policy(&w, f->policy);
	limits_write(&w, "limits", &f->limits);
	jsonw_end(&w, '}');
	if (body.len > ORDER_MAX - 4096)
		return err_set(
		    e, EX_USAGE, 0, "a goal and grants that are too long");
	return order_make(root, agent, "fork",
	    (struct slice){body.data, body.len}, ORDER_EXPIRY, NULL, out, e);
}

/* ---- carrying it out ---------------------------------------------------------------- */

static int
read_ids(const struct json *list, char (**ids)[ULID_TEXT], struct fork *f,
    struct err *e)
{
	const struct json *v = json_first(list);

	if (json_count(list) < 1 || json_count(list) > FORK_MOST)
		return err_set(
		    e, EX_USAGE, 0, "1 to %d children, not more", FORK_MOST);
	*ids = mem_new(json_count(list), sizeof(**ids));
	for (; v != NULL; v = json_next(v)) {
		if (json_string(v) == NULL || !post_is_agent(json_string(v)))
			return err_set(e, EX_DATAERR, 0, "no agent's id");
		memcpy((*ids)[f->count++], json_string(v), ULID_TEXT);
	}
	f->ids = *ids;
	return 0;
}

static int
read_policy(const struct json *body, struct policy *p, struct err *e)
{
	const struct json *v = json_first(json_get(body, "grants"));

	if (json_get_bool(body, "base", false))
		policy_add_base(p);
	for (; v != NULL; v = json_next(v))
		if (json_string(v) == NULL ||
		    policy_add(p, json_string(v), "-g", e) < 0)
			return err_set(e, EX_CONFIG, 0,
			    "a line of the policy "
			    "cannot be read");
	return 0;
}

/* Nothing of the parent's has changed, whatever it failed of; but that its
 * journal cannot be written is the holder's own concern. */
static int
refused(const struct session *s, struct err *e)
{
	if (!s->journal.broken &&
	    (e->status == EX_IOERR || e->status == EX_OSERR))
		e->status = EX_CANTCREAT;
	return -1;
}

int
fork_order(struct session *s, const struct order *c, struct err *e)
{
	struct policy policy CLEANUP(policy_free);
	struct fork f = {.name = json_get_string(c->body, "name"),
	    .goal = json_get_string(c->body, "goal"),
	    .from = "user",
	    .at = json_get_integer(c->body, "at", 0),
	    .command = c->nonce};
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	int got;

	policy_init(&policy);
	limits_read(json_get(c->body, "limits"), &f.limits);
	if (json_get(c->body, "grants") != NULL)
		f.policy = &policy;
	got = read_ids(json_get(c->body, "ids"), &ids, &f, e);
	if (got == 0)
		got = read_policy(c->body, &policy, e);
	if (got == 0)
		got = fork_agents(s, &f, e);
	return got < 0 ? refused(s, e) : 0;
}
