/* Letters as text, their names, and how they come into a mailbox. */
#include "agent/post.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/statelabels.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

#define PERSON "post."

static const char *const kinds[] = {"message", "event", "exit"};

const char *
post_kind_name(enum post_kind k)
{
	return kinds[k];
}

void
post_free(struct post *p)
{
	while (p->file_count > 0) {
		free(p->files[--p->file_count].name);
		free(p->files[p->file_count].type);
		free(p->files[p->file_count].path);
	}
	free(p->name);
	free(p->from);
	free(p->event);
	free(p->text);
	*p = (struct post){0};
}

/* ---- names ------------------------------------------------------------------ */

char *
post_name_agent(const char *id, int64_t seq, int64_t n)
{
	return mem_printf("%s.%" PRId64 ".%" PRId64, id, seq, n);
}

char *
post_name_person(void)
{
	char random[RAND_TEXT];

	rand_text(random);
	return mem_printf(PERSON "%019" PRId64 ".%.16s", clock_real(), random);
}

static bool
is_id(const char *s)
{
	return strspn(s, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == ULID_TEXT - 1;
}

bool
post_is_agent(const char *s)
{
	return is_id(s) && s[ULID_TEXT - 1] == '\0';
}

/* Digits without a leading zero, so that each has one name. */
static bool
read_number(const char *s, size_t len, int64_t *out)
{
	char text[20];

	if (len == 0 || len >= sizeof(text) || (s[0] == '0' && len > 1) ||
	    !isdigit((unsigned char)s[0]))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	return num_int(text, 0, INT64_MAX, out) == 0;
}

static bool
is_person(const char *name)
{
	const char *s = name + strlen(PERSON);

	return strncmp(name, PERSON, strlen(PERSON)) == 0 &&
	       strspn(s, "0123456789") == 19 && s[19] == '.' &&
	       strspn(s + 20, "0123456789abcdef") == 16 && s[36] == '\0';
}

bool
post_name_parse(
    const char *name, char from[ULID_TEXT], int64_t *seq, int64_t *n)
{
	const char *s = name + ULID_TEXT, *dot;

	*seq = *n = 0;
	from[0] = '\0';
	if (is_person(name))
		return true;
	if (!is_id(name) || name[ULID_TEXT - 1] != '.')
		return false;
	dot = strchr(s, '.');
	if (dot == NULL || !read_number(s, (size_t)(dot - s), seq) ||
	    !read_number(dot + 1, strlen(dot + 1), n))
		return false;
	memcpy(from, name, ULID_TEXT - 1);
	from[ULID_TEXT - 1] = '\0';
	return true;
}

int
post_name_compare(const char *a, const char *b)
{
	char x[ULID_TEXT], y[ULID_TEXT];
	int64_t xs, xn, ys, yn;
	bool letters =
	    post_name_parse(a, x, &xs, &xn) && post_name_parse(b, y, &ys, &yn);

	if (!letters || x[0] == '\0' || strcmp(x, y) != 0)
		return strcmp(a, b);
	if (xs != ys)
		return xs < ys ? -1 : 1;
	return (xn > yn) - (xn < yn);
}

bool
post_word_ok(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < POST_NAME && isalnum((unsigned char)s[0]) &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			 "0123456789._-") == n;
}

/* ---- text -------------------------------------------------------------------- */

