/* agent-grant's grants: what an agent may do. */
#include <fcntl.h>
#include <string.h>

#include "agent/authority.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/grantverb.h"

static void
read_key(const char *path, struct sign_secret *out)
{
	struct buf text CLEANUP_BUF = {0};
	struct err e;
	int got;

	if (file_read(AT_FDCWD, path, 4096, &text, &e) < 0)
		die_err(&e);
	got = sign_secret_parse(buf_str(&text), text.len, out, &e);
	mem_wipe(text.data, text.len);
	if (got < 0) {
		err_wrap(&e, "%s", path);
		die_err(&e);
	}
}

#define ORDER_LASTS (600 * CLOCK_SECOND)

int
grantverb_order(const struct grant_args *a, const char *agent, const char *verb,
    struct slice members, struct order *out, struct err *e)
{
	struct sign_secret key = {0};
	int64_t wait = a->wait == 0 ? GRANT_WAIT : a->wait;
	int got;

	if (a->key != NULL)
		read_key(a->key, &key);
	got = order_make(a->root, agent, verb, members, ORDER_LASTS,
	    a->key == NULL ? NULL : &key, out, e);
	sign_wipe(&key);
	return got < 0 ? -1
		       : order_commit(a->root, out, clock_deadline(wait), e);
}

void
grantverb_commit(const struct grant_args *a, const char *agent,
    const char *verb, struct slice members, struct order *out)
{
	struct err e;

	if (grantverb_order(a, agent, verb, members, out, &e) < 0)
		die_err(&e);
}

int
grantverb_give(const struct grant_args *a, char *operands[])
{
	struct order c CLEANUP_ORDER = {0};
	struct buf members CLEANUP_BUF = {0};
	struct jsonw w = {.out = &members};
	char id[ULID_TEXT], grant[AUTHORITY_ID];
	struct grant g;
	struct err e;

	if (grant_parse(operands[1], &g, &e) < 0 ||
	    root_find(a->root, operands[0], id, &e) < 0)
		die_err(&e);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "line", g.line);
	jsonw_end(&w, '}');
	grant_free(&g);
	grantverb_commit(
	    a, id, "give", (struct slice){members.data, members.len}, &c);
	authority_id(&c, grant);
	printf("%s\n", grant);
	return 0;
}

/* A denial or an ask holds authority back: to take it away is a command. */
static void
lift(const struct grant_args *a, const char *agent, const char *grant)
{
	struct order c CLEANUP_ORDER = {0};
	struct buf members CLEANUP_BUF = {0};
	struct jsonw w = {.out = &members};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "grant", grant);
	jsonw_maybe(&w, "because", a->because);
	jsonw_end(&w, '}');
	grantverb_commit(
	    a, agent, "lift", (struct slice){members.data, members.len}, &c);
}

/* The commit point is ROOT/revoked; the journal follows when it can. */
static void
take_away(const struct grant_args *a, const char *id, const char *grant)
{
	struct session s;
	struct err e;

	if (revoked_add(a->root, id, grant, "user", a->because, &e) < 0)
		die_err(&e);
	if (session_write(a->root, id, &s, &e) < 0) {
		if (e.status != EX_TEMPFAIL) /* else its holder sees to it */
			die_err(&e);
		return;
	}
	if (order_drain(&s, &e) < 0 || authority_sync(&s, &e) < 0 ||
	    session_seal(&s, &e) < 0)
		die_err(&e);
	session_close(&s);
	order_sweep(a->root, id);
}

/* What can be taken back, and what it does; an approval gives. */
static bool
find(const struct state *s, const char *id, enum grant_effect *out)
{
	const struct grant *g = NULL;
	const struct policy *p;
	size_t i;

	for (p = &s->policy; p != NULL && g == NULL; p = p->above)
		g = policy_find(p, id);
	if (g != NULL) {
		*out = g->effect;
		return true;
	}
	for (i = 0; i < s->approval_count; i++)
		if (strcmp(s->approvals[i].request, id) == 0) {
			*out = GRANT_ALLOW;
			return true;
		}
	return false;
}

int
grantverb_revoke(const struct grant_args *a, char *operands[])
{
	const char *grant = operands[1];
	enum grant_effect effect;
	char id[ULID_TEXT];
	struct session s;
	struct err e;

	if (root_find(a->root, operands[0], id, &e) < 0 ||
	    session_read(a->root, id, true, &s, &e) < 0)
		die_err(&e);
	if (!find(&s.state, grant, &effect))
		die(EX_NOINPUT,
		    "agent '%s' has no grant '%s' (agent-grant list shows "
		    "them)",
		    operands[0], grant);
	session_close(&s);
	if (effect != GRANT_ALLOW)
		lift(a, id, grant);
	if (effect != GRANT_DENY) /* an ask may have been given on */
		take_away(a, id, grant);
	return 0;
}

/* A file that was not there before. */
static void
write_key(const char *path, mode_t mode, const struct buf *text)
{
	int fd CLEANUP_FD = -1;
	struct err e;

	if (file_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
		mode, &fd, &e) < 0 ||
	    file_write_all(fd, text->data, text->len, path, &e) < 0 ||
	    file_sync(fd, path, &e) < 0 || fd_close(&fd, path, &e) < 0)
		die_err(&e);
}

int
grantverb_keygen(const struct grant_args *a, char *operands[])
{
	char *sec CLEANUP_FREE = mem_printf("%s.sec", operands[0]);
	char *pub CLEANUP_FREE = mem_printf("%s.pub", operands[0]);
	struct buf secret = {0}, public CLEANUP_BUF = {0};
	struct sign_secret key;
	struct err e;

	(void)a;
	if (sign_new(&key, &e) < 0)
		die_err(&e);
	sign_secret_text(&key, &secret);
	sign_public_text(&key.pub, &public);
	sign_wipe(&key);
	write_key(sec, 0600, &secret);
	write_key(pub, 0644, &public);
	mem_wipe(secret.data, secret.len);
	buf_free(&secret);
	return 0;
}
