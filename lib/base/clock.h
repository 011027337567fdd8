/*
 * clock.h: time.  Instants and lengths are integer nanoseconds; text is
 * RFC 3339 in UTC with microseconds, "2026-11-22T23:01:02.123456Z".
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/cc.h"

#define CLOCK_SECOND  ((int64_t)1000000000)
#define CLOCK_MILLI   ((int64_t)1000000)
#define CLOCK_NEVER   INT64_MAX
#define CLOCK_TEXT    28 /* bytes of the text with its NUL */

int64_t clock_real(void);	/* since 1970, UTC */
int64_t clock_mono(void);	/* since boot, for deadlines */

/* Milliseconds from now until `deadline` (of clock_mono), for poll(2):
 * rounded up, 0 when it passed, -1 for CLOCK_NEVER. */
int clock_poll_ms(int64_t deadline);

/* `after` nanoseconds from now in clock_mono; CLOCK_NEVER stays. */
int64_t clock_deadline(int64_t after);

/* Instant to text (cut to microseconds) and back.  Years 1970 to 2261; the
 * reader also takes fewer decimals and offsets such as +01:00. */
void clock_text(int64_t ns, char out[CLOCK_TEXT]);
int clock_parse(const char *text, int64_t *out);

#endif
