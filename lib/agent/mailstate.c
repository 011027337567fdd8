#include "agent/mailstate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cachefields.h"
#include "agent/post.h"
#include "base/mem.h"

static void
event_free(struct mail_event *v)
{
	free(v->name);
	free(v->from);
	free(v->text);
}

void
mailstate_free(struct mailstate *m)
{
	while (m->recent_count > 0)
		free(m->recent[--m->recent_count]);
	while (m->event_count > 0)
		event_free(&m->events[--m->event_count]);
	free(m->events);
	free(m->marks);
	*m = (struct mailstate){0};
}

/* The first mark that is not before this sender. */
static size_t
find(const struct mailstate *m, const char *from)
{
	size_t low = 0, high = m->mark_count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(m->marks[mid].from, from) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
is_mark_of(const struct mailstate *m, size_t i, const char *from)
{
	return i < m->mark_count && strcmp(m->marks[i].from, from) == 0;
}

bool
mailstate_taken(const struct mailstate *m, const char *name)
{
	const struct mail_mark *k;
	char from[ULID_TEXT];
	int64_t seq, n;
	size_t i;

	for (i = 0; i < m->recent_count; i++)
		if (strcmp(m->recent[i], name) == 0)
			return true;
	if (!post_name_parse(name, from, &seq, &n) || from[0] == '\0')
		return false;
	i = find(m, from);
	if (!is_mark_of(m, i, from))
		return false;
	k = &m->marks[i];
	return seq < k->seq || (seq == k->seq && n <= k->n);
}

/* Whoever was silent longest has surely nothing left to be sent again. */
static void
forget_one(struct mailstate *m)
{
	size_t i, oldest = 0;

	if (m->mark_count < MAIL_SENDERS)
		return;
	for (i = 1; i < m->mark_count; i++)
		if (m->marks[i].at < m->marks[oldest].at)
			oldest = i;
	m->mark_count--;
	memmove(&m->marks[oldest], &m->marks[oldest + 1],
	    (m->mark_count - oldest) * sizeof(*m->marks));
}

static void
set_mark(struct mailstate *m, const struct mail_mark *new)
{
	size_t i = find(m, new->from);

	if (!is_mark_of(m, i, new->from)) {
		forget_one(m);
		i = find(m, new->from);
		mem_room(
		    &m->marks, m->mark_count, &m->mark_cap, sizeof(*m->marks));
		memmove(&m->marks[i + 1], &m->marks[i],
		    (m->mark_count - i) * sizeof(*m->marks));
		m->mark_count++;
	}
	m->marks[i] = *new;
}

static void
set_recent(struct mailstate *m, const char *name)
{
	if (m->recent_count == MAIL_RECENT) {
		free(m->recent[0]);
		m->recent_count--;
		memmove(m->recent, m->recent + 1,
		    m->recent_count * sizeof(*m->recent));
	}
	m->recent[m->recent_count++] = mem_strdup(name);
}

void
mailstate_take(struct mailstate *m, const char *name, int64_t at)
{
	struct mail_mark k = {.at = at};

	set_recent(m, name);
	if (post_name_parse(name, k.from, &k.seq, &k.n) && k.from[0] != '\0')
		set_mark(m, &k);
}

void
mailstate_event(struct mailstate *m, int64_t at, const char *name,
    const char *from, const char *text)
{
	if (m->event_count == MAIL_EVENTS)
		mailstate_drop_event(m, 0);
	mem_room(&m->events, m->event_count, &m->event_cap, sizeof(*m->events));
	m->events[m->event_count++] = (struct mail_event){
	    at, mem_strdup(name), mem_strdup(from), mem_strdup(text)};
}

void
mailstate_drop_event(struct mailstate *m, size_t index)
{
	event_free(&m->events[index]);
	m->event_count--;
	memmove(&m->events[index], &m->events[index + 1],
	    (m->event_count - index) * sizeof(*m->events));
}

/* ---- kept ---------------------------------------------------------------------- */

void
mailstate_put(struct jsonw *w, const char *key, const struct mailstate *m)
{
	const struct mail_event *v;
	size_t i;

	jsonw_object(w, key);
	field_put_integer(w, "turn_count", m->turn_count);
	field_put_integer(w, "turn_bytes", m->turn_bytes);
	jsonw_array(w, "marks");
	for (i = 0; i < m->mark_count; i++) {
		jsonw_object(w, NULL);
		jsonw_string(w, "from", m->marks[i].from);
		field_put_integer(w, "seq", m->marks[i].seq);
		field_put_integer(w, "n", m->marks[i].n);
		field_put_integer(w, "at", m->marks[i].at);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
	jsonw_array(w, "recent");
	for (i = 0; i < m->recent_count; i++)
		jsonw_string(w, NULL, m->recent[i]);
	jsonw_end(w, ']');
	jsonw_array(w, "events");
	for (i = 0; i < m->event_count; i++) {
		v = &m->events[i];
		jsonw_object(w, NULL);
		field_put_integer(w, "at", v->at);
		jsonw_string(w, "name", v->name);
		jsonw_string(w, "from", v->from);
		jsonw_string(w, "text", v->text);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
	jsonw_end(w, '}');
}

static void
get_mark(struct mailstate *m, const struct json *v)
{
	const char *from = json_get_string(v, "from");
	struct mail_mark k;

	if (from == NULL || strlen(from) != ULID_TEXT - 1)
		return;
	memcpy(k.from, from, ULID_TEXT);
	k.seq = field_get_integer(v, "seq");
	k.n = field_get_integer(v, "n");
	k.at = field_get_integer(v, "at");
	mem_room(&m->marks, m->mark_count, &m->mark_cap, sizeof(*m->marks));
	m->marks[m->mark_count++] = k;
}

void
mailstate_get(const struct json *j, const char *key, struct mailstate *m)
{
	const struct json *o = json_get(j, key), *v;

	m->turn_count = field_get_integer(o, "turn_count");
	m->turn_bytes = field_get_integer(o, "turn_bytes");
	for (v = json_first(json_get(o, "marks")); v != NULL; v = json_next(v))
		get_mark(m, v);
	for (v = json_first(json_get(o, "recent")); v != NULL; v = json_next(v))
		if (json_string(v) != NULL)
			set_recent(m, json_string(v));
	for (v = json_first(json_get(o, "events")); v != NULL; v = json_next(v))
		mailstate_event(m, field_get_integer(v, "at"),
		    json_get_string(v, "name"), json_get_string(v, "from"),
		    json_get_string(v, "text"));
}
