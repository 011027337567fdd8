#include "agent/halt.h"

#include <string.h>

#include "agent/runrecord.h"
#include "base/json.h"
#include "base/jsonw.h"

bool
halt_known(const char *signal)
{
	enum halt h;

	return halt_parse(signal, &h) == 0;
}

bool
halt_is_urgent(const struct order *c)
{
	enum halt h;

	return strcmp(c->verb, "signal") == 0 &&
	       halt_parse(json_get_string(c->body, "signal"), &h) == 0 &&
	       h == HALT_KILL;
}

int
halt_send(struct root *root, const char *agent, const char *signal,
    int64_t deadline, struct err *e)
{
	struct order c CLEANUP_ORDER = {0};
	struct buf members CLEANUP_BUF = {0};
	struct jsonw w = {.out = &members};

	if (!halt_known(signal))
		return err_set(e, EX_USAGE, 0,
		    "no signal '%.40s': want pause, resume, stop or kill",
		    signal);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "signal", signal);
	jsonw_end(&w, '}');
	if (order_make(root, agent, "signal",
		(struct slice){members.data, members.len}, ORDER_EXPIRY / 2,
		NULL, &c, e) < 0)
		return -1;
	return order_commit(root, &c, deadline, e);
}

/* The fold of the command does the rest; an end is a record of its own. */
int
halt_apply(struct session *s, const struct order *c, struct err *e)
{
	const struct run_end killed = {
	    AGENT_KILLED, EX_NO, "killed by a signal"};
	enum halt h;

	if (halt_parse(json_get_string(c->body, "signal"), &h) < 0)
		return err_set(e, EX_DATAERR, 0, "no signal");
	if (s->state.halt == HALT_KILL)
		return h == HALT_KILL
			   ? 0
			   : err_set(e, EX_NO, 0, "the agent was killed");
	return h == HALT_KILL ? runrecord_exit(s, NULL, &killed, e) : 0;
}
