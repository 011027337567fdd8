/*
 * args.h: arguments as text.  For this folder only.
 */
#ifndef TOOL_ARGS_H
#define TOOL_ARGS_H

#include "base/buf.h"
#include "base/json.h"

/* Append a value as JSON without spaces; parsing it gives an equal value. */
void json_print(const struct json *, struct buf *out);

#endif
