/*
 * request.h: a request of the internal form, taken apart without copying it.
 * Private to lib/model.
 */
#ifndef MODEL_REQUEST_H
#define MODEL_REQUEST_H

#include "base/jsonw.h"
#include "model/model.h"

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL };

/* Slices are raw JSON; len 0 when absent or null. */
struct message {
	enum role role;
	struct slice role_name, content, calls, call_id, provider;
};

struct request {
	struct slice messages, tools;	/* arrays; tools may be absent */
};

/* Check the text and find its parts.  Status 65. */
int request_parse(struct slice text, struct request *out, struct err *);
/* Step through the messages: start with `*at` 0; 1, 0 at the end, -1. */
int request_next(const struct request *, size_t *at, struct message *out,
    struct err *);

/* A call in a message's calls. */
struct past_call {
	struct slice id;	/* raw */
	struct buf name;	/* as providers accept it */
	struct buf arguments;	/* JSON text of an object: what the model
				   wrote, or {} */
};
/* Start with `*at` 0; 1, or 0 at the end.  The caller frees it at the end;
 * each step uses it again. */
int past_call_next(struct slice calls, size_t *at, struct past_call *);
void past_call_free(struct past_call *);

/* Append `text` with what is not a letter, digit, '_' or '-' made '_', at
 * most 64 characters (the names that both protocols accept). */
void plain_name(struct buf *, const char *text);

/* Members that both protocols share: temperature.  Status 64 when it is not
 * JSON's number. */
int write_sampling(struct jsonw *, const struct model_options *, struct err *);

#endif
