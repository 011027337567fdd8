#include "model/retry.h"

#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "model/raw.h"

static void
keep(char *to, size_t room, struct slice object, const char *key)
{
	struct buf b CLEANUP_BUF = {0};
	struct slice v;
	size_t n;

	if (!raw_get(object, key, &v))
		return;
	if (raw_is(v, '"'))
		json_unquote(&b, v);
	else /* llama.cpp has numbers here */
		buf_add(&b, v.data, v.len);
	n = utf8_cut(buf_str(&b), b.len, room - 1);
	memcpy(to, buf_str(&b), n);
	to[n] = '\0';
}

/* What is not of the known forms is shown as it begins. */
static void
keep_text(struct slice body, struct retry_error *out)
{
	struct buf b CLEANUP_BUF = {0};
	size_t n, i;

	utf8_repair(&b, body.data, body.len < 240 ? body.len : 240);
	n = utf8_cut(buf_str(&b), b.len, sizeof(out->message) - 1);
	memcpy(out->message, buf_str(&b), n);
	out->message[n] = '\0';
	for (i = 0; i < n; i++)
		if ((unsigned char)out->message[i] < 0x20)
			out->message[i] = ' ';
}

void
retry_error_read(struct slice body, struct retry_error *out)
{
	struct slice error, details;

	memset(out, 0, sizeof(*out));
	if (!raw_object(body.data, body.len)) {
		keep_text(body, out);
		return;
	}
	if (!raw_get(body, "error", &error))
		error = body;
	if (raw_is(error, '"')) { /* Ollama */
		keep(out->message, sizeof(out->message), body, "error");
		return;
	}
	keep(out->type, sizeof(out->type), error, "type");
	keep(out->code, sizeof(out->code), error, "code");
	keep(out->message, sizeof(out->message), error, "message");
	if (raw_get(error, "details", &details))
		keep(out->code, sizeof(out->code), details, "error_code");
	if (out->message[0] == '\0')
		keep_text(body, out);
}

static bool
holds(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

/* Money or a fixed allowance is used up: time alone does not help. */
static bool
is_spent(const struct retry_facts *f)
{
	static const char *const words[] = {"insufficient_quota",
	    "credit_balance", "spend_limit", "usage_limit", "billing"};
	const struct retry_error *x = f->error;
	size_t i;

	for (i = 0; i < COUNT_OF(words); i++)
		if (holds(x->type, words[i]) || holds(x->code, words[i]))
			return true;
	return false;
}

/* A request that the server cannot read stays so. */
static bool
is_malformed(const struct retry_facts *f)
{
	return f->status == 500 && (holds(f->error->message, "parse error") ||
				       holds(f->error->message, "parse_error"));
}

bool
retry_is_bad_reply(long status, const struct retry_error *x)
{
	return status == 500 &&
	       holds(x->message, "does not match the expected");
}

static bool
is_transient(const struct retry_facts *f)
{
	if (f->status == 0)
		return true;
	if (is_spent(f) || is_malformed(f))
		return false;
	if (strcmp(f->should_retry, "true") == 0)
		return true;
	if (strcmp(f->should_retry, "false") == 0)
		return false;
	return f->status == 408 || f->status == 409 || f->status == 429 ||
	       f->status >= 500;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7), the only form that
 * anybody sends. */
static bool
http_date(const char *s, int64_t *out)
{
	struct tm tm;
	const char *end;
	time_t t;

	memset(&tm, 0, sizeof(tm));
	end = strptime(s, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (end == NULL || *end != '\0')
		return false;
	t = timegm(&tm);
	if (t < 0 || t > INT64_MAX / CLOCK_SECOND)
		return false;
	*out = (int64_t)t * CLOCK_SECOND;
	return true;
}

/* The wait that the server names, if it does. */
static bool
named_wait(const struct retry_facts *f, int64_t *out)
{
	double v;
	int64_t date;

	if (num_double(f->after_ms, &v) == 0)
		v *= 1e6;
	else if (num_double(f->after, &v) == 0)
		v *= 1e9;
	else if (http_date(f->after, &date))
		v = (double)(date - f->now);
	else
		return false;
	if (v < 0)
		v = 0;
	*out = v < (double)RETRY_WAIT_MAX ? (int64_t)v : RETRY_WAIT_MAX;
	return true;
}

/* min(0.5 * 2^n, 8) seconds, less up to a quarter, so that many who failed
 * together do not come back together. */
static int64_t
backoff(unsigned n, uint32_t random)
{
	int64_t ns = n < 4 ? (CLOCK_SECOND / 2) << n : 8 * CLOCK_SECOND;

	return ns -
	       (int64_t)((double)ns * 0.25 * (double)random / 4294967296.0);
}

bool
retry_wanted(const struct retry_facts *f, int64_t *wait)
{
	if (f->attempts > f->retries || !is_transient(f))
		return false;
	if (!named_wait(f, wait))
		*wait = backoff(f->attempts - 1, f->random);
	return true;
}
