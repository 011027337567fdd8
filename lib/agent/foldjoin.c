/* state_apply's join records. */
#include "agent/folding.h"

#include <string.h>

#include "agent/statelabels.h"
#include "base/mem.h"

static void
say(struct folding *f)
{
	struct state *s = f->s;

	folding_say_raw(s, "user", f->text);
	s->needs_model = true;
	s->bad_streak = 0;
	if (s->status != AGENT_KILLED)
		s->status = AGENT_READY;
}

/* Files of the workspace have the labels that they had in the child's. */
static void
label_files(struct folding *f)
{
	struct labelled_list files = {0};
	size_t i;

	labels_get_files(f->body, "wrote", &files);
	for (i = 0; i < files.count; i++)
		labelled_add(
		    &f->s->files, files.items[i].body, files.items[i].labels);
	labelled_free(&files);
}

static void
begin(struct folding *f, struct family_child *c)
{
	struct state *s = f->s;

	c->joined = true;
	s->labels |= labels_get(f->body, "labels");
	label_files(f);
	if (!folding_digest(f->body, "paths", &s->restore_paths))
		return;
	s->restoring = f->rec->seq;
	folding_set(&s->joining, c->id);
}

/* A restore walks around what was taken back, and that may be the fork: the
 * child is there all the same. */
static struct family_child *
find_child(struct state *s, const char *id)
{
	struct family_child *c = state_child(s, id);
	struct family_child other = {0};

	if (c != NULL || !s->refold)
		return c;
	other.id = mem_strdup(id);
	mem_room(
	    &s->children, s->child_count, &s->child_cap, sizeof(*s->children));
	s->children[s->child_count++] = other;
	return &s->children[s->child_count - 1];
}

int
folding_join(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "child");
	struct state *s = f->s;
	struct family_child *c = id == NULL ? NULL : find_child(s, id);

	if (c == NULL)
		return folding_bad(f, "no child of this agent", e);
	if (json_get(f->body, "done") != NULL) {
		s->restoring = 0;
		free(s->joining);
		s->joining = NULL;
	} else if (c->joined) {
		return folding_bad(f, "it was joined before", e);
	} else {
		begin(f, c);
	}
	/* What a call of the model's did is its result. */
	if (f->text.len > 0)
		say(f);
	return 0;
}
