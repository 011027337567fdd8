#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static int
fail(int errnum)
{
	errno = errnum;
	return -1;
}

int
num_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	intmax_t v;

	if (!isdigit((unsigned char)s[s[0] == '-']))
		return fail(EINVAL);
	errno = 0;
	v = strtoimax(s, &end, 10);
	if (*end != '\0')
		return fail(EINVAL);
	if (errno != 0 || v < min || v > max)
		return fail(ERANGE);
	*out = v;
	return 0;
}

/*
 * Read "DIGITS[.DIGITS]" as a count of units of `scale`; `*end` is left behind
 * it.  Digits that are too small to count are refused, not rounded.
 */
static int
decimal(const char *s, int64_t scale, const char **end, int64_t *out)
{
	int64_t v = 0, f = scale;

	if (!isdigit((unsigned char)*s))
		return fail(EINVAL);
	for (; isdigit((unsigned char)*s); s++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, *s - '0', &v))
			return fail(ERANGE);
	if (__builtin_mul_overflow(v, scale, &v))
		return fail(ERANGE);
	if (*s == '.') {
		if (!isdigit((unsigned char)*++s))
			return fail(EINVAL);
		for (; isdigit((unsigned char)*s); s++) {
			if ((f == 0 || f % 10 != 0) && *s != '0')
				return fail(EINVAL);
			f /= 10;
			if (__builtin_add_overflow(v, (*s - '0') * f, &v))
				return fail(ERANGE);
		}
	}
	*end = s;
	*out = v;
	return 0;
}

int
num_size(const char *s, int64_t *out)
{
	static const char units[] = "KMGT";
	const char *end, *u;
	int64_t v, scale = 1;

	if (decimal(s, 1, &end, &v) < 0)
		return -1;
	if (*end != '\0') {
		u = strchr(units, toupper((unsigned char)*end));
		if (u == NULL || end[1] != '\0')
			return fail(EINVAL);
		scale = (int64_t)1 << (10 * (u - units + 1));
	}
	if (__builtin_mul_overflow(v, scale, &v))
		return fail(ERANGE);
	*out = v;
	return 0;
}

int
num_duration(const char *s, int64_t *out)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
	    {"", CLOCK_SECOND},
	    {"s", CLOCK_SECOND},
	    {"ms", CLOCK_SECOND / 1000},
	    {"m", 60 * CLOCK_SECOND},
	    {"h", 3600 * CLOCK_SECOND},
	    {"d", 86400 * CLOCK_SECOND},
	};
	const char *unit = s + strspn(s, "0123456789.");
	const char *end;
	int64_t v;
	size_t i;

	for (i = 0; i < COUNT_OF(units); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		if (decimal(s, units[i].ns, &end, &v) < 0)
			return -1;
		if (end != unit)
			return fail(EINVAL);
		*out = v;
		return 0;
	}
	return fail(EINVAL);
}

int
num_money(const char *s, int64_t *out)
{
	const char *end;
	int64_t v;

	if (decimal(s, 1000000, &end, &v) < 0)
		return -1;
	if (*end != '\0')
		return fail(EINVAL);
	*out = v;
	return 0;
}

int
num_double(const char *s, double *out)
{
	char *end;
	double v;

	if (s[strspn(s, "+-0123456789.eE")] != '\0' || *s == '\0')
		return fail(EINVAL);
	v = strtod(s, &end); /* no program calls setlocale for LC_NUMERIC */
	if (*end != '\0')
		return fail(EINVAL);
	if (!isfinite(v))
		return fail(ERANGE);
	*out = v;
	return 0;
}
