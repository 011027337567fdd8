/*
 * script.h: one line of a script, for its provider and its fuzz target.
 * Private to lib/model.
 */
#ifndef MODEL_SCRIPT_H
#define MODEL_SCRIPT_H

#include "model/model.h"

/* Turn one line into a reply; `number` is the turn's, from 0.  Status 65 for
 * a line that is not of the form, or what the line says. */
int script_turn(struct slice line, int64_t number,
    const struct model_options *, struct model_reply *out, struct err *);

#endif
