#include "cli/forkmake.h"

#include <inttypes.h>
#include <stdlib.h>

#include "agent/ckpt.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/show.h"
#include "cli/value.h"

static void
print(const struct fork *f, bool json, const char *parent)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		struct buf line CLEANUP_BUF = {0};
		struct jsonw w = {.out = &line};

		if (!json) {
			printf("%s\n", f->ids[i]);
			continue;
		}
		jsonw_object(&w, NULL);
		jsonw_string(&w, "id", f->ids[i]);
		jsonw_string(&w, "parent", parent);
		jsonw_end(&w, '}');
		show_json(stdout, line.data, line.len);
	}
}

/* The record that is meant: a number, or what a bundle of the agent covers. */
static void
find_point(
    const struct root *root, const char *id, const char *at, int64_t *seq)
{
	struct ckpt_chain given = {.dir = -1}, own = {.dir = -1};
	char name[ULID_TEXT + 24];
	const struct bundle *b;
	struct err e;

	if (num_int(at, 1, INT64_MAX, seq) == 0)
		return;
	if (ckpt_open(root, at, CKPT_ALONE, 0, &given, &e) < 0)
		die_err(&e);
	b = chain_newest(&given.chain);
	*seq = b->manifest.seq;
	(void)snprintf(name, sizeof(name), "%s@%" PRId64, id, *seq);
	if (ckpt_open(root, name, CKPT_ALONE, 0, &own, &e) < 0)
		die_err(&e);
	if (!bundle_stands_for(chain_newest(&own.chain), &b->id))
		die(EX_DATAERR, "'%s' is not a bundle of agent '%s'", at, id);
	ckpt_close(&given);
	ckpt_close(&own);
}

void
forkmake(struct make_args *a, const struct join_args *how, const char *name)
{
	struct order order CLEANUP_ORDER = {0};
	struct policy policy CLEANUP(policy_free);
	char *goal CLEANUP_FREE = NULL, id[ULID_TEXT];
	struct err e;

	policy_init(&policy);
	if (a->grants.count > 0) {
		policy_args_build(&a->grants, &policy);
		a->fork.policy = &policy;
	}
	if (a->goal != NULL)
		a->fork.goal = goal = value_text(a->goal);
	fork_ids(a->fork.count, &a->fork.ids);
	if (root_find(how->root, name, id, &e) < 0)
		die_err(&e);
	if (a->at != NULL)
		find_point(how->root, id, a->at, &a->fork.at);
	if (fork_order_make(how->root, id, &a->fork, &order, &e) < 0 ||
	    order_commit(how->root, &order, clock_deadline(how->wait), &e) < 0)
		die_err(&e);
	print(&a->fork, how->json, id);
	free(a->fork.ids);
	a->fork.ids = NULL;
}
