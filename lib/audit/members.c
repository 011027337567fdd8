#include "audit/members.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define INTEGER_MAX 9007199254740992.0 /* 2^53 */

void
members_free(struct members *m)
{
	free(m->items);
	*m = (struct members){0};
}

int
members_read(struct members *m, struct slice body, struct err *e)
{
	struct member next;
	size_t at = 0;
	int got;

	m->count = 0;
	if (body.len == 4 && memcmp(body.data, "null", 4) == 0)
		return 0;
	while ((got = json_raw_member(body, &at, &next.name, &next.value, e)) ==
	       1) {
		mem_room(&m->items, m->count, &m->cap, sizeof(*m->items));
		m->items[m->count++] = next;
	}
	return got;
}

struct slice
members_get(const struct members *m, const char *key)
{
	size_t n = strlen(key), i;

	for (i = 0; i < m->count; i++)
		if (m->items[i].name.len == n &&
		    memcmp(m->items[i].name.data, key, n) == 0)
			return m->items[i].value;
	return (struct slice){0};
}

struct slice
members_word(const struct members *m, const char *key)
{
	struct slice v = members_get(m, key);

	if (v.len < 2 || v.data[0] != '"' ||
	    memchr(v.data, '\\', v.len) != NULL)
		return (struct slice){0};
	return (struct slice){v.data + 1, v.len - 2};
}

bool
members_text(const struct members *m, const char *key, struct buf *out)
{
	struct slice v = members_get(m, key);

	buf_clear(out);
	if (v.len < 2 || v.data[0] != '"')
		return false;
	json_unquote(out, v);
	return true;
}

bool
token_number(struct slice token, double *out)
{
	char text[64];

	if (token.data == NULL || token.len >= sizeof(text))
		return false;
	memcpy(text, token.data, token.len);
	text[token.len] = '\0';
	return num_double(text, out) == 0;
}

int64_t
members_integer(const struct members *m, const char *key, int64_t none)
{
	double v;

	if (!members_number(m, key, &v) || v < -INTEGER_MAX ||
	    v > INTEGER_MAX || v != (double)(int64_t)v)
		return none;
	return (int64_t)v;
}

bool
members_number(const struct members *m, const char *key, double *out)
{
	return token_number(members_get(m, key), out);
}
