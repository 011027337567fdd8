#include "sandbox/proxyspec.h"

#include <string.h>

#include "base/mem.h"

struct cursor {
	const char *at;
	size_t left;
	bool bad;
};

static void
put_number(struct buf *b, int64_t v)
{
	buf_add(b, &v, sizeof(v));
}

/* NULL is told from "". */
static void
put_text(struct buf *b, const char *s)
{
	put_number(b, s == NULL ? -1 : (int64_t)strlen(s));
	if (s != NULL)
		buf_puts(b, s);
}

static int64_t
get_number(struct cursor *c)
{
	int64_t v = 0;

	if (c->left < sizeof(v)) {
		c->bad = true;
		return 0;
	}
	memcpy(&v, c->at, sizeof(v));
	c->at += sizeof(v);
	c->left -= sizeof(v);
	return v;
}

static char *
get_text(struct cursor *c)
{
	int64_t n = get_number(c);
	char *s;

	if (c->bad || n < 0)
		return NULL;
	if ((uint64_t)n > c->left) {
		c->bad = true;
		return NULL;
	}
	s = mem_dup(c->at, (size_t)n);
	c->at += n;
	c->left -= (size_t)n;
	return s;
}

bool
proxyspec_opens(const struct proxy_job *job, const struct grant *g)
{
	return g->kind == GRANT_NET && g->effect == GRANT_ALLOW &&
	       g->revoked == 0 && !g->limits.unless_tainted &&
	       ((job->labels & LABEL_SECRET) == 0 || g->limits.release) &&
	       (g->limits.via == NULL ||
		   (job->tool != NULL &&
		       strcmp(g->limits.via, job->tool) == 0)) &&
	       g->limits.uses != 0 && g->limits.bytes != 0 &&
	       (g->limits.until_ns == 0 || g->limits.until_ns > job->now) &&
	       (g->limits.for_ns == 0 ||
		   (g->given != 0 && job->now - g->given < g->limits.for_ns));
}

static void
put_secret(struct buf *b, const struct proxy_job *job, const char *name)
{
	const struct secret *s = name == NULL || job->secrets == NULL
				     ? NULL
				     : secrets_find(job->secrets, name);

	put_text(b, s == NULL ? NULL : s->name);
	if (s == NULL)
		return;
	put_text(b, s->value);
	put_text(b, s->header);
}

static void
put_grant(struct buf *b, const struct proxy_job *job, const struct grant *g)
{
	put_text(b, g->line);
	put_text(b, g->id);
	put_text(b, g->from);
	put_number(b, g->given);
	put_number(b, g->limits.uses);
	put_number(b, g->limits.bytes);
	put_secret(b, job, proxyspec_opens(job, g) ? g->limits.with : NULL);
}

static bool
is_taken(const struct grant *g)
{
	return g->kind == GRANT_NET && g->revoked == 0;
}

static void
put_layer(struct buf *b, const struct proxy_job *job, const struct policy *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->count; i++)
		n += is_taken(&p->grants[i]);
	put_number(b, (int64_t)n);
	for (i = 0; i < p->count; i++)
		if (is_taken(&p->grants[i]))
			put_grant(b, job, &p->grants[i]);
}

void
proxyspec_write(const struct proxy_job *job, struct buf *out)
{
	const struct policy *p;
	int64_t layers = 0;

	put_text(out, job->workspace);
	put_text(out, job->tool);
	put_number(out, job->now);
	put_number(out, job->labels);
	for (p = job->policy; p != NULL; p = p->above)
		layers++;
	put_number(out, layers);
	for (p = job->policy; p != NULL; p = p->above)
		put_layer(out, job, p);
}

/* Its header was made where it was registered. */
static int
get_secret(struct cursor *c, struct secrets *all, struct err *e)
{
	char *name CLEANUP_FREE = get_text(c);
	char *value CLEANUP_FREE = NULL;
	struct secret *s;
	int r = 0;

	if (name == NULL)
		return 0;
	value = get_text(c);
	if (value != NULL && secrets_find(all, name) == NULL) {
		r = secrets_add(
		    all, name, NULL, (struct slice){value, strlen(value)}, e);
		mem_wipe(value, strlen(value));
		if (r < 0)
			return -1;
		s = &all->list[all->count - 1];
		free(s->header);
		s->header = get_text(c);
	} else {
		free(get_text(c));
	}
	return 0;
}

static int
get_grant(
    struct cursor *c, struct proxyspec *s, struct policy *p, struct err *e)
{
	char *line CLEANUP_FREE = get_text(c);
	char *id = get_text(c);
	char *from CLEANUP_FREE = get_text(c);
	struct grant *g;

	if (c->bad || line == NULL || policy_add(p, line, from, e) < 0) {
		free(id);
		return -1;
	}
	g = &p->grants[p->count - 1];
	free(g->id);
	g->id = id;
	g->given = get_number(c);
	g->limits.uses = get_number(c);
	g->limits.bytes = get_number(c);
	return get_secret(c, &s->secrets, e);
}

static int
get_layer(
    struct cursor *c, struct proxyspec *s, struct policy *p, struct err *e)
{
	int64_t n;

	for (n = get_number(c); n > 0 && !c->bad; n--)
		if (get_grant(c, s, p, e) < 0)
			return -1;
	return 0;
}

int
proxyspec_read(
    struct proxyspec *out, const char *data, size_t len, struct err *e)
{
	struct cursor c = {data, len, false};
	struct proxyspec *s = out;
	struct policy *p = &s->policy;
	int64_t n;

	memset(s, 0, sizeof(*s));
	policy_init(&s->policy);
	s->workspace = get_text(&c);
	s->tool = get_text(&c);
	s->job.now = get_number(&c);
	s->job.labels = (unsigned)get_number(&c);
	for (n = get_number(&c); n > 0 && !c.bad; n--) {
		if (get_layer(&c, s, p, e) < 0) {
			proxyspec_free(s);
			return err_wrap(e, "a request to the proxy");
		}
		if (n > 1) {
			p->above = mem_new(1, sizeof(*p->above));
			p = p->above;
		}
	}
	if (c.bad) {
		proxyspec_free(s);
		return err_set(e, EX_SOFTWARE, 0, "bad request to the proxy");
	}
	s->job.policy = &s->policy;
	s->job.workspace = s->workspace;
	s->job.tool = s->tool;
	s->job.secrets = &s->secrets;
	return 0;
}

void
proxyspec_free(struct proxyspec *s)
{
	policy_free(&s->policy);
	secrets_free(&s->secrets);
	free(s->workspace);
	free(s->tool);
	memset(s, 0, sizeof(*s));
}
