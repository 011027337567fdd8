#include "agent/runrecord.h"

#include <string.h>
#include <unistd.h>

#include "agent/spend.h"
#include "agent/statelabels.h"

int
runrecord_wake(struct runner *r, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_integer(&w, "pid", getpid());
	jsonw_maybe(&w, "model", r->opt->model);
	jsonw_end(&w, '}');
	return runner_stage(r, RECORD_WAKE, &body, e);
}

int
runrecord_limits(struct runner *r, struct err *e)
{
	const struct limits *l = r->opt->limits;
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	if (l == NULL || limits_none(l))
		return 0;
	jsonw_object(&w, NULL);
	limits_write(&w, "limits", l);
	jsonw_end(&w, '}');
	return runner_stage(r, RECORD_BUDGET, &body, e);
}

int
runrecord_goal(struct runner *r, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	if (r->opt->goal == NULL)
		return 0;
	jsonw_object(&w, NULL);
	jsonw_string(&w, "from", "user");
	if (r->opt->labels != 0)
		labels_put(&w, "labels", r->opt->labels);
	jsonw_string(&w, "text", r->opt->goal);
	jsonw_end(&w, '}');
	return runner_stage(r, RECORD_GOAL, &body, e);
}

int
runrecord_exit(struct session *session, const struct runner *r,
    const struct run_end *end, struct err *e)
{
	const struct state *s = &session->state;
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "state", agent_status_name(end->state));
	jsonw_integer(&w, "status", end->status);
	usage_write(&w, "usage", &s->usage);
	if (r != NULL)
		spend_write_lost(&w, r);
	if (end->why[0] != '\0')
		jsonw_string(&w, "why", end->why);
	jsonw_string(&w, "text",
	    end->state != AGENT_DONE || s->text == NULL ? "" : s->text);
	jsonw_end(&w, '}');
	return session_stage(
	    session, RECORD_EXIT, (struct slice){body.data, body.len}, e);
}

int
runrecord_withheld(struct runner *r, const char *paths, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	struct digest now;

	if (paths == NULL)
		return 0;
	digest_of(paths, strlen(paths), &now);
	if (digest_equal(&now, &r->withheld))
		return 0;
	r->withheld = now;
	jsonw_object(&w, NULL);
	jsonw_string(
	    &w, "note", "these hold a secret and are not in the bundle");
	jsonw_string(&w, "withheld", paths);
	jsonw_end(&w, '}');
	return runner_stage(r, RECORD_NOTE, &body, e);
}
