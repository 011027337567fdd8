/*
 * refs.h: where a schema's "$ref" leads.  Only within the same schema and
 * only to a named definition: nothing is ever fetched.
 */
#ifndef TOOL_REFS_H
#define TOOL_REFS_H

#include "base/json.h"

/* The schema that `ref` ("#" or "#/$defs/NAME", also "#/definitions/NAME")
 * names within `root`; NULL when there is none. */
const struct json *schema_resolve(const struct json *root, const char *ref);

#endif
