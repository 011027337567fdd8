#include "sandbox/spec.h"

#include <string.h>

#include "base/mem.h"

struct head {
	uint64_t entries, argc, envc, argument, bundle;
	sandbox_main *main;
	struct spawn_limits limits;
	uint8_t has_argv, has_workspace, devices, tmp, proc, net;
};

struct cursor {
	char *at, *end;
	bool bad;
};

static void
put_string(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s) + 1);
}

static size_t
count_of(const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

static void
put_list(struct buf *b, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		put_string(b, list[i]);
}

void
spec_write(const struct spawn *s, struct buf *out)
{
	const struct view *v = s->view;
	struct head h;
	size_t i;

	memset(&h, 0, sizeof(h));
	h.entries = v->count;
	h.argc = count_of(s->argv);
	h.envc = count_of(s->env);
	h.argument = s->argument.len;
	h.bundle = s->bundle.len;
	h.main = s->main;
	h.limits = s->limits;
	h.has_argv = s->argv != NULL;
	h.has_workspace = v->workspace != NULL;
	h.devices = v->devices;
	h.tmp = v->tmp;
	h.proc = v->proc;
	h.net = s->net;
	buf_add(out, &h, sizeof(h));
	for (i = 0; i < v->count; i++) {
		buf_putc(out, (char)v->entries[i].rights);
		buf_putc(out, (char)v->entries[i].below);
		put_string(out, v->entries[i].path);
	}
	if (v->workspace != NULL)
		put_string(out, v->workspace);
	put_list(out, s->argv, h.argc);
	put_list(out, s->env, h.envc);
	if (s->argument.len > 0)
		buf_add(out, s->argument.data, s->argument.len);
	if (s->bundle.len > 0)
		buf_add(out, s->bundle.data, s->bundle.len);
}

static char *
get_bytes(struct cursor *c, size_t n)
{
	char *p = c->at;

	if (c->bad || n > (size_t)(c->end - c->at)) {
		c->bad = true;
		return NULL;
	}
	c->at += n;
	return p;
}

static char *
get_string(struct cursor *c)
{
	size_t left = (size_t)(c->end - c->at);
	size_t n = c->bad ? left : strnlen(c->at, left);

	return get_bytes(c, n + 1);
}

static char **
get_list(struct cursor *c, size_t n)
{
	char **list;
	size_t i;

	if (n > (size_t)(c->end - c->at)) {
		c->bad = true;
		n = 0;
	}
	list = mem_new(n + 1, sizeof(*list));
	for (i = 0; i < n; i++)
		list[i] = get_string(c);
	return list;
}

static void
get_view(struct cursor *c, const struct head *h, struct view *v)
{
	char *rights;
	size_t i;

	if (h->entries > (size_t)(c->end - c->at)) {
		c->bad = true;
		return;
	}
	v->count = h->entries;
	v->entries = mem_new(v->count, sizeof(*v->entries));
	for (i = 0; i < v->count && !c->bad; i++) {
		rights = get_bytes(c, 2);
		if (rights == NULL)
			break;
		v->entries[i].rights = (unsigned char)rights[0];
		v->entries[i].below = (unsigned char)rights[1];
		v->entries[i].path = get_string(c);
	}
	if (h->has_workspace)
		v->workspace = get_string(c);
	v->devices = h->devices;
	v->tmp = h->tmp;
	v->proc = h->proc;
}

int
spec_read(struct spec *s, char *data, size_t len, struct err *e)
{
	struct cursor c = {.at = data, .end = data + len};
	struct head h;

	memset(s, 0, sizeof(*s));
	if (len < sizeof(h))
		return err_set(
		    e, EX_SOFTWARE, 0, "bad request to the launcher");
	memcpy(&h, get_bytes(&c, sizeof(h)), sizeof(h));
	get_view(&c, &h, &s->view);
	s->argv = get_list(&c, h.argc);
	s->env = get_list(&c, h.envc);
	s->argument.data = get_bytes(&c, h.argument);
	s->argument.len = h.argument;
	s->bundle.data = get_bytes(&c, h.bundle);
	s->bundle.len = h.bundle;
	s->net = h.net;
	s->main = h.main;
	s->limits = h.limits;
	if (!h.has_argv) {
		free(s->argv);
		s->argv = NULL;
	}
	if (c.bad || (s->argv == NULL && s->main == NULL) ||
	    (s->argv != NULL && s->argv[0] == NULL)) {
		spec_free(s);
		return err_set(
		    e, EX_SOFTWARE, 0, "bad request to the launcher");
	}
	return 0;
}

void
spec_free(struct spec *s)
{
	free(s->view.entries);
	free(s->argv);
	free(s->env);
	memset(s, 0, sizeof(*s));
}
