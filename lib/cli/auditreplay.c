/* The verb replay. */
#include <inttypes.h>

#include "agent/statejson.h"
#include "audit/replay.h"
#include "audit/rerun.h"
#include "base/jsonw.h"
#include "cli/auditverb.h"
#include "cli/show.h"

struct replayed {
	const struct audit_args *args;
	struct launcher *launcher; /* NULL: no call is made again */
	struct rerun_result again; /* of this history */
	bool drift;                /* of any */
};

static void
put_again(struct jsonw *w, const struct rerun_result *r)
{
	jsonw_object(w, "rerun");
	jsonw_integer(w, "same", r->same);
	jsonw_integer(w, "differ", r->differ);
	jsonw_integer(w, "not_comparable", r->stale);
	if (r->first != 0)
		jsonw_integer(w, "first", r->first);
	jsonw_end(w, '}');
}

static void
print_again(const struct source *s, const struct rerun_result *r)
{
	printf("%s: calls made again: %" PRId64 " the same, %" PRId64
	       " not; %" PRId64 " not comparable\n",
	    s->id, r->same, r->differ, r->stale);
	if (r->first != 0)
		warn_msg("agent %s: the result of record %" PRId64
			 " is another now",
		    s->id, r->first);
}

static void
print_json(const struct source *s, const struct replayed *all,
    const struct replay_result *r)
{
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "agent", s->id);
	jsonw_bool(&w, "ok", r->drift == 0 && r->redacted == 0);
	jsonw_integer(&w, "records", r->records);
	jsonw_integer(&w, "actions", r->actions);
	jsonw_integer(&w, "requests", r->requests);
	if (r->drift != 0) {
		jsonw_integer(&w, "seq", r->drift);
		jsonw_string(&w, "expected", r->expected);
		jsonw_string(&w, "found", r->found);
	}
	if (r->redacted != 0)
		jsonw_integer(&w, "redacted", r->redacted);
	if (all->launcher != NULL)
		put_again(&w, &all->again);
	jsonw_end(&w, '}');
	show_json(stdout, out.data, out.len);
}

static void
print_words(const struct source *s, const struct replay_result *r)
{
	if (r->drift != 0)
		warn_msg("agent %s: drift at record %" PRId64
			 ": expected %s, found %s",
		    s->id, r->drift, r->expected, r->found);
	else if (r->redacted != 0)
		warn_msg("agent %s: record %" PRId64
			 " is redacted: what follows cannot be proved",
		    s->id, r->redacted);
	else
		printf("%s: %" PRId64 " records, %" PRId64
		       " actions and %" PRId64 " requests as called for\n",
		    s->id, r->records, r->actions, r->requests);
}

static int
replay_one(void *arg, struct source *s, struct err *e)
{
	struct replayed *all = arg;
	struct buf text CLEANUP_BUF = {0};
	struct replay_result r;
	struct state state;
	int got = replay(s, all->args->until, &state, &r, e);
	bool good = got == 0 && r.drift == 0 && r.redacted == 0;

	all->again = (struct rerun_result){0};
	if (good && all->launcher != NULL)
		got = rerun(s, all->launcher, &all->again, e);
	if (all->args->state && good) {
		state_json(&state, &text);
		show_json(stdout, text.data, text.len);
	} else if (got == 0 && all->args->json) {
		print_json(s, all, &r);
	} else if (got == 0) {
		print_words(s, &r);
		if (good && all->launcher != NULL)
			print_again(s, &all->again);
	}
	all->drift =
	    all->drift || (got == 0 && (!good || all->again.differ > 0));
	state_free(&state);
	return got;
}

int
auditverb_replay(const struct audit_args *a, char *args[])
{
	struct replayed all = {.args = a};
	struct err e;
	int status;

	if (a->rerun && launcher_start(SANDBOX_STRICT, &all.launcher, &e) < 0)
		die_err(&e);
	status =
	    auditverb_each(a, args, &(struct audit_each){replay_one, &all});
	if (all.launcher != NULL)
		launcher_stop(all.launcher);
	return status == 0 && all.drift ? EX_NO : status;
}
