/*
 * netlog.h: what a call asked the network for: each host, port and verdict
 * once, with how often and how many bytes.  Bounded, whatever is asked.
 */
#ifndef SANDBOX_NETLOG_H
#define SANDBOX_NETLOG_H

#include <stdint.h>

#include "base/buf.h"
#include "grant/grant.h"

#define NETLOG_MOST 64

struct netlog_entry {
	char to[300]; /* host:port, canonical */
	enum grant_effect verdict;
	char grant[64]; /* the id of who decided, or "" */
	char why[200];	/* of what was not allowed */
	uint64_t connections, sent, received;
};

struct netlog {
	struct netlog_entry list[NETLOG_MOST];
	size_t count;
	uint64_t more; /* that had no room */
};

/* Note one attempt; the entry to count its bytes in, or NULL. */
struct netlog_entry *netlog_add(struct netlog *, const char *to,
    enum grant_effect, const struct grant *winner, const char *why);
/* A JSON array. */
void netlog_text(const struct netlog *, struct buf *out);

#endif
