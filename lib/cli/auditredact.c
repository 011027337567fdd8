/* The verb redact. */
#include <inttypes.h>
#include <string.h>

#include "agent/redact.h"
#include "audit/match.h"
#include "base/mem.h"
#include "cli/auditverb.h"
#include "cli/show.h"

/* The records to redact, of one agent. */
struct choice {
	const struct audit_args *args;
	char id[ULID_TEXT];
	const struct expr *policy; /* or NULL: */
	const int64_t *named;      /* these */
	size_t named_count;
	int64_t *seqs;
	size_t count, cap;
	struct buf said; /* by them: raw strings, a NUL behind each */
	int64_t total;   /* of all agents */
	int status;
};

static bool
is_named(const struct choice *c, int64_t seq)
{
	size_t i;

	for (i = 0; i < c->named_count; i++)
		if (c->named[i] == seq)
			return true;
	return false;
}

/* What a person would look for elsewhere. */
static void
note_said(struct choice *c, const struct members *m)
{
	static const char *const keys[] = {"text", "arguments"};
	enum { SHORT = 8, ENOUGH = 1 << 20 };
	struct slice v;
	size_t i;

	for (i = 0; i < COUNT_OF(keys); i++) {
		v = members_get(m, keys[i]);
		if (v.len < SHORT + 2 || v.data[0] != '"' ||
		    c->said.len > ENOUGH)
			continue;
		buf_add(&c->said, v.data + 1, v.len - 2);
		buf_putc(&c->said, '\0');
	}
}

static int
choose(struct choice *c, const struct record *rec, struct err *e)
{
	struct members m = {0};

	if (record_redacted(rec)) {
		if (c->policy == NULL)
			warn_msg(
			    "record %" PRId64 " is redacted already", rec->seq);
		return 0;
	}
	if (!redact_takes(rec->type)) {
		if (c->policy != NULL)
			return 0;
		return err_set(e, EX_USAGE, 0,
		    "record %" PRId64 " (%s) says nothing that may go: the "
		    "history stands on it",
		    rec->seq, record_type_name(rec->type));
	}
	if (c->count == REDACT_MOST)
		return err_set(e, EX_USAGE, 0,
		    "more than %zu records: redact some first", REDACT_MOST);
	mem_room(&c->seqs, c->count, &c->cap, sizeof(*c->seqs));
	c->seqs[c->count++] = rec->seq;
	if (c->args->dry) {
		printf("%s ", c->id);
		show_record(stdout, rec, false);
	}
	if (c->policy == NULL && members_read(&m, rec->body, e) == 0)
		note_said(c, &m);
	members_free(&m);
	return 0;
}

static int
choose_all(struct choice *c, struct source *s, struct err *e)
{
	struct blob_source blobs = source_blobs(s);
	struct source_walk w;
	struct match m;
	struct record rec;
	size_t met = 0;
	int got, is;

	if (c->policy != NULL)
		match_init(&m, c->policy, s->id, s->history.info.name, &blobs);
	source_walk_init(s, &w);
	while ((got = source_walk_next(&w, &rec, e)) == 1) {
		is = c->policy != NULL ? match_record(&m, &rec, e)
				       : is_named(c, rec.seq);
		met += is > 0;
		if (is < 0 || (is > 0 && choose(c, &rec, e) < 0)) {
			got = -1;
			break;
		}
	}
	source_walk_free(&w);
	if (c->policy != NULL)
		match_free(&m);
	if (got == 0 && c->policy == NULL && met < c->named_count)
		return err_set(
		    e, EX_NOINPUT, 0, "there are not all of these records");
	return got;
}

/* Other records that hold the same words. */
static int
warn_copies(const struct choice *c, struct source *s, struct err *e)
{
	struct source_walk w;
	struct record rec;
	const char *p;
	int got;

	source_walk_init(s, &w);
	while (c->said.len > 0 && (got = source_walk_next(&w, &rec, e)) == 1) {
		if (is_named(c, rec.seq) || record_redacted(&rec))
			continue;
		for (p = c->said.data; p < c->said.data + c->said.len;
		     p += strlen(p) + 1)
			if (memmem(rec.body.data, rec.body.len, p, strlen(p)) !=
			    NULL) {
				warn_msg("record %" PRId64
					 " (%s) has the same words",
				    rec.seq, record_type_name(rec.type));
				break;
			}
	}
	source_walk_free(&w);
	return 0;
}

/* ---- doing it ------------------------------------------------------------- */

static size_t
count_bundles(
    const struct audit_args *a, const struct redact_target *t, bool tell)
{
	int64_t *seqs CLEANUP_FREE = NULL;
	size_t n = 0, i, gone = 0;
	struct err e;

	if (ckpt_list(a->open, t->id, &seqs, &n, &e) < 0)
		return 0;
	for (i = 0; i < n; i++)
		if (seqs[i] >= t->seqs[0]) {
			gone++;
			if (tell)
				printf("%s bundle %s@%" PRId64 "\n", t->id,
				    t->id, seqs[i]);
		}
	return gone;
}

