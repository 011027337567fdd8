/*
 * table.h: how tools get into the table; for this folder only.
 */
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

#include "tool/tool.h"

/* Bytes kept of an answer: a result stays below the 64 KiB of a record. */
#define TOOL_OUTPUT 60000

/* Add one, in the place of one of that name; the table owns all of it, `tool`
 * is emptied. */
void tool_table_take(struct tool_table *, struct tool *tool);
/* Free what a tool owns. */
void tool_clear(struct tool *);

#endif
