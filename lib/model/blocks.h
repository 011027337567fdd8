/*
 * blocks.h: the content blocks of an Anthropic reply.  Thinking must go back
 * verbatim, with its signature, in the order in which it came; so a reply
 * that holds any keeps all its blocks.  Private to lib/model.
 */
#ifndef MODEL_BLOCKS_H
#define MODEL_BLOCKS_H

#include "model/reply.h"

enum block_type { BLOCK_TEXT, BLOCK_CALL, BLOCK_THINKING, BLOCK_OTHER };

struct block {
	enum block_type type;
	int64_t index;		/* the stream's name for it */
	struct buf text;	/* text or thinking; of others the JSON */
	struct buf signature;
	size_t call;		/* its place in the calls */
	struct buf input;	/* of a call, as it stood in the block */
};

struct block_list {
	struct block *items;
	size_t count, cap;
};

void block_list_free(struct block_list *);
/* NULL when there are too many. */
struct block *block_add(struct block_list *, int64_t index);
struct block *block_find(struct block_list *, int64_t index);

/* A call whose arguments did not come in pieces has what its block held. */
void block_list_settle(const struct block_list *, struct call_list *);
/* {"anthropic":[…]} when there is something that must go back; else nothing
 * is written. */
void block_list_write(const struct block_list *, const struct call_list *,
    struct buf *out);

#endif
