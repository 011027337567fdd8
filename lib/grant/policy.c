#include "grant/grant.h"

#include <assert.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"

void
policy_init(struct policy *p)
{
	memset(p, 0, sizeof(*p));
}

/* Keep the first `count` grants. */
static void
cut(struct policy *p, size_t count)
{
	while (p->count > count)
		grant_free(&p->grants[--p->count]);
}

void
policy_free(struct policy *p)
{
	struct policy *above;

	for (;;) {
		above = p->above;
		cut(p, 0);
		free(p->grants);
		memset(p, 0, sizeof(*p));
		if (above == NULL)
			return;
		*p = *above;
		free(above);
	}
}

struct grant *
policy_find(const struct policy *p, const char *id)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->grants[i].id != NULL && strcmp(p->grants[i].id, id) == 0)
			return &p->grants[i];
	return NULL;
}

int
policy_add(struct policy *p, const char *line, const char *from, struct err *e)
{
	struct grant g;

	if (grant_parse(line, &g, e) < 0)
		return -1;
	mem_room(&p->grants, p->count, &p->cap, sizeof(*p->grants));
	g.from = mem_strdup(from);
	g.id = mem_printf("g%zu", p->count + 1);
	p->grants[p->count++] = g;
	return 0;
}

void
policy_given(struct policy *p, int64_t now)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->grants[i].given == 0)
			p->grants[i].given = now;
}

/* A text that is read line by line. */
struct lines {
	const char *p, *end;
	size_t number;
	bool base, begun; /* nothing but comments before: not begun */
};

static int
add_line(struct policy *p, const char *line, struct lines *l, const char *from,
    struct err *e)
{
	const char *word = line + strspn(line, " \t");

	if (*word == '\0' || *word == '#')
		return 0;
	if (!l->begun && strncmp(word, "nobase", 6) == 0 &&
	    (word[6 + strspn(word + 6, " \t")] == '\0' ||
		word[6 + strspn(word + 6, " \t")] == '#')) {
		l->base = false;
		l->begun = true;
		return 0;
	}
	l->begun = true;
	return policy_add(p, line, from, e);
}

static int
next_line(struct policy *p, struct lines *l, const char *name, struct err *e)
{
	const char *nl = memchr(l->p, '\n', (size_t)(l->end - l->p));
	size_t n = (size_t)((nl == NULL ? l->end : nl) - l->p);
	char *line CLEANUP_FREE = mem_dup(l->p, n);
	char *from CLEANUP_FREE = mem_printf("%s:%zu", name, ++l->number);

	if (strlen(line) != n)
		return err_set(
		    e, EX_CONFIG, 0, "%s: expected text, got a NUL", from);
	l->p = nl == NULL ? l->end : nl + 1;
	if (add_line(p, line, l, from, e) < 0)
		return err_wrap(e, "%s", from);
	return 0;
}

int
policy_parse(struct policy *p, const char *text, size_t len, const char *name,
    struct err *e)
{
	const char *from = len == 0 ? "" : text; /* NULL while empty */
	struct lines l = {from, from + len, 0, true, false};
	size_t before = p->count;

	while (l.p < l.end) {
		if (next_line(p, &l, name, e) < 0) {
			cut(p, before);
			return -1;
		}
	}
	if (l.base)
		p->base = true;
	return 0;
}

static void
add_own(struct policy *p, const char *line, const char *from)
{
	struct err e;
	int r = policy_add(p, line, from, &e);

	assert(r == 0);
	(void)r;
}

void
policy_add_workspace(struct policy *p)
{
	add_own(p, "allow read,write,exec file:**", "workspace");
}

int
policy_add_guard(struct policy *p, const char *path, bool tree,
    const char *from, struct err *e)
{
	char *body CLEANUP_FREE = mem_printf("%s%s", path, tree ? "/**" : "");
	struct buf line CLEANUP_BUF = {0};

	buf_puts(&line, "deny write file:");
	json_quote(&line, body, strlen(body));
	if (policy_add(p, buf_str(&line), from, e) < 0)
		return err_wrap(e, "%s: '%s'", from, path);
	return 0;
}

/*
 * The profile.  Of /etc only what programs need and anyone may know: a uid 0
 * without capabilities still owns /etc/shadow.
 */
static const char *const system_lines[] = {
    "allow read,exec file:/usr/**",
    "allow read,exec file:/bin/**",
    "allow read,exec file:/sbin/**",
    "allow read,exec file:/lib/**",
    "allow read,exec file:/lib32/**",
    "allow read,exec file:/lib64/**",
    "allow read,exec file:/libx32/**",
    "allow exec exec:/usr/**",
    "allow exec exec:/bin/**",
    "allow exec exec:/sbin/**",
    "allow read,write file:/dev/null",
    "allow read,write file:/dev/zero",
    "allow read,write file:/dev/full",
    "allow read,write file:/dev/random",
    "allow read,write file:/dev/urandom",
    "allow read,write file:/dev/tty",
    "allow read file:/proc/**",
};

static const char *const etc_files[] = {"alternatives/**", "bash.bashrc",
    "ca-certificates/**", "ca-certificates.conf", "debian_version", "fonts/**",
    "gitconfig", "group", "host.conf", "hosts", "inputrc", "ld.so.cache",
    "ld.so.conf", "ld.so.conf.d/**", "locale.alias", "locale.conf", "localtime",
    "magic", "magic.mime", "mime.types", "networks", "npmrc", "nsswitch.conf",
    "os-release", "passwd", "perl/**", "profile", "profile.d/**", "protocols",
    "python3/**", "python3.11/**", "resolv.conf", "rpc", "services", "shells",
    "ssl/certs/**", "ssl/openssl.cnf", "terminfo/**", "timezone", "xdg/**"};

void
policy_add_base(struct policy *p)
{
	size_t i, from = p->count;
	char line[80];

	p->base = true;
	for (i = 0; i < COUNT_OF(system_lines); i++)
		add_own(p, system_lines[i], "base");
	for (i = 0; i < COUNT_OF(etc_files); i++) {
		(void)snprintf(line, sizeof(line), "allow read file:/etc/%s",
		    etc_files[i]);
		add_own(p, line, "base");
	}
	for (i = from; i < p->count; i++) { /* records name it as a whole */
		free(p->grants[i].id);
		p->grants[i].id = mem_strdup("base");
	}
}

bool
grant_metered(const struct grant *g, const char *tool)
{
	const struct grant_limits *l = &g->limits;

	return g->kind == GRANT_NET && g->effect != GRANT_DENY &&
	       g->revoked == 0 && (l->uses > 0 || l->bytes > 0) &&
	       (l->via == NULL || strcmp(l->via, tool) == 0);
}

/* -1 is without end. */
static bool
take(int64_t *left, int64_t n)
{
	if (*left < 0)
		return true;
	if (*left < n) {
		*left = 0;
		return false;
	}
	*left -= n;
	return true;
}

bool
policy_take(
    struct policy *meter, const struct decision *d, int64_t uses, int64_t bytes)
{
	bool enough = true;
	struct grant *g;
	size_t i, k;

	for (; meter != NULL; meter = meter->above)
		for (i = 0; i < meter->count; i++) {
			g = &meter->grants[i];
			for (k = 0; k < d->used_count; k++)
				if (d->used[k] == g)
					break;
			if (k == d->used_count)
				continue;
			enough = take(&g->limits.uses, uses) && enough;
			enough = take(&g->limits.bytes, bytes) && enough;
		}
	return enough;
}