/* A checkpoint in place of those that went. */
static int
save_again(const struct audit_args *a, const char *id, struct err *e)
{
	struct ckpt_saved saved CLEANUP(ckpt_saved_free) = {0};
	struct session s;
	int got;

	if (session_write(a->open, id, &s, e) < 0)
		return -1;
	got = ckpt_save(&s, true, NULL, NULL, &saved, e);
	if (got == 0)
		got = session_seal(&s, e);
	session_close(&s);
	return got;
}

/* Whoever opens it next does what was written down. */
static int
carry_out(
    const struct audit_args *a, const struct redact_target *t, struct err *e)
{
	size_t bundles = count_bundles(a, t, false);
	struct session s;

	if (session_write(a->open, t->id, &s, e) < 0)
		return -1;
	session_close(&s);
	return bundles > 0 ? save_again(a, t->id, e) : 0;
}

static void
fail(struct choice *c, const struct err *e)
{
	warn_msg("%s", e->msg);
	if (c->status == 0)
		c->status = e->status;
}

static int
redact(struct choice *c, const struct redact_target *t, size_t n, struct err *e)
{
	char nonce[RAND_TEXT];
	struct redaction r = {
	    .nonce = nonce, .why = c->args->because, .by = "user"};
	struct err why;
	size_t i, bundles = 0;

	rand_text(nonce);
	/* All know of it before the first begins, the agent itself last. */
	for (i = 0; i < n; i++) {
		r.seqs = t[i].seqs;
		r.count = t[i].count;
		bundles += count_bundles(c->args, &t[i], false);
		if (redact_want(c->args->open, t[i].id, &r, e) < 0)
			return -1;
	}
	for (i = 0; i < n; i++) {
		if (carry_out(c->args, &t[i], &why) == 0)
			continue;
		if (why.status == EX_TEMPFAIL)
			err_wrap(&why, "it is done when the agent ends");
		fail(c, &why);
	}
	if (bundles > 0)
		warn_msg("%zu bundles went; what was pushed or exported from "
			 "them elsewhere still holds it",
		    bundles);
	return 0;
}

static int
reach(struct choice *c, struct err *e)
{
	struct redact_target *t;
	size_t n, i;
	int got;

	if (redact_reach(c->args->open, c->id, c->seqs, c->count, &t, &n, e) <
	    0)
		return -1;
	for (i = 0; c->args->dry && i < n; i++) {
		if (strcmp(t[i].id, c->id) != 0)
			printf(
			    "%s has %zu of them, too\n", t[i].id, t[i].count);
		(void)count_bundles(c->args, &t[i], true);
	}
	got = c->args->dry ? 0 : redact(c, t, n, e);
	if (got == 0 && !c->args->dry)
		printf("redacted %zu record%s of %zu agent%s\n", c->count,
		    c->count == 1 ? "" : "s", n, n == 1 ? "" : "s");
	for (i = 0; i < n; i++)
		free(t[i].seqs);
	free(t);
	return got;
}

static int
redact_one(void *arg, struct source *s, struct err *e)
{
	struct choice *c = arg;
	int got;

	if (!s->live)
		return err_set(e, EX_USAGE, 0, "a bundle stays as it is");
	memcpy(c->id, s->id, sizeof(c->id));
	c->count = 0;
	buf_clear(&c->said);
	got = choose_all(c, s, e);
	if (got == 0)
		got = warn_copies(c, s, e);
	c->total += (int64_t)c->count;
	if (got < 0 || c->count == 0)
		return got;
	return reach(c, e);
}

int
auditverb_redact(const struct audit_args *a, char *args[])
{
	struct choice c = {.args = a};
	struct audit_each each = {redact_one, &c};
	int64_t *named CLEANUP_FREE = NULL;
	struct expr policy = {0};
	struct err e;
	size_t n = 0;
	int status;

	while (args[n] != NULL)
		n++;
	if (a->because == NULL && !a->dry)
		die_usage(a->program, "redact: want --why");
	if (a->policy == NULL && (a->all || n < 2))
		die_usage(
		    a->program, "redact: want records' numbers and an agent");
	if (a->policy != NULL) {
		if (expr_parse(a->policy, clock_real(), &policy, &e) < 0)
			die_err(&e);
		c.policy = &policy;
	} else {
		named = mem_new(n, sizeof(*named));
		for (; c.named_count + 1 < n; c.named_count++)
			named[c.named_count] =
			    auditverb_seq(a, "redact", args[c.named_count]);
		c.named = named;
		args += n - 1;
	}
	status = auditverb_each(a, args, &each);
	expr_free(&policy);
	free(c.seqs);
	buf_free(&c.said);
	if (status == 0)
		status = c.status;
	return status != 0 ? status : c.total > 0 ? 0 : EX_NO;
}
