/*
 * mailstate.h: what the fold remembers of mail: what was taken, so that it is
 * not taken twice, and events until somebody waits for them.  Part of struct
 * state, and as pure.
 */
#ifndef AGENT_MAILSTATE_H
#define AGENT_MAILSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/jsonw.h"
#include "base/rand.h"

/* Letters that one group of records may hold: those of the last group may lie
 * in the mailbox still. */
#define MAIL_RECENT  32
#define MAIL_EVENTS  64		/* kept; the oldest goes */
#define MAIL_SENDERS 10000	/* remembered; who was silent longest goes */

/* The last letter taken from an agent. */
struct mail_mark {
	char from[ULID_TEXT];
	int64_t seq, n;
	int64_t at;		/* the record that took it */
};

struct mail_event {
	int64_t at;		/* the record that brought it */
	char *name, *from, *text;
};

struct mailstate {
	struct mail_mark *marks;	/* by `from` */
	size_t mark_count, mark_cap;
	char *recent[MAIL_RECENT];	/* names, the oldest first */
	size_t recent_count;
	struct mail_event *events;	/* the oldest first */
	size_t event_count, event_cap;
	/* What the model was told since its last call. */
	int64_t turn_count, turn_bytes;
};

void mailstate_free(struct mailstate *);
/* Was a letter of this name taken? */
bool mailstate_taken(const struct mailstate *, const char *name);
/* The record `at` takes it. */
void mailstate_take(struct mailstate *, const char *name, int64_t at);
/* Keep an event; what is given is copied. */
void mailstate_event(struct mailstate *, int64_t at, const char *name,
    const char *from, const char *text);
/* Forget the event at this index. */
void mailstate_drop_event(struct mailstate *, size_t index);

/* A member of a JSON object, and back. */
void mailstate_put(struct jsonw *, const char *key, const struct mailstate *);
void mailstate_get(const struct json *, const char *key, struct mailstate *);

#endif
