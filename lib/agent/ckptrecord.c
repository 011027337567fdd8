#include "agent/ckptrecord.h"

#include "agent/ckptspan.h"
#include "base/jsonw.h"

int
ckpt_record(struct session *s, const struct manifest *m,
    const struct written *w, int64_t offset, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw j = {.out = &body};
	const struct {
		const char *key;
		const struct digest *d;
	} digests[] = {{"bundle", &w->id},
	    {"parent", m->has_parent ? &m->parent : NULL}, {"head", &m->head},
	    {"state", &m->state}, {"work", &m->work}};
	size_t i;

	jsonw_object(&j, NULL);
	for (i = 0; i < COUNT_OF(digests); i++) {
		if (digests[i].d == NULL)
			continue;
		jsonw_digest(&j, digests[i].key, digests[i].d);
	}
	jsonw_integer(&j, "covers", m->seq);
	jsonw_integer(&j, "offset", offset);
	jsonw_bool(&j, "full", m->full);
	jsonw_integer(&j, "bytes", w->packed);
	jsonw_integer(&j, "files", m->files);
	jsonw_end(&j, '}');
	if (session_stage(
		s, RECORD_CKPT, (struct slice){body.data, body.len}, e) < 0)
		return -1;
	return session_commit(s, e);
}

/* Does it follow the agent's last recorded one? */
static bool
follows(const struct session *s, const struct manifest *m)
{
	if (strcmp(m->agent, s->info.id) != 0 || m->seq > s->mark.seq)
		return false;
	return s->state.has_ckpt ? m->has_parent && digest_equal(&m->parent,
							&s->state.ckpt_id)
				 : !m->has_parent;
}

static int
adopt(struct session *s, const struct bundle *b, const struct bundle *parent,
    struct err *e)
{
	const struct manifest *m = &b->manifest;
	struct written w = {b->id, b->frames.file};
	struct journal_mark mark;
	int r = span_seek(
	    s, parent == NULL ? NULL : &parent->manifest, m->seq, &mark, e);

	if (r <= 0)
		return r;
	return digest_equal(&mark.head, &m->head)
		   ? ckpt_record(s, m, &w, mark.offset, e)
		   : 0;
}

int
ckpt_adopt(struct session *s, int dir, struct err *e)
{
	struct bundle *b CLEANUP_BUNDLE = NULL, *parent CLEANUP_BUNDLE = NULL;
	struct err why;
	int64_t seq;

	if (ckpt_newest(dir, &seq, e) < 0)
		return -1;
	if (seq <= s->state.ckpt_seq || ckpt_bundle(dir, seq, &b, &why) < 0 ||
	    !follows(s, &b->manifest))
		return 0;
	if (s->state.has_ckpt &&
	    ckpt_bundle(dir, s->state.ckpt_seq, &parent, e) < 0)
		return -1;
	return adopt(s, b, parent, e);
}
