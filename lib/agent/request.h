/*
 * request.h: what an agent asks of people.
 */
#ifndef AGENT_REQUEST_H
#define AGENT_REQUEST_H

#include "agent/session.h"
#include "base/jsonw.h"

/* So many may be open at a time: a model cannot flood people. */
#define REQUESTS_MAX  ((size_t)64)
/* How long people have when nobody says otherwise. */
#define REQUEST_TIME  (7 * 86400 * CLOCK_SECOND)

/* "call", "question", "grant". */
const char *request_kind_name(enum request_kind);
int request_kind_parse(const char *, enum request_kind *out);

/* The id of a request that the record `seq` of this agent makes: unique among
 * all agents of a root.  The caller frees it. */
char *request_id(const char *agent, int64_t seq);
/* The body of its ask record. */
void request_body(const struct request *, struct buf *out);
/* Members of a JSON object that is begun, for people and programs: request
 * agent kind effect tool arguments digest deadline default grant text. */
void request_members(const struct request *, const char *agent,
    struct jsonw *);

/* The open request that is the same but for its id and time: by the call that
 * made it, or for the same grant (or NULL); or NULL. */
const struct request *request_like(const struct state *, const char *tool,
    const char *arguments, const char *grant);
/* Stage, in the journal of an agent that is being made, a request for each
 * grant (canonical lines) that its image asks for. */
void request_image(const struct root *, struct journal *, const char *agent,
    char *const *grants, size_t count);

/*
 * A grant that is asked for, strictly: one line that allows something.
 * `*line` gets its canonical form, the caller's to free.  Status 78, and the
 * message says what was expected.
 */
int request_grant(const char *text, char **line, struct err *);

#endif
