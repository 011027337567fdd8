#include "base/secret.h"

#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/utf8.h"

#define NAME_MOST 64
#define OPENING   "\xc2\xab"
#define CLOSING   "\xc2\xbb"

static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

static void
secret_clear(struct secret *s)
{
	size_t i;

	if (s->value != NULL)
		mem_wipe(s->value, s->len);
	if (s->header != NULL)
		mem_wipe(s->header, strlen(s->header));
	for (i = 0; i < COUNT_OF(s->base64); i++) {
		if (s->base64[i].text != NULL)
			mem_wipe(s->base64[i].text, s->base64[i].len);
		free(s->base64[i].text);
	}
	free(s->name);
	free(s->value);
	free(s->header);
	memset(s, 0, sizeof(*s));
}

void
secrets_free(struct secrets *all)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		secret_clear(&all->list[i]);
	free(all->list);
	memset(all, 0, sizeof(*all));
}

const struct secret *
secrets_find(const struct secrets *all, const char *name)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		if (strcmp(all->list[i].name, name) == 0)
			return &all->list[i];
	return NULL;
}

/* The value as it stands in base64 after `shift` other bytes: without the
 * characters that hold bits of what is around it, but for its own last ones. */
static void
make_base64(const struct secret *s, size_t shift, struct secret_base64 *out)
{
	struct buf in CLEANUP_BUF = {0}, text CLEANUP_BUF = {0};
	size_t bits = 8 * (shift + s->len), from = (8 * shift + 5) / 6;

	buf_reserve(&in, shift + s->len);
	buf_add(&in, "\0\0", shift);
	buf_add(&in, s->value, s->len);
	base64_encode(&text, in.data, in.len);
	out->len = (bits + 5) / 6 - from;
	out->sure = bits / 6 - from;
	out->text = mem_dup(text.data + from, out->len);
	mem_wipe(in.data, in.len);
	mem_wipe(text.data, text.len);
}

/* A header can carry visible bytes and spaces between them (RFC 9110, 5.5). */
static bool
fits_header(const struct secret *s)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		if ((unsigned char)s->value[i] < ' ' || s->value[i] == 0x7f)
			return false;
	return s->value[0] != ' ' && s->value[s->len - 1] != ' ';
}

static int
make_header(struct secret *s, const char *how, struct err *e)
{
	struct buf b CLEANUP_BUF = {0};

	if (how != NULL && strcmp(how, "basic") == 0) {
		if (memchr(s->value, ':', s->len) == NULL)
			return err_set(e, EX_CONFIG, 0,
			    "secret '%s': basic wants USER:PASSWORD", s->name);
		base64_encode(&b, s->value, s->len);
		s->header = mem_printf("Authorization: Basic %s", buf_str(&b));
		mem_wipe(b.data, b.len);
		return 0;
	}
	if (!fits_header(s)) {
		if (how == NULL)
			return 0;
		return err_set(e, EX_CONFIG, 0,
		    "secret '%s': its value cannot stand in a header", s->name);
	}
	if (how == NULL || strcmp(how, "bearer") == 0)
		s->header = mem_printf("Authorization: Bearer %s", s->value);
	else if (how[0] == '\0' || how[strspn(how, name_bytes)] != '\0')
		return err_set(e, EX_CONFIG, 0,
		    "secret '%s': '%.64s' is no header's name", s->name, how);
	else
		s->header = mem_printf("%s: %s", how, s->value);
	return 0;
}

static int
check_name(const struct secrets *all, const char *name, struct err *e)
{
	size_t n = strspn(name, name_bytes);

	if (n == 0 || n > NAME_MOST || name[n] != '\0')
		return err_set(e, EX_CONFIG, 0,
		    "a secret's name is 1 to %d of A-Z a-z 0-9 _ -", NAME_MOST);
	if (secrets_find(all, name) != NULL)
		return err_set(
		    e, EX_CONFIG, 0, "the secret '%s' is there twice", name);
	return 0;
}

/* What stands for a value must not make one. */
static int
check_value(const char *name, struct slice v, struct err *e)
{
	char *mark CLEANUP_FREE = mem_printf(OPENING "secret:%s" CLOSING, name);

	if (v.len < SECRET_LEAST || v.len > SECRET_MOST)
		return err_set(e, EX_CONFIG, 0,
		    "secret '%s': its value has %zu bytes, not %d to %d", name,
		    v.len, SECRET_LEAST, SECRET_MOST);
	if (memchr(v.data, '\0', v.len) != NULL ||
	    utf8_valid(v.data, v.len) != v.len)
		return err_set(
		    e, EX_CONFIG, 0, "secret '%s': its value is no text", name);
	if (memmem(v.data, v.len, OPENING, 2) != NULL ||
	    memmem(v.data, v.len, CLOSING, 2) != NULL ||
	    memmem(mark, strlen(mark), v.data, v.len) != NULL)
		return err_set(e, EX_CONFIG, 0,
		    "secret '%s': its value looks like what stands for one",
		    name);
	return 0;
}

static void
note_first(struct secrets *all, const struct secret *s)
{
	size_t i;

	all->first[(unsigned char)s->value[0]] = true;
	all->first['%'] = true;
	all->first['\\'] = true; /* any may be escaped in a JSON string */
	if (s->value[0] == ' ')
		all->first['+'] = true;
	for (i = 0; i < COUNT_OF(s->base64); i++) {
		all->first[(unsigned char)s->base64[i].text[0]] = true;
		if (s->base64[i].text[0] == '+')
			all->first['-'] = true;
		if (s->base64[i].text[0] == '/')
			all->first['_'] = true;
	}
}

int
secrets_add(struct secrets *all, const char *name, const char *how,
    struct slice value, struct err *e)
{
	struct secret s = {0};
	size_t i;

	if (check_name(all, name, e) < 0 || check_value(name, value, e) < 0)
		return -1;
	s.name = mem_strdup(name);
	s.value = mem_dup(value.data, value.len);
	s.len = value.len;
	if (make_header(&s, how, e) < 0) {
		secret_clear(&s);
		return -1;
	}
	for (i = 0; i < COUNT_OF(s.base64); i++)
		make_base64(&s, i, &s.base64[i]);
	note_first(all, &s);
	mem_room(&all->list, all->count, &all->cap, sizeof(*all->list));
	all->list[all->count++] = s;
	return 0;
}
