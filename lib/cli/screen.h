/*
 * screen.h: a terminal taken over for a while: its alternate screen, keys one
 * by one.  Whatever ends the program by a signal or by screen_close, the
 * terminal is as it was.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "base/buf.h"

struct screen {
	int signals;		/* descriptor of those that matter */
	bool keys;		/* stdin is a terminal */
	struct termios before;
	size_t columns, rows;
};

enum screen_event {
	SCREEN_TICK,	/* the time is over */
	SCREEN_KEY,
	SCREEN_RESIZED,
	SCREEN_STOP	/* a signal: screen.h restores, the caller exits */
};

/* Is stdout a terminal that can be drawn on? */
bool screen_possible(void);
void screen_open(struct screen *);
void screen_close(struct screen *);
/* What comes first, within so many milliseconds; `*what` is the key, or 128 +
 * the signal.  Arrows come as 'j' and 'k'. */
enum screen_event screen_wait(struct screen *, int ms, int *what);
/* Show a frame: its lines, each cut to the width; no more than fit. */
void screen_draw(const struct screen *, struct slice frame);

/* The longest beginning of a text (UTF-8, without escapes) that takes at most
 * `most` columns; `*used` is what it takes. */
size_t screen_cut(const char *s, size_t len, size_t most, size_t *used);

#endif
