/* agent-grant delegate: from one agent to another. */
#include <string.h>

#include "agent/authority.h"
#include "base/jsonw.h"
#include "cli/grantverb.h"

/* What the line becomes, and the grant that it narrows. */
struct handing {
	char from[ULID_TEXT], to[ULID_TEXT];
	struct buf take, give; /* members of both commands */
};

static void
write_members(
    struct handing *h, const struct grant *child, const struct grant *parent)
{
	struct jsonw take = {.out = &h->take}, give = {.out = &h->give};
	struct buf key CLEANUP_BUF = {0};
	size_t i;

	buf_printf(&key, "%s/%s", h->from, parent->id);
	jsonw_object(&take, NULL);
	jsonw_string(&take, "grant", parent->id);
	jsonw_string(&take, "to", h->to);
	jsonw_string(&take, "line", child->line);
	jsonw_end(&take, '}');
	jsonw_object(&give, NULL);
	jsonw_string(&give, "line", child->line);
	jsonw_string(&give, "from", buf_str(&key));
	jsonw_array(&give, "parents");
	jsonw_string(&give, NULL, buf_str(&key));
	for (i = 0; i < parent->parent_count; i++)
		jsonw_string(&give, NULL, parent->parents[i]);
	jsonw_end(&give, ']');
	jsonw_end(&give, '}');
}

static void
prepare(struct root *root, const char *line, struct handing *h)
{
	const struct grant *parent;
	struct grant child;
	struct session s;
	int64_t now = clock_real();
	struct err e;

	if (session_read(root, h->from, true, &s, &e) < 0 ||
	    authority_look(&s, &e) < 0)
		die_err(&e);
	if (now < s.state.time)
		now = s.state.time;
	if (authority_delegable(&s, line, now, &child, &parent, &e) < 0)
		die_err(&e);
	write_members(h, &child, parent);
	grant_free(&child);
	session_close(&s);
}

int
grantverb_delegate(const struct grant_args *a, char *operands[])
{
	struct order take CLEANUP_ORDER = {0}, give CLEANUP_ORDER = {0};
	struct handing h = {0};
	char grant[AUTHORITY_ID];
	struct err e;

	if (root_find(a->root, operands[0], h.from, &e) < 0 ||
	    root_find(a->root, operands[1], h.to, &e) < 0)
		die_err(&e);
	if (strcmp(h.from, h.to) == 0)
		die_usage(a->program, "delegate: both are the same agent");
	prepare(a->root, operands[2], &h);
	/* First it is gone from the one: a crash in between loses uses, and
	 * never doubles them. */
	grantverb_commit(a, h.from, "hand_on",
	    (struct slice){h.take.data, h.take.len}, &take);
	grantverb_commit(
	    a, h.to, "give", (struct slice){h.give.data, h.give.len}, &give);
	authority_id(&give, grant);
	printf("%s\n", grant);
	buf_free(&h.take);
	buf_free(&h.give);
	return 0;
}
