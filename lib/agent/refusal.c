#include "agent/refusal.h"

#include "base/jsonw.h"
#include "base/mem.h"

void
refusal_add(struct refusal *r, const struct mailbox *m, const char *name,
    const struct err *why)
{
	if (r->count++ == 0) {
		(void)snprintf(r->first, sizeof(r->first), "%s", name);
		r->why = *why;
	}
	mailbox_refuse(m, name);
}

int
refusal_note(
    const struct refusal *r, struct session *s, const char *what, struct err *e)
{
	char *text CLEANUP_FREE = mem_printf("%s was refused", what);
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	if (r->count == 0)
		return 0;
	jsonw_object(&w, NULL);
	jsonw_string(&w, "note", text);
	jsonw_integer(&w, "count", (int64_t)r->count);
	jsonw_string(&w, "file", r->first);
	jsonw_string(&w, "why", r->why.msg);
	jsonw_end(&w, '}');
	return session_stage(
	    s, RECORD_NOTE, (struct slice){body.data, body.len}, e);
}