static void
put_files(struct jsonw *w, const struct post *p)
{
	size_t i;

	if (p->file_count == 0)
		return;
	jsonw_array(w, "attachments");
	for (i = 0; i < p->file_count; i++) {
		jsonw_object(w, NULL);
		jsonw_string(w, "name", p->files[i].name);
		jsonw_string(w, "type", p->files[i].type);
		jsonw_integer(w, "bytes", p->files[i].bytes);
		jsonw_digest(w, "blob", &p->files[i].blob);
		jsonw_maybe(w, "path", p->files[i].path);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

void
post_members(const struct post *p, struct jsonw *w)
{
	jsonw_string(w, "kind", kinds[p->kind]);
	jsonw_string(w, "from", p->from);
	jsonw_maybe(w, "event", p->event);
	put_files(w, p);
	if (p->labels != 0)
		labels_put(w, "labels", p->labels);
	if (p->kind == POST_EXIT) {
		jsonw_string(w, "child", p->from);
		jsonw_string(w, "state", agent_status_name(p->state));
		jsonw_integer(w, "status", p->status);
		usage_write(w, "usage", &p->usage);
	}
	jsonw_string(w, "text", p->text);
}

void
post_print(const struct post *p, struct buf *out)
{
	struct jsonw w = {.out = out};

	jsonw_object(&w, NULL);
	post_members(p, &w);
	jsonw_end(&w, '}');
}

static int
bad(struct err *e, const char *what)
{
	return err_set(e, EX_DATAERR, 0, "no letter: %s", what);
}

bool
post_file_name_ok(const char *name)
{
	struct buf safe CLEANUP_BUF = {0};
	size_t len = strlen(name);

	utf8_safe(&safe, name, len, false);
	return file_is_name(name) && len < 200 && name[0] != '.' &&
	       strcmp(buf_str(&safe), name) == 0;
}

static int
read_file(const struct json *j, struct post_file *out, struct err *e)
{
	const char *name = json_get_string(j, "name");
	const char *type = json_get_string(j, "type");
	const char *blob = json_get_string(j, "blob");
	struct post_file f = {.bytes = json_get_integer(j, "bytes", -1)};

	if (name == NULL || !post_file_name_ok(name) || type == NULL ||
	    strlen(type) >= POST_NAME || f.bytes < 0 ||
	    f.bytes > (int64_t)POST_FILE || blob == NULL ||
	    digest_parse(blob, strlen(blob), &f.blob) < 0)
		return bad(e, "a bad attachment");
	f.name = mem_strdup(name);
	f.type = mem_strdup(type);
	*out = f;
	return 0;
}

static int
read_files(const struct json *list, struct post *p, struct err *e)
{
	const struct json *v;

	for (v = json_first(list); v != NULL; v = json_next(v)) {
		if (p->file_count == POST_FILES)
			return bad(e, "too many attachments");
		if (read_file(v, &p->files[p->file_count], e) < 0)
			return -1;
		p->file_count++;
	}
	return 0;
}

static int
read_kind(const struct json *j, struct post *p, struct err *e)
{
	const char *name = json_get_string(j, "kind");
	const char *state = json_get_string(j, "state");
	size_t i;

	for (i = 0; i < COUNT_OF(kinds); i++)
		if (name != NULL && strcmp(kinds[i], name) == 0)
			break;
	if (i == COUNT_OF(kinds))
		return bad(e, "no kind");
	p->kind = (enum post_kind)i;
	p->event = mem_strdup(json_get_string(j, "event"));
	if ((p->kind == POST_EVENT) != (p->event != NULL) ||
	    (p->event != NULL && !post_word_ok(p->event)))
		return bad(e, "a bad event");
	if (p->kind != POST_EXIT)
		return 0;
	if (state == NULL || agent_status_parse(state, &p->state) < 0)
		return bad(e, "no state");
	p->status = (int)json_get_integer(j, "status", 0);
	usage_read(json_get(j, "usage"), &p->usage);
	return 0;
}

/* The file's name says who it is from; nobody else passes for an agent. */
static int
read_sender(const struct json *j, struct post *p, struct err *e)
{
	const char *from = json_get_string(j, "from");
	char id[ULID_TEXT];
	int64_t seq, n;

	if (!post_name_parse(p->name, id, &seq, &n))
		return bad(e, "its name is not one");
	if (from == NULL || (id[0] != '\0' && strcmp(from, id) != 0) ||
	    (id[0] == '\0' && (!post_word_ok(from) || post_is_agent(from))))
		return bad(e, "the sender is not who its name says");
	if (id[0] == '\0' && p->kind == POST_EXIT)
		return bad(e, "only an agent ends");
	if (id[0] != '\0' && json_get(j, "attachments") != NULL)
		return bad(e, "an agent attaches nothing");
	p->from = mem_strdup(from);
	return 0;
}

static int
read_all(const struct json *j, struct post *p, struct err *e)
{
	const char *text = json_get_string(j, "text");

	if (text == NULL || strlen(text) > POST_TEXT)
		return bad(e, "no text, or too much of it");
	p->text = mem_strdup(text);
	p->labels = labels_get(j, "labels");
	if (read_kind(j, p, e) < 0 || read_sender(j, p, e) < 0)
		return -1;
	return read_files(json_get(j, "attachments"), p, e);
}

int
post_parse(const char *name, const char *text, size_t len, struct post *out,
    struct err *e)
{
	struct json *j CLEANUP_JSON = NULL;
	struct post p = {.name = mem_strdup(name)};
	int got;

	got =
	    len > POST_MAX ? bad(e, "too long") : json_parse(text, len, &j, e);
	if (got == 0)
		got = read_all(j, &p, e);
	if (got == 0) {
		*out = p;
		return 0;
	}
	post_free(&p);
	e->status = EX_DATAERR;
	return -1;
}

/* ---- sending ------------------------------------------------------------------- */

int
post_send(const struct root *root, const char *to, const struct post *p,
    struct err *e)
{
	struct mailbox m CLEANUP_MAILBOX = MAILBOX_NONE;
	struct buf text CLEANUP_BUF = {0}, clean CLEANUP_BUF = {0};
	int dir CLEANUP_FD = -1;
	struct slice body;

	post_print(p, &text);
	body = secrets_scrub_json(
	    root->secrets, (struct slice){text.data, text.len}, &clean);
	if (!post_is_agent(to))
		return err_set(e, EX_NOINPUT, 0, "no agent '%.40s'", to);
	if (file_open(root->agents, to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
		&dir, e) < 0)
		return err_wrap(e, "agent '%s'", to);
	if (mailbox_open(dir, true, &m, e) < 0)
		return -1;
	if (p->kind != POST_EXIT && mailbox_full(&m, POST_ROOM))
		return err_set(e, EX_TEMPFAIL, 0,
		    "the mailbox of agent '%s' is full: it has to run", to);
	return mailbox_deliver(&m, p->name, body.data, body.len, e);
}
