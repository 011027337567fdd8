/*
 * importparts.h: what import.c takes out of bundles, and what of an agent's
 * authority comes with it.
 */
#ifndef AGENT_IMPORTPARTS_H
#define AGENT_IMPORTPARTS_H

#include "agent/import.h"

/* The agent.json that the history begins with.  Status 65. */
int importparts_info(struct chain *, struct buf *out, struct err *);
/*
 * Write the journal's records up to `seq` to the new file in `dir`, synced.
 * `*covered` is where the records behind the one `mark` begin.  That they
 * follow each other is for who reads them to prove.
 */
int importparts_journal(struct chain *, int64_t seq, int64_t mark, int dir,
    int64_t *covered, struct err *);
/* All that the records name goes to the root's blobs. */
int importparts_blobs(struct chain *, struct root *, struct err *);
/* The bundles themselves, in the new folder CKPT_DIR in `dir`. */
int importparts_bundles(struct chain *, int dir, struct err *);

/*
 * Stage what came of the import: the record, the last bundle's, and a request
 * for each grant that does not stay; `*requests` counts these.
 */
int importparts_record(struct session *, const struct import *,
    int64_t covered, size_t *requests, struct err *);

#endif
