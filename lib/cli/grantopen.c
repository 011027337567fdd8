#include "cli/grantopen.h"

#include <fnmatch.h>
#include <string.h>

#include "base/mem.h"

void
grantopen_each(const struct grant_args *a,
    void (*each)(void *arg, const struct grantopen *), void *arg)
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL, only[ULID_TEXT] = "";
	struct session s;
	struct err e;
	size_t n, i, k;

	if (root_list(a->root, &ids, &n, &e) < 0 ||
	    (a->agent != NULL && root_find(a->root, a->agent, only, &e) < 0))
		die_err(&e);
	for (i = 0; i < n; i++) {
		if (a->agent != NULL && strcmp(ids[i], only) != 0)
			continue;
		if (session_read(a->root, ids[i], true, &s, &e) < 0) {
			warn_msg("%s", e.msg);
			continue;
		}
		for (k = 0; k < s.state.request_count; k++) {
			const struct request *r = &s.state.requests[k];
			struct grantopen o = {ids[i], s.workspace, r};

			if (a->tool == NULL ||
			    (r->tool != NULL && strcmp(r->tool, a->tool) == 0))
				each(arg, &o);
		}
		session_close(&s);
	}
}

bool
grantopen_owner(struct root *root, const char *request, char agent[ULID_TEXT])
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	size_t n, i, tail = strcspn(request, "-");
	struct err e;

	if (root_list(root, &ids, &n, &e) < 0)
		die_err(&e);
	for (i = 0; i < n; i++)
		if (tail == 8 && request[tail] == '-' &&
		    strncasecmp(ids[i] + 18, request, 8) == 0) {
			memcpy(agent, ids[i], ULID_TEXT);
			return true;
		}
	return false;
}

static void
collect(void *arg, const struct grantopen *o)
{
	struct grantpicks *all = arg;
	struct grantpick *p;

	mem_room(&all->items, all->count, &all->cap, sizeof(*all->items));
	p = &all->items[all->count++];
	memcpy(p->agent, o->agent, ULID_TEXT);
	p->id = mem_strdup(o->request->id);
	p->kind = o->request->kind;
}

static void
keep(struct grantpicks *out, const struct grantpick *p)
{
	struct grantpick copy = *p;
	size_t i;

	for (i = 0; i < out->count; i++)
		if (strcmp(out->items[i].id, p->id) == 0)
			return;
	copy.id = mem_strdup(p->id);
	mem_room(&out->items, out->count, &out->cap, sizeof(*out->items));
	out->items[out->count++] = copy;
}

/* A number is never the beginning of another: once answered, a request is not
 * to be taken for a later one. */
static bool
fits(const char *id, const char *operand)
{
	size_t n = strlen(operand);

	if (strpbrk(operand, "*?[") != NULL)
		return fnmatch(operand, id, 0) == 0;
	if (strchr(operand, '-') != NULL)
		return strcasecmp(id, operand) == 0;
	return n > 0 && strncasecmp(id, operand, n) == 0;
}

static int
not_open(
    const struct grant_args *a, const char *operand, struct grantpicks *out)
{
	struct grantpick p = {.kind = REQUEST_CALL};
	char only[ULID_TEXT];
	struct err e;

	if (strpbrk(operand, "*?[") != NULL) {
		warn_msg("no open request fits '%s'", operand);
		return EX_NO;
	}
	if (grantopen_owner(a->root, operand, p.agent) && a->tool == NULL &&
	    (a->agent == NULL || (root_find(a->root, a->agent, only, &e) == 0 &&
				     strcmp(only, p.agent) == 0))) {
		p.id = mem_strdup(operand);
		keep(out, &p);
		free(p.id);
		return 0;
	}
	warn_msg("no request '%s'%s (agent-grant pending lists them)", operand,
	    a->agent != NULL || a->tool != NULL ? " among these" : "");
	return EX_NOINPUT;
}

static int
pick_one(const struct grant_args *a, const char *operand,
    const struct grantpicks *all, struct grantpicks *out)
{
	bool pattern = strpbrk(operand, "*?[") != NULL;
	const struct grantpick *first = NULL;
	size_t i;

	for (i = 0; i < all->count; i++) {
		if (!fits(all->items[i].id, operand))
			continue;
		if (first != NULL && !pattern) {
			warn_msg("'%s' is ambiguous: %s, %s", operand,
			    first->id, all->items[i].id);
			return EX_USAGE;
		}
		first = &all->items[i];
		if (pattern)
			keep(out, first);
	}
	if (first == NULL)
		return not_open(a, operand, out);
	if (!pattern)
		keep(out, first);
	return 0;
}

void
grantopen_pick(
    const struct grant_args *a, char *operands[], struct grantpicks *out)
{
	struct grantpicks all CLEANUP(grantpicks_free) = {0};
	size_t i;
	int got;

	*out = (struct grantpicks){0};
	grantopen_each(a, collect, &all);
	if (operands[0] != NULL && a->all)
		die_usage(a->program, "--all, or requests: not both");
	if (operands[0] == NULL && !a->all && a->agent == NULL &&
	    a->tool == NULL)
		die_usage(a->program,
		    "which requests? name them, or --all, --agent, --tool");
	for (i = 0; operands[i] != NULL; i++) {
		got = pick_one(a, operands[i], &all, out);
		if (out->status == 0)
			out->status = got;
	}
	for (i = 0; i < all.count && operands[0] == NULL; i++)
		keep(out, &all.items[i]);
	if (operands[0] == NULL && all.count == 0)
		out->status = EX_NO;
}

void
grantpicks_free(struct grantpicks *p)
{
	while (p->count > 0)
		free(p->items[--p->count].id);
	free(p->items);
	*p = (struct grantpicks){0};
}
