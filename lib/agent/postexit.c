/* A child tells its parent how it ended. */
#include <string.h>

#include "agent/allot.h"
#include "agent/post.h"
#include "base/mem.h"
#include "base/utf8.h"

/* What it leaves: its report, else its last words; else why it ended. */
static char *
last_words(const struct state *s)
{
	const char *text = s->report;

	if (text == NULL && s->status == AGENT_DONE)
		text = s->text;
	if (text == NULL)
		text = s->exit_why != NULL ? s->exit_why : "";
	return mem_dup(text, utf8_cut(text, strlen(text), POST_TEXT));
}

int
post_exit(struct session *s, struct err *e)
{
	const struct state *now = &s->state;
	struct post p CLEANUP_POST = {.kind = POST_EXIT,
	    .labels = now->labels,
	    .state = now->status,
	    .status = now->exit_status};
	struct err why;

	if (s->info.parent == NULL || now->exit_owed == 0)
		return 0;
	/* Nobody is told of an end that is not certain. */
	if (session_commit(s, e) < 0)
		return -1;
	allot_total(now, &p.usage);
	p.name = post_name_agent(s->info.id, now->exit_owed, 0);
	p.from = mem_strdup(s->info.id);
	p.text = last_words(now);
	if (post_send(s->root, s->info.parent, &p, &why) < 0 &&
	    why.status != EX_NOINPUT) {
		*e = why;
		return err_wrap(e, "parent");
	}
	return 0;
}
