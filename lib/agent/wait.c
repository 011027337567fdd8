#include "agent/wait.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/utf8.h"

/* So much may hosts' clocks differ; more was a step. */
#define SKEW_MOST (60 * CLOCK_SECOND)
/* Bytes of what agents said that are kept for a result. */
#define WAIT_SAID ((size_t)32 << 10)
/* Milliseconds since boot, and the last instant that a record can name. */
#define DUE_MOST  (INT64_MAX / CLOCK_MILLI / 2)
#define TIME_MOST (INT64_C(9214646399) * CLOCK_SECOND)

static int64_t
read_time(const struct json *body, const char *key)
{
	const char *text = json_get_string(body, key);
	int64_t t = 0;

	if (text != NULL && (clock_parse(text, &t) < 0 || t < 1))
		return -1;
	return t;
}

void
wait_add_agent(struct wait *w, const char *id)
{
	mem_room(&w->agents, w->agent_count, &w->agent_cap, sizeof(*w->agents));
	w->agents[w->agent_count++] = (struct wait_agent){.id = mem_strdup(id)};
}

/* One that is waited for twice has ended twice. */
static bool
set_ended(
    struct wait *w, const char *id, enum agent_status state, const char *said)
{
	size_t room = WAIT_SAID / (w->agent_count + 1), i;
	bool found = false;

	for (i = 0; i < w->agent_count; i++) {
		if (strcmp(w->agents[i].id, id) != 0)
			continue;
		free(w->agents[i].said);
		w->agents[i].said =
		    mem_dup(said, utf8_cut(said, strlen(said), room));
		w->agents[i].ended = found = true;
		w->agents[i].state = state;
	}
	return found;
}

bool
wait_tell(
    struct state *s, const char *id, enum agent_status state, const char *said)
{
	bool found = false;
	size_t i;

	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].wait != NULL &&
		    set_ended(s->calls[i].wait, id, state, said))
			found = true;
	return found;
}

static void
read_agents(struct wait *w, const struct json *body)
{
	const struct json *v = json_first(json_get(body, "agents"));
	enum agent_status state;
	const char *id, *said, *name;

	for (; v != NULL; v = json_next(v))
		if (json_string(v) != NULL)
			wait_add_agent(w, json_string(v));
	for (v = json_first(json_get(body, "ended")); v != NULL;
	     v = json_next(v)) {
		id = json_get_string(v, "agent");
		name = json_get_string(v, "state");
		said = json_get_string(v, "text");
		if (id != NULL && name != NULL && said != NULL &&
		    agent_status_parse(name, &state) == 0)
			(void)set_ended(w, id, state, said);
	}
}

struct wait *
wait_read(const struct json *body)
{
	const char *mode = json_get_string(body, "mode");
	struct wait *w = mem_new(1, sizeof(*w));
	int64_t due;

	read_agents(w, body);
	w->all = mode == NULL || strcmp(mode, "any") != 0;
	w->mail = json_get_bool(body, "mail", false);
	w->from = mem_strdup(json_get_string(body, "from"));
	w->event = mem_strdup(json_get_string(body, "event"));
	w->boot = mem_strdup(json_get_string(body, "boot"));
	w->until = read_time(body, "until");
	w->clock = read_time(body, "clock");
	due = json_get_integer(body, "due", 0);
	w->due = due < 0 || due > DUE_MOST ? 0 : due * CLOCK_MILLI;
	if (w->until < 0 || w->clock < 0 ||
	    (w->until == 0 && w->agent_count == 0 && !w->mail)) {
		wait_free(w);
		return NULL;
	}
	return w;
}

static void
put_time(struct jsonw *j, const char *key, int64_t ns)
{
	char text[CLOCK_TEXT];

	if (ns == 0)
		return;
	clock_text(ns, text);
	jsonw_string(j, key, text);
}

