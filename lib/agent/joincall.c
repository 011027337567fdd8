#include "agent/joincall.h"

#include <string.h>

#include "agent/join.h"
#include "base/json.h"
#include "base/mem.h"

bool
joincall_is(const struct tool *t)
{
	return t->kind == TOOL_RUNNER && strcmp(t->name, "join_agent") == 0;
}

/* By id, the beginning of one, or name: the newest that is called so. */
static const struct family_child *
find(const struct state *s, const char *name)
{
	size_t len = strlen(name), i;
	const struct family_child *c;

	for (i = s->child_count; i-- > 0;) {
		c = &s->children[i];
		if ((len >= 8 && strncasecmp(c->id, name, len) == 0) ||
		    (c->name != NULL && strcmp(c->name, name) == 0))
			return c;
	}
	return NULL;
}

int
joincall_tool(struct runner *r, struct plan *p, struct err *e)
{
	const char *name = json_get_string(p->arguments, "agent");
	const struct family_child *c = find(&r->s->state, name);
	struct join_options o = {
	    .by_agent = true, .call = r->by == NULL ? p->call->id : NULL};
	char *text = NULL;
	struct err why;

	if (c == NULL) {
		text = mem_printf("you have no child '%.64s'", name);
		plan_settle(p, TOOL_FAILED, text);
	} else if (join_stage(r->s, c->id, &o, &text, &why) == 0) {
		plan_settle(p, TOOL_OK, text);
	} else if (why.status == EX_IOERR || why.status == EX_SOFTWARE) {
		*e = why;
		return -1;
	} else {
		plan_settle(p,
		    why.status == EX_NOPERM ? TOOL_DENIED : TOOL_FAILED,
		    why.msg);
	}
	free(text);
	return 0;
}
