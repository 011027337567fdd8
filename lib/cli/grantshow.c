/* agent-grant's lists of what agents ask of people. */
#include <poll.h>
#include <string.h>

#include "agent/request.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/grantchange.h"
#include "cli/grantopen.h"
#include "cli/show.h"
#include "cli/stop.h"

#define WHAT_MAX   ((size_t)120) /* bytes of a row; `show` has all */
#define WATCH_EACH (CLOCK_SECOND / 2)

struct listing {
	bool json;
	struct table table;
	bool watched; /* only what is not in `seen` */
	struct grantpicks seen;
	size_t found;
};

/* A question, the grant, or the call that is to be approved. */
static const char *
what(const struct request *r)
{
	const char *text = r->kind == REQUEST_CALL    ? r->arguments
			   : r->kind == REQUEST_GRANT ? r->grant
						      : r->text;

	return text == NULL ? "" : text;
}

static void
add_row(struct table *t, const struct grantopen *o)
{
	const struct request *r = o->request;
	const char *text = what(r);
	size_t n = utf8_cut(text, strlen(text), WHAT_MAX);
	char *cut CLEANUP_FREE = mem_printf(
	    "%.*s%s", (int)n, text, text[n] == '\0' ? "" : "\xe2\x80\xa6");
	char left[16];

	table_add(t, r->id);
	table_add(t, o->agent);
	table_add(t, r->tool == NULL ? "" : r->tool);
	if (r->deadline > 0)
		show_time(r->deadline - clock_real(), left);
	table_add(t, r->deadline > 0 ? left : "-");
	table_add(t, cut);
}

static bool
is_new(struct listing *l, const struct grantopen *o)
{
	struct grantpicks *s = &l->seen;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (strcmp(s->items[i].id, o->request->id) == 0)
			return false;
	mem_room(&s->items, s->count, &s->cap, sizeof(*s->items));
	s->items[s->count++] =
	    (struct grantpick){.id = mem_strdup(o->request->id)};
	return true;
}

static void
list_one(void *arg, const struct grantopen *o)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};
	struct listing *l = arg;

	if (l->watched && !is_new(l, o))
		return;
	l->found++;
	if (!l->json) {
		add_row(&l->table, o);
		return;
	}
	jsonw_object(&w, NULL);
	request_members(o->request, o->agent, &w);
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

/* As they come, until a signal or until nobody reads. */
static NORETURN void
watch(const struct grant_args *a, struct listing *l)
{
	struct pollfd p[2] = {
	    {.fd = stop_signals(), .events = POLLIN}, {.fd = 1}};

	for (;;) {
		if (l->table.count > 0)
			table_print(&l->table, stdout);
		if (fflush(stdout) != 0)
			finish(0);
		if (poll(p, 2, (int)(WATCH_EACH / CLOCK_MILLI)) > 0)
			break;
		grantopen_each(a, list_one, l);
	}
	finish(p[0].revents == 0 ? 0 : stop_status(p[0].fd));
}

int
grantshow_pending(const struct grant_args *a, char *operands[])
{
	static const char *const head[] = {
	    "REQUEST", "AGENT", "TOOL", "LEFT", "WHAT"};
	struct listing l = {.json = a->json,
	    .watched = a->watch,
	    .table.columns = COUNT_OF(head)};
	struct grant_args only = *a;
	size_t i;

	if (operands[0] != NULL && a->agent != NULL)
		die_usage(a->program, "--agent, or an agent: not both");
	if (operands[0] != NULL)
		only.agent = operands[0];
	for (i = 0; i < COUNT_OF(head) && !a->json; i++)
		table_add(&l.table, head[i]);
	grantopen_each(&only, list_one, &l);
	if (a->watch)
		watch(&only, &l);
	if (!a->json && l.found > 0)
		table_print(&l.table, stdout);
	return l.found > 0 ? 0 : EX_NO;
}

/* ---- one of them --------------------------------------------------------------- */

struct showing {
	const struct grantpick *pick;
	bool json, found;
};

static void
show_member(const char *name, const char *text)
{
	char word[16];

	if (text == NULL)
		return;
	(void)snprintf(word, sizeof(word), "%-10s", name);
	show_line(word, text);
}

static void
show_people(const struct grantopen *o, const char *change)
{
	const struct request *r = o->request;
	struct buf safe CLEANUP_BUF = {0};
	char deadline[CLOCK_TEXT] = "", left[16];

	show_member("request", r->id);
	show_member("agent", o->agent);
	show_member("kind", request_kind_name(r->kind));
	show_member("tool", r->tool);
	show_member("effect", r->effect);
	if (r->deadline != 0) {
		clock_text(r->deadline, deadline);
		show_time(r->deadline - clock_real(), left);
		printf("%-10s%s (in %s), then denied\n", "deadline", deadline,
		    left);
	}
	show_member(r->kind == REQUEST_QUESTION ? "question" : "why", r->text);
	show_member("arguments", r->arguments);
	utf8_safe(&safe, change, strlen(change), true);
	printf("%s", buf_str(&safe));
}

static void
show_one(void *arg, const struct grantopen *o)
{
	struct buf line CLEANUP_BUF = {0}, change CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};
	struct showing *s = arg;

	if (s->found || strcmp(o->request->id, s->pick->id) != 0)
		return;
	s->found = true;
	grantchange(o->request, o->workspace, &change);
	if (!s->json) {
		show_people(o, buf_str(&change));
		return;
	}
	jsonw_object(&w, NULL);
	request_members(o->request, o->agent, &w);
	if (change.len > 0) /* ends with a line break */
		jsonw_text(&w, "change", change.data, change.len - 1);
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

int
grantshow_request(const struct grant_args *a, char *operands[])
{
	struct grantpicks picks CLEANUP(grantpicks_free);
	size_t i;
	int status;

	grantopen_pick(a, operands, &picks);
	status = picks.status;
	for (i = 0; i < picks.count; i++) {
		struct showing s = {.pick = &picks.items[i], .json = a->json};

		if (i > 0 && !a->json)
			printf("\n");
		grantopen_each(a, show_one, &s);
		if (s.found)
			continue;
		warn_msg("request '%s' is not open", s.pick->id);
		status = status == 0 ? EX_NO : status;
	}
	return status;
}
