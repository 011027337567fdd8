/*
 * messages.h: a conversation of the internal form as the Messages API wants
 * it: system text apart, roles alternating, all results of one turn in one
 * user message before anything else in it, no empty text.  Private to
 * lib/model.
 */
#ifndef MODEL_MESSAGES_H
#define MODEL_MESSAGES_H

#include "model/request.h"

/* The members "system" (when there is any) and "messages". */
int messages_write(struct jsonw *, const struct request *, struct err *);
/* The member "tools", from the internal array (or none). */
void messages_tools(struct jsonw *, struct slice tools);

#endif
