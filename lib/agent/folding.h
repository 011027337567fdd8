/*
 * folding.h: what the parts of state_apply share: fold.c, foldcalls.c,
 * foldask.c, foldmail.c.
 */
#ifndef AGENT_FOLDING_H
#define AGENT_FOLDING_H

#include "agent/state.h"

/* A record with its body taken apart; `text` is the raw token. */
struct folding {
	struct state *s;
	const struct record *rec;
	const struct json *body;
	struct slice text;
};

/* Status 65: the record is not one that its type has.  Returns -1. */
int folding_bad(const struct folding *, const char *what, struct err *);
/* Call before and after a message is added: the running digest follows. */
size_t folding_begin(struct state *);
void folding_end(struct state *, size_t from);
/* Add what was held back, once no call is open any more. */
void folding_flush(struct state *);
/* Add a message of plain text, now or once no call is open. */
void folding_say(struct state *, const char *role, const char *text);
/* The same with a content that is JSON already. */
void folding_say_raw(struct state *, const char *role, struct slice content);
/* Replace a string with a copy; NULL leaves it. */
void folding_set(char **slot, const char *value);

/* A member that is a digest's hex; false, and `out` as it was, if not. */
bool folding_digest(const struct json *body, const char *key,
    struct digest *out);

/* A child tells how it ended, and what it and all below it used. */
void folding_child_exit(struct folding *, const char *id);
/* An agent that was forked has ended: what it has not used is its parent's
 * from here on, and it has nothing left until it is given more. */
void folding_give_back_rest(struct state *);
/* What a call's processes took, as `body` says. */
void folding_took(struct state *, const struct json *body);
int folding_tool_call(struct folding *, struct err *);
int folding_tool_result(struct folding *, struct err *);
int folding_wait(struct folding *, struct err *);

/* foldask.c: what people are asked, and answer. */
int folding_ask(struct folding *, struct err *);
int folding_answer(struct folding *, struct err *);
int folding_restore(struct folding *, struct err *);
/* That somebody was told of a request. */
int folding_note(struct folding *, struct err *);
/* A call was made that this request's approval let through. */
void folding_spend_approval(struct state *, const char *request);

/* foldredact.c: what is left of a record that was redacted: 1 with `out`,
 * which the state keeps; 0: nothing is known; -1. */
int folding_redacted(struct state *, const struct record *, struct record *out,
    struct err *);

/* foldmail.c */
int folding_mail(struct folding *, struct err *);
/* A command that was taken: what it says of running the agent. */
void folding_signal(struct folding *);

/* Take these requests away (NULL: all), telling the model of its own. */
void folding_cancel(struct state *, const struct json *ids);
/* What is allowed is so because that agent has it, and dies with it. */
void folding_descend(struct policy *, const char *agent);

/* foldfamily.c: children, and what becomes of a state when it is a child's. */
int folding_fork(struct folding *, struct err *);
int folding_forked(struct folding *, struct err *);

/* foldjoin.c: a child's work is joined. */
int folding_join(struct folding *, struct err *);

/* foldgrants.c */
int folding_grant(struct folding *, struct err *);
int folding_revoke(struct folding *, struct err *);
int folding_command(struct folding *, struct err *);
/* A call that is let through takes one use of each of its grants; `reserved`
 * ones are its own until its result says what it did not use. */
void folding_spend(struct state *, const struct json *decision);
void folding_give_back(struct state *, const struct json *unused);

#endif
