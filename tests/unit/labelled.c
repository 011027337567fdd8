/* The list of labelled files, and the fold of records that carry labels. */
#include "agent/state.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tap.h"

enum { T = LABEL_TAINTED, S = LABEL_SECRET };

/* "body=labels …" */
static bool
holds(const struct labelled_list *l, const char *want)
{
	struct buf text CLEANUP_BUF = {0};
	size_t i;

	for (i = 0; i < l->count; i++)
		buf_printf(&text, "%s%s=%u", i > 0 ? " " : "", l->items[i].body,
		    l->items[i].labels);
	if (strcmp(buf_str(&text), want) == 0)
		return true;
	printf("# got %s\n", buf_str(&text));
	return false;
}

static void
test_list(void)
{
	struct labelled_list l = {0};

	labelled_add(&l, "b", T);
	labelled_add(&l, "a/x", S);
	labelled_add(&l, "b", S);
	labelled_add(&l, "c", 0);
	ok(holds(&l, "a/x=2 b=3"), "a path stands once and only gets more");
	labelled_add(&l, "d/**", S);
	labelled_add(&l, "d/e/f", S);
	labelled_add(&l, "de", S);
	ok(holds(&l, "a/x=2 b=3 d/**=2 de=2"),
	    "what a folder as a whole covers is not told again");
	labelled_add(&l, "d/e/f", T);
	ok(holds(&l, "a/x=2 b=3 d/**=2 d/e/f=1 de=2"), "but for another label");
	labelled_free(&l);
	labelled_add(&l, "**", T);
	labelled_add(&l, "x", T);
	labelled_add(&l, "/x", T);
	ok(holds(&l, "**=1 /x=1"), "the workspace does not cover all");
	labelled_free(&l);
}

static void
test_paths(void)
{
	struct labelled_list l = {0};

	labelled_add_path(&l, "/w", "/w/a", false, T);
	labelled_add_path(&l, "/w", "/w/d", true, T);
	labelled_add_path(&l, "/w", "/wx", false, T);
	ok(holds(&l, "/wx=1 a=1 d/**=1"),
	    "paths are relative where they can be");
	labelled_free(&l);
	labelled_add_path(&l, "/w", "/w/e/a\377b", false, T);
	labelled_add_path(&l, "/w", "/v\377/b", false, T);
	ok(holds(&l, "/**=1 e/**=1"), "a name that is no text is its folder");
	labelled_free(&l);
	labelled_add_path(&l, "/w", "/w/\377", false, T);
	ok(holds(&l, "**=1"), "the workspace if need be");
	labelled_free(&l);
	labelled_add_path(&l, "/", "/a/b", false, T);
	labelled_add_path(&l, "/", "/", true, T);
	ok(holds(&l, "**=1 a/b=1"), "also when that is all there is");
	labelled_free(&l);
}

static void
test_bound(void)
{
	struct labelled_list l = {0};
	char name[40];
	int i;

	for (i = 0; i < LABELLED_MOST; i++) {
		(void)snprintf(name, sizeof(name), "a/b%d/c", i);
		labelled_add(&l, name, i == 7 ? T : S);
	}
	ok(l.count == LABELLED_MOST, "so many are kept one by one");
	labelled_add(&l, "/x/y", T);
	ok(holds(&l, "/x/**=1 a/**=3"), "more are the folders they share");
	labelled_add(&l, "a/b", S);
	ok(l.count == 2, "which cover what comes then");
	labelled_free(&l);
}

static int
apply(struct state *s, enum record_type type, const char *body)
{
	const struct record r = {.seq = s->seq + 1,
	    .time = (s->seq + 1) * CLOCK_SECOND,
	    .type = type,
	    .body = {body, strlen(body)}};
	struct err e;

	return state_apply(s, &r, &e);
}

static void
test_fold(void)
{
	struct state s;

	state_init(&s);
	ok(apply(&s, RECORD_BORN, "{\"model\":\"script:x\"}") == 0 &&
		apply(&s, RECORD_GOAL, "{\"text\":\"go\"}") == 0 &&
		s.labels == 0,
	    "a goal has no label");
	ok(apply(&s, RECORD_GOAL,
	       "{\"labels\":[\"tainted\",\"later\"],\"text\":\"go\"}") == 0 &&
		s.labels == T,
	    "unless it was given one; unknown ones are passed over");
	ok(apply(&s, RECORD_TOOL_RESULT,
	       "{\"call\":\"u1\",\"by\":\"user\",\"status\":\"ok\","
	       "\"labels\":[\"secret\"],\"wrote\":[\"f\"],\"text\":\"\"}") ==
		    0 &&
		s.labels == T && holds(&s.files, "f=2"),
	    "a person's call labels what it wrote, not the conversation");
	ok(apply(&s, RECORD_MAIL,
	       "{\"from\":\"x\",\"labels\":[\"secret\"],\"text\":\"hi\"}") ==
		    0 &&
		s.labels == (T | S),
	    "labels add up");
	state_free(&s);
}

int
main(void)
{
	test_list();
	test_paths();
	test_bound();
	test_fold();
	return done();
}
