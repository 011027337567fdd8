#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t
read_clock(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

int64_t
clock_real(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_mono(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

int
clock_poll_ms(int64_t deadline)
{
	int64_t left;

	if (deadline == CLOCK_NEVER)
		return -1;
	left = deadline - clock_mono();
	if (left <= 0)
		return 0;
	left = (left + CLOCK_MILLI - 1) / CLOCK_MILLI;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int64_t
clock_deadline(int64_t after)
{
	int64_t t;

	if (after == CLOCK_NEVER ||
	    __builtin_add_overflow(clock_mono(), after, &t))
		return CLOCK_NEVER;
	return t;
}

void
clock_text(int64_t ns, char out[CLOCK_TEXT])
{
	time_t s = (time_t)(ns / CLOCK_SECOND);
	struct tm tm;

	(void)gmtime_r(&s, &tm);
	(void)snprintf(out, CLOCK_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_mon + 1,
	    (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
	    (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100,
	    (unsigned)(ns % CLOCK_SECOND / 1000) % 1000000);
}

/* Read a pattern of digits ('d') and literal characters into numbers. */
static const char *
fields(const char *s, const char *pattern, int *out)
{
	int v = 0;

	for (; *pattern != '\0'; pattern++, s++) {
		if (*pattern != 'd') {
			if (*s != *pattern)
				return NULL;
			continue;
		}
		if (!isdigit((unsigned char)*s))
			return NULL;
		v = v * 10 + (*s - '0');
		if (pattern[1] != 'd') {
			*out++ = v;
			v = 0;
		}
	}
	return s;
}

static int
parse_zone(const char *s, int64_t *offset)
{
	int hm[2], sign;

	*offset = 0;
	if (strcmp(s, "Z") == 0)
		return 0;
	sign = *s == '-' ? -1 : 1;
	if ((*s != '+' && *s != '-') ||
	    (s = fields(s + 1, "dd:dd", hm)) == NULL || *s != '\0' ||
	    hm[0] > 23 || hm[1] > 59)
		return -1;
	*offset = sign * (hm[0] * 3600 + hm[1] * 60) * CLOCK_SECOND;
	return 0;
}

int
clock_parse(const char *text, int64_t *out)
{
	int64_t ns = 0, unit = CLOCK_SECOND, offset;
	struct tm tm = {0}, back;
	time_t t;
	int f[6];

	errno = EINVAL;
	text = fields(text, "dddd-dd-ddTdd:dd:dd", f);
	if (text == NULL || f[0] < 1970 || f[0] > 2261)
		return -1;
	if (*text == '.') {
		if (!isdigit((unsigned char)text[1]))
			return -1;
		for (text++; isdigit((unsigned char)*text) && unit > 1;
		     text++) {
			unit /= 10;
			ns += (*text - '0') * unit;
		}
	}
	if (parse_zone(text, &offset) < 0)
		return -1;
	tm.tm_year = f[0] - 1900;
	tm.tm_mon = f[1] - 1;
	tm.tm_mday = f[2];
	tm.tm_hour = f[3];
	tm.tm_min = f[4];
	tm.tm_sec = f[5];
	back = tm;
	t = timegm(&back);
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday ||
	    back.tm_hour != tm.tm_hour || back.tm_min != tm.tm_min)
		return -1; /* such as 30 February */
	ns += (int64_t)t * CLOCK_SECOND - offset;
	if (ns < 0)
		return -1; /* the offset led before 1970 */
	*out = ns;
	return 0;
}
