#include "sandbox/hello.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

enum {
	RECORD_HEAD = 5,
	RECORD_HANDSHAKE = 22,
	RECORD_MOST = 1 << 14,
	MESSAGE_HEAD = 4,
	CLIENT_HELLO = 1,
	EXTENSION_NAME = 0,
	EXTENSION_ECH = 0xfe0d
};

/* A run of bytes that is read from its front; `bad` once it was too short. */
struct cursor {
	const unsigned char *at;
	size_t left;
	bool bad;
};

static const unsigned char *
get_bytes(struct cursor *c, size_t n)
{
	const unsigned char *p = c->at;

	if (c->bad || n > c->left) {
		c->bad = true;
		return NULL;
	}
	c->at += n;
	c->left -= n;
	return p;
}

static size_t
get_number(struct cursor *c, size_t bytes)
{
	const unsigned char *p = get_bytes(c, bytes);
	size_t v = 0, i;

	for (i = 0; p != NULL && i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

/* What follows its own length. */
static struct cursor
get_vector(struct cursor *c, size_t bytes)
{
	size_t n = get_number(c, bytes);
	const unsigned char *p = get_bytes(c, n);

	return (struct cursor){p, p == NULL ? 0 : n, p == NULL};
}

static bool
read_name(struct cursor ext, struct hello *out)
{
	struct cursor list = get_vector(&ext, 2), name;
	size_t i;

	if (ext.left != 0 || get_number(&list, 1) != 0)
		return false; /* the one type there is */
	name = get_vector(&list, 2);
	if (name.bad || list.left != 0)
		return false;
	if (name.left > 0 && name.at[name.left - 1] == '.')
		name.left--;
	if (name.left == 0 || name.left >= sizeof(out->name))
		return false;
	for (i = 0; i < name.left; i++) {
		char c = (char)name.at[i];

		if (c <= ' ' || c == 0x7f)
			return false;
		out->name[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	out->name[i] = '\0';
	return true;
}

static bool
read_extensions(struct cursor all, struct hello *out)
{
	struct cursor ext;
	bool named = false;
	size_t type;

	while (all.left > 0) {
		type = get_number(&all, 2);
		ext = get_vector(&all, 2);
		if (all.bad || ext.bad)
			return false;
		if (type == EXTENSION_NAME) {
			if (named || !read_name(ext, out))
				return false;
			named = true;
		} else if (type == EXTENSION_ECH) {
			out->encrypted = true;
		}
	}
	return !all.bad;
}

static enum hello_end
read_hello(struct cursor c, struct hello *out)
{
	struct hello h = {.name = ""};

	(void)get_bytes(&c, 2 + 32); /* version, random */
	(void)get_vector(&c, 1);     /* session */
	(void)get_vector(&c, 2);     /* ciphers */
	(void)get_vector(&c, 1);     /* compressions */
	if (c.bad)
		return HELLO_BAD;
	if (c.left > 0) {
		struct cursor all = get_vector(&c, 2);

		if (c.bad || c.left != 0 || !read_extensions(all, &h))
			return HELLO_BAD;
	}
	*out = h;
	return HELLO_OK;
}

/* Is the message whole?  Then it is read. */
static enum hello_end
read_message(const struct buf *message, struct hello *out)
{
	struct cursor c = {
	    (const unsigned char *)message->data, message->len, false};
	size_t n;

	if (c.left > 0 && c.at[0] != CLIENT_HELLO)
		return HELLO_BAD;
	if (c.left < MESSAGE_HEAD)
		return HELLO_MORE;
	(void)get_bytes(&c, 1);
	n = get_number(&c, 3);
	if (n > HELLO_MOST)
		return HELLO_BAD;
	if (c.left < n)
		return HELLO_MORE;
	/* more in the same record would be another message: none may follow */
	return c.left > n ? HELLO_BAD : read_hello(c, out);
}

enum hello_end
hello_parse(const unsigned char *data, size_t n, struct hello *out)
{
	struct buf message CLEANUP_BUF = {0};
	struct cursor c = {data, n, false}, record;
	enum hello_end end = HELLO_MORE;

	if (n == 0)
		return HELLO_MORE;
	if (data[0] != RECORD_HANDSHAKE || (n > 1 && data[1] != 3))
		return HELLO_NONE;
	while (end == HELLO_MORE && c.left >= RECORD_HEAD) {
		if (c.at[0] != RECORD_HANDSHAKE || c.at[1] != 3)
			return HELLO_BAD;
		(void)get_bytes(&c, 3);
		record.left = get_number(&c, 2);
		if (record.left == 0 || record.left > RECORD_MOST)
			return HELLO_BAD;
		if (c.left < record.left) {
			/* what there is of it may be bad already */
			buf_add(&message, c.at, c.left);
			c.left = 0;
		} else {
			buf_add(&message, c.at, record.left);
			(void)get_bytes(&c, record.left);
		}
		end = read_message(&message, out);
	}
	return end == HELLO_MORE && n >= HELLO_MOST ? HELLO_BAD : end;
}
