/*
 * show.h: records and agents as lines for people.  All foreign text passes
 * through the terminal-safe filter.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stdio.h>

#include "journal/record.h"

/* Colour on this stream?  A terminal, and no NO_COLOR. */
bool show_colour(FILE *);

/* What a record says, in one line of at most `width` bytes, without its
 * number and time. */
void show_summary(const struct record *, size_t width, struct buf *out);

/* "   12 23:01:02.123 tool.call  run_command {…}". */
void show_record(FILE *, const struct record *, bool colour);

/* The record as an event, one JSON object without newline. */
void show_event(const char *agent, const struct record *, struct buf *out);

/* One line of JSON, and a newline.  To a terminal it goes through the filter,
 * since JSON need not escape all that a terminal obeys; else as it stands. */
void show_json(FILE *, const char *, size_t);

/* One line on stdout: a word of ours and foreign text, made safe. */
void show_line(const char *word, const char *text);

/* A table: cells are added row by row, then printed with columns aligned. */
struct table {
	size_t columns, count, cap;
	unsigned right;		/* bit N: column N is aligned to the right */
	char **cells;
};
void table_add(struct table *, const char *text);
void table_print(struct table *, FILE *);	/* and frees it */

/* Short texts: "1.2k", "3m12s", "0.0123". */
void show_count(int64_t n, char out[16]);
void show_time(int64_t ns, char out[16]);
void show_money(int64_t millionths, char out[32]);

#endif
