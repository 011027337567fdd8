#include "bundle/squash.h"

#include "bundle/gather.h"

struct squash {
	struct gather parts;
	struct snapshot tree;
	struct writer writer;
};

static void
squash_free(struct squash *s)
{
	gather_free(&s->parts);
	snapshot_free(&s->tree);
	writer_free(&s->writer);
}

static int
put_tree(struct squash *s, struct manifest *m, const struct writer_options *o,
    struct err *e)
{
	struct content c;
	struct pull pull;
	size_t i;

	for (i = 0; i < s->tree.count; i++) {
		struct entry n = s->tree.entry[i];
		bool file = n.type == ENTRY_FILE;

		if (file) {
			c = pull_content(
			    &pull, &s->parts.view[s->tree.stamp[i].leader], &n);
			m->files++;
			m->bytes += n.size;
		}
		if (writer_entry(&s->writer, &n, file ? &c : NULL, e) < 0)
			return -1;
		if (file && o->progress != NULL)
			o->progress(o->arg, n.size);
	}
	return 0;
}

int
squash_write(struct chain *c, int fd, const char *name,
    const struct writer_options *o, struct manifest *m, struct written *out,
    struct err *e)
{
	struct squash s CLEANUP(squash_free) = {0};

	gather_init(&s.parts, c, 0);
	gather_manifest(c, 0, m);
	m->full = true;
	writer_init(&s.writer, fd, name, o, m);
	if (chain_tree(c, 0, &s.tree, e) < 0 ||
	    gather_head(&s.parts, &s.writer, e) < 0 ||
	    put_tree(&s, m, o, e) < 0)
		return -1;
	m->full_bytes = m->bytes;
	return writer_finish(&s.writer, out, e);
}
