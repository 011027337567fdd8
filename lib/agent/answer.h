/*
 * answer.h: what people answer to requests.  Who appends it holds the agent's
 * lock; others send a command (order.h).
 * Invariant: a request is answered once: before its deadline by a person, or
 * by its deadline with a no.
 */
#ifndef AGENT_ANSWER_H
#define AGENT_ANSWER_H

#include "agent/order.h"

/* A person's word. */
enum answer_verdict { ANSWER_TEXT, ANSWER_APPROVE, ANSWER_DENY };
struct answer {
	enum answer_verdict verdict;
	const char *by;		/* "user", or the number of a trusted key */
	const char *text;	/* or NULL */
	int64_t uses;		/* 0: not said */
	int64_t for_ns;		/* 0: not said */
	bool always;
	const char *as;		/* the grant to give instead; or NULL */
	const char *grant;	/* the id of the grant that is given */
	const char *command;	/* the nonce of what said it; or NULL */
};

/*
 * Stage the answer; the caller commits.  An approval is of single use unless
 * `uses`, `for_ns` or `always` says otherwise; of a grant that is asked for,
 * `uses` and `for_ns` narrow it.  Status 66 there is no such request, 1 it was
 * answered, or its time is over (which is staged as a denial then: commit all
 * the same), 64 it is of another kind, 78 not a grant that can be kept.
 */
int request_answer(struct session *, const char *request,
    const struct answer *, struct err *);
/* Stage a no for each request whose time is over. */
int request_expire(struct session *, struct err *);

/* The members of a command that says it: verbs `answer`, `approve`, `deny`. */
void answer_members(const char *request, const struct answer *,
    struct buf *out);
/* These verbs, for orders.c. */
int answer_text(struct session *, const struct order *, struct err *);
int answer_approve(struct session *, const struct order *, struct err *);
int answer_deny(struct session *, const struct order *, struct err *);

#endif
