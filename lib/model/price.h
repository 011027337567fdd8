/*
 * price.h: what tokens cost.  A price file is JSON,
 * {"MODEL":{"input":"2.50","cached":"0.25","output":"10"}}: amounts for a
 * million tokens, decimal text with six places at most; MODEL is a spec
 * ("openai:gpt-x"), its name, or "*" for all others.  Sums are integers, in
 * millionths of the file's currency.  Private to lib/model.
 */
#ifndef MODEL_PRICE_H
#define MODEL_PRICE_H

#include "model/model.h"

struct price {
	char *name;
	int64_t input, cached, output; /* millionths for a million tokens */
};

struct price_list {
	char *file; /* what was read; NULL: nothing */
	struct price *items;
	size_t count, cap;
};

/* Read the file (NULL: $AGENT_PRICES, or none) unless it was read already.
 * Status 66 not there, 78 not of this form. */
int price_list_load(struct price_list *, const char *file, struct err *);
int price_list_parse(struct price_list *, struct slice text, struct err *);
void price_list_free(struct price_list *);

/* The cost of one call, rounded up; 0 for a model that is not listed. */
int64_t price_cost(const struct price_list *, const char *spec,
    const char *name, const struct model_usage *);

#endif
