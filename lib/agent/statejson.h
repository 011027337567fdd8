/*
 * statejson.h: a state as bundles hold it, agent-bundle(5): agent/state.json
 * and agent/grants.json.  Pure, and the same state gives the same bytes, so
 * that whoever has the records can prove them.
 */
#ifndef AGENT_STATEJSON_H
#define AGENT_STATEJSON_H

#include "agent/state.h"

/* Texts are cut to their first 512 bytes, since every bundle has them again;
 * the conversation is a count and a digest: the records hold it. */
void state_json(const struct state *, struct buf *out);
void grants_json(const struct state *, struct buf *out);

#endif
