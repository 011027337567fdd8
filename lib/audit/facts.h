/*
 * facts.h: what a record says under a key of an expression, taken from its
 * body as it stands and from the calls that it names.
 */
#ifndef AUDIT_FACTS_H
#define AUDIT_FACTS_H

#include "audit/expr.h"
#include "audit/map.h"
#include "audit/members.h"

struct fact {
	struct slice text;
	bool is_number;
	double number;	/* as an expr_value's */
	struct buf own;	/* the text, where it had to be decoded */
};

struct fact_list {
	struct fact *items;
	size_t count, cap, made;	/* `made` of them have an `own` */
};

/* What records before named: explicit links, by the id of a call. */
struct links {
	struct map tools;	/* tool.call's id: its tool */
	struct buf call, model;	/* the last model.call: id, model */
	int64_t sent;		/* and its time, ns */
};

struct subject {
	const char *agent, *name;	/* name may be NULL */
	const struct record *rec;
	const struct members *body;
	const struct links *links;
};

void links_free(struct links *);
/* Remember what later records refer to. */
void links_note(struct links *, const struct record *, const struct members *);
/* The tool that the call names, an absent slice when it is not known. */
struct slice links_tool(const struct links *, struct slice call);
/* Is the call the last model.call?  Then the model that it was sent to. */
bool links_model(
    const struct links *, struct slice call, struct slice *model);

void fact_list_free(struct fact_list *);
/* All that the subject has under the key. */
void facts_of(const struct subject *, const struct expr_term *,
    struct fact_list *out);

#endif