static void
put_agents(struct jsonw *j, const struct wait *w)
{
	const struct wait_agent *a = w->agents;
	size_t i, ended = 0;

	jsonw_array(j, "agents");
	for (i = 0; i < w->agent_count; i++) {
		jsonw_string(j, NULL, a[i].id);
		ended += a[i].ended;
	}
	jsonw_end(j, ']');
	jsonw_string(j, "mode", w->all ? "all" : "any");
	if (ended == 0)
		return;
	jsonw_array(j, "ended");
	for (i = 0; i < w->agent_count; i++) {
		if (!a[i].ended)
			continue;
		jsonw_object(j, NULL);
		jsonw_string(j, "agent", a[i].id);
		jsonw_string(j, "state", agent_status_name(a[i].state));
		jsonw_string(j, "text", a[i].said);
		jsonw_end(j, '}');
	}
	jsonw_end(j, ']');
}

void
wait_write(struct jsonw *j, const char *key, const struct wait *w)
{
	if (key != NULL)
		jsonw_object(j, key);
	if (w->agent_count > 0)
		put_agents(j, w);
	if (w->mail)
		jsonw_bool(j, "mail", true);
	jsonw_maybe(j, "from", w->from);
	jsonw_maybe(j, "event", w->event);
	put_time(j, "until", w->until);
	put_time(j, "clock", w->clock);
	if (w->boot != NULL) {
		jsonw_string(j, "boot", w->boot);
		jsonw_integer(j, "due", w->due / CLOCK_MILLI);
	}
	if (key != NULL)
		jsonw_end(j, '}');
}

/* ---- time ------------------------------------------------------------------ */

void
moment_take(int64_t last, struct moment *out)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	out->uptime = (int64_t)ts.tv_sec * CLOCK_SECOND + ts.tv_nsec;
	out->clock = clock_real();
	out->now = out->clock > last ? out->clock : last;
	session_boot_id(out->boot);
}

void
wait_set_time(struct wait *w, const struct moment *m, int64_t ns)
{
	w->until = m->now < TIME_MOST - ns ? m->now + ns : TIME_MOST;
	w->clock = m->clock;
	w->due = m->uptime + ns;
	free(w->boot);
	w->boot = mem_strdup(m->boot);
}

int64_t
wait_left(const struct wait *w, const struct moment *m)
{
	int64_t left = w->until - m->now;

	if (w->until == 0)
		return CLOCK_NEVER;
	if (w->boot == NULL)
		return left;
	if (strcmp(w->boot, m->boot) == 0)
		return left < w->due - m->uptime ? left : w->due - m->uptime;
	/* The clock was set back and the machine started anew: how long it has
	 * been is not known, and early is better than never. */
	return m->clock < w->clock - SKEW_MOST ? 0 : left;
}

/* ---- has it come? ------------------------------------------------------------- */

bool
wait_is_end(const struct state *s)
{
	return !s->awake &&
	       (s->status == AGENT_DONE || s->status == AGENT_FAILED ||
		   s->status == AGENT_KILLED || s->status == AGENT_PAUSED);
}

static bool
agents_ended(const struct wait *w, wait_ended *ended, void *arg)
{
	size_t i, n = 0;

	for (i = 0; i < w->agent_count; i++) {
		if (w->agents[i].ended || ended(arg, w->agents[i].id))
			n++;
		else if (w->all)
			return false;
		if (n > 0 && !w->all)
			return true;
	}
	return n > 0;
}

const struct mail_event *
wait_event(const struct state *s, const struct wait *w)
{
	const struct mail_event *v = s->mail.events;
	size_t i;

	for (i = 0; w->mail && i < s->mail.event_count; i++)
		if ((w->event == NULL || strcmp(w->event, v[i].name) == 0) &&
		    (w->from == NULL || strcmp(w->from, v[i].from) == 0))
			return &v[i];
	return NULL;
}

enum wait_end
wait_look(const struct state *s, const struct wait *w, const struct moment *m,
    wait_ended *ended, void *arg)
{
	if (s->held_count > 0)
		return WAIT_MESSAGE;
	if (wait_event(s, w) != NULL)
		return WAIT_EVENT;
	if (agents_ended(w, ended, arg))
		return WAIT_AGENTS;
	return wait_left(w, m) <= 0 ? WAIT_TIME : WAIT_ON;
}
