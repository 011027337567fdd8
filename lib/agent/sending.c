#include "agent/sending.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/post.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

bool
sending_is(const struct tool *t)
{
	return t->kind == TOOL_RUNNER && strcmp(t->name, "send_message") == 0;
}

void
sending_peer_free(struct tool_peer *p)
{
	free(p->id);
	free(p->name);
	*p = (struct tool_peer){0};
}

/* Has it this one for a parent? */
static bool
is_child(const struct runner *r, const char *id)
{
	struct info info = {0};
	struct err e;
	int dir CLEANUP_FD = -1;
	bool is;

	if (file_open(r->s->root->agents, id, O_RDONLY | O_DIRECTORY, 0, &dir,
		&e) < 0 ||
	    info_read(dir, id, &info, &e) < 0)
		return false;
	is = info.parent != NULL && strcmp(info.parent, r->s->info.id) == 0;
	info_free(&info);
	return is;
}

void
sending_find(
    struct runner *r, const struct json *arguments, struct tool_peer *out)
{
	const char *to = json_get_string(arguments, "to");
	const struct info *own = &r->s->info;
	char id[ULID_TEXT];
	struct err e;

	*out = (struct tool_peer){0};
	if (to == NULL)
		return;
	if (strcmp(to, "self") == 0)
		to = own->id;
	else if (strcmp(to, "parent") == 0 && own->parent != NULL)
		to = own->parent;
	if (root_find(r->s->root, to, id, &e) < 0)
		return;
	out->id = mem_strdup(id);
	(void)info_name(r->s->root, id, &out->name);
	out->kin = strcmp(id, own->id) == 0 ||
		   (own->parent != NULL && strcmp(id, own->parent) == 0) ||
		   is_child(r, id);
}

static void
settle_error(struct plan *p, const struct err *why)
{
	p->unstarted = !p->recorded;
	plan_settle(p, TOOL_FAILED, why->msg);
}

/* The letter's name is the call's: that has to be durable before. */
int
sending_tool(struct runner *r, struct plan *p, struct err *e)
{
	struct post letter CLEANUP_POST = {
	    .kind = POST_MESSAGE, .labels = r->s->state.labels};
	const char *to = json_get_string(p->arguments, "to");
	const char *text = json_get_string(p->arguments, "text");
	char *said CLEANUP_FREE = NULL;
	struct err why;

	if (p->peer.id == NULL) {
		(void)err_set(&why, EX_NOINPUT, 0, "no agent '%.64s'", to);
		settle_error(p, &why);
		return 0;
	}
	if (strlen(text) > POST_TEXT) {
		(void)err_set(&why, EX_DATAERR, 0,
		    "the text is longer than %zu bytes", POST_TEXT);
		settle_error(p, &why);
		return 0;
	}
	letter.name = post_name_agent(r->s->info.id, p->seq, 0);
	letter.from = mem_strdup(r->s->info.id);
	letter.text = mem_strdup(text);
	if (session_commit(r->s, e) < 0)
		return -1;
	if (post_send(r->s->root, p->peer.id, &letter, &why) < 0) {
		if (why.status != EX_NOINPUT && why.status != EX_TEMPFAIL) {
			*e = why;
			return -1;
		}
		settle_error(p, &why);
		return 0;
	}
	said = mem_printf("sent to %s", p->peer.id);
	plan_settle(p, TOOL_OK, said);
	return 0;
}
