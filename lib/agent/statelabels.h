/*
 * statelabels.h: labels in records and in the state: what is in the context,
 * and which files calls wrote that had labels.
 */
#ifndef AGENT_STATELABELS_H
#define AGENT_STATELABELS_H

#include "agent/state.h"
#include "base/jsonw.h"

/* A set as an array of names, and back; unknown names are passed over. */
void labels_put(struct jsonw *, const char *key, unsigned labels);
unsigned labels_get(const struct json *body, const char *key);
/* A member [{"path","labels"}…], and back. */
void labels_put_files(struct jsonw *, const char *key,
    const struct labelled_list *);
void labels_get_files(const struct json *body, const char *key,
    struct labelled_list *);

#endif
