/*
 * soakmodel: a model for scripts/soak, exec: one call a start.  What it wants
 * follows from the request's bytes alone, so that a call that is sent again
 * has the same reply, and no two agents do the same.
 *
 * The goal says "soak turns=T depth=D": after T turns it waits for the
 * children that it made, and ends; D generations below it make children.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/num.h"

#define KIDS_MAX  16
#define ULID_LEN  26
#define CHILD     "you are agent "
#define INPUT_MAX ((size_t)64 << 20)

struct seen {
	int64_t turns, depth; /* of the goal, and those left */
	int64_t turn;         /* since this agent was born */
	char kid[KIDS_MAX][ULID_LEN + 1];
	size_t kids;
	bool waited;      /* for all of them, and none was made since */
	const char *tool; /* that the last turn called */
};

static bool
is_id_letter(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* The ids that a text names. */
static void
find_kids(struct seen *s, const char *text)
{
	size_t n = 0;
	const char *p;

	for (p = text;; p++) {
		if (is_id_letter(*p)) {
			n++;
			continue;
		}
		if (n == ULID_LEN && s->kids < KIDS_MAX) {
			memcpy(s->kid[s->kids], p - n, n);
			s->kid[s->kids++][n] = '\0';
			s->waited = false;
		}
		if (*p == '\0')
			return;
		n = 0;
	}
}

/* The number behind `key` in a text; `none` when there is none. */
static int64_t
number_after(const char *text, const char *key, int64_t none)
{
	const char *p = strstr(text, key);
	char word[16] = "";
	int64_t n;

	if (p == NULL)
		return none;
	p += strlen(key);
	memcpy(word, p, strnlen(p, sizeof(word) - 1));
	word[strspn(word, "0123456789")] = '\0';
	return num_int(word, 0, 1000000, &n) == 0 ? n : none;
}

static void
read_goal(struct seen *s, const char *text)
{
	if (s->turns > 0 || strstr(text, "soak ") == NULL)
		return;
	s->turns = number_after(text, "turns=", 0);
	s->depth = number_after(text, "depth=", 0);
}

static void
read_message(struct seen *s, const struct json *m)
{
	const char *role = json_get_string(m, "role");
	const char *text = json_get_string(m, "content");
	const struct json *call;

	if (role == NULL)
		return;
	if (strcmp(role, "assistant") == 0) {
		s->turn++;
		call = json_first(json_get(m, "tool_calls"));
		s->tool = json_get_string(json_get(call, "function"), "name");
		if (s->tool != NULL && strcmp(s->tool, "wait_agent") == 0)
			s->waited = true;
		return;
	}
	if (text == NULL)
		return;
	read_goal(s, text);
	if (strstr(text, CHILD) != NULL) {
		s->turn = 0;
		s->kids = 0;
		s->depth--;
	} else if (strcmp(role, "tool") == 0 && s->tool != NULL &&
		   strcmp(s->tool, "fork_agent") == 0) {
		find_kids(s, text);
	}
}

static void
put_call(struct jsonw *w, const char *tool, const char *arguments)
{
	jsonw_object(w, NULL);
	jsonw_string(w, "id", "c");
	jsonw_string(w, "type", "function");
	jsonw_object(w, "function");
	jsonw_string(w, "name", tool);
	jsonw_string(w, "arguments", arguments);
	jsonw_end(w, '}');
	jsonw_end(w, '}');
}

static char *
wait_arguments(const struct seen *s)
{
	struct buf b = {0};
	struct jsonw w = {.out = &b};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_array(&w, "agents");
	for (i = 0; i < s->kids; i++)
		jsonw_string(&w, NULL, s->kid[i]);
	jsonw_end(&w, ']');
	jsonw_integer(&w, "seconds", 120);
	jsonw_end(&w, '}');
	return buf_steal(&b);
}

/* What to do next: a tool and its arguments; NULL ends the run. */
static const char *
choose(const struct seen *s, const struct digest *d, char **arguments)
{
	char mark[17];
	unsigned n = d->b[8] % 100;

	hex_encode(d->b, 8, mark);
	if (s->turn >= s->turns && s->kids > 0 && !s->waited) {
		*arguments = wait_arguments(s);
		return "wait_agent";
	}
	if (s->turn >= s->turns)
		return NULL;
	if (n < 40) {
		*arguments = mem_printf("{\"mark\":\"%s\"}", mark);
		return "deed";
	}
	if (n < 55) {
		*arguments =
		    mem_printf("{\"command\":\"echo %s >>log\"}", mark);
		return "run_command";
	}
	if (n < 65) {
		*arguments = mem_printf(
		    "{\"path\":\"f%u\",\"content\":\"%s\"}", n, mark);
		return "write_file";
	}
	if (n < 72) {
		*arguments = mem_printf("{\"seconds\":%u}", 1 + n % 3);
		return "sleep";
	}
	if (n < 82 && s->depth > 0 && s->kids < 4) {
		*arguments =
		    mem_printf("{\"goal\":\"go on\",\"n\":%u}", 1 + n % 2);
		return "fork_agent";
	}
	if (n < 90 && s->kids > 0) {
		*arguments = mem_printf("{\"to\":\"%s\",\"text\":\"m %s\"}",
		    s->kid[n % s->kids], mark);
		return "send_message";
	}
	*arguments = mem_strdup("{\"path\":\".\"}");
	return "list_files";
}

int
main(void)
{
	struct buf in CLEANUP_BUF = {0}, out CLEANUP_BUF = {0};
	struct json *request CLEANUP_JSON = NULL;
	struct jsonw w = {.out = &out};
	char *arguments CLEANUP_FREE = NULL;
	const struct json *m;
	struct seen s = {0};
	const char *tool;
	struct digest d;
	struct err e;

	if (file_read_fd(0, "request", INPUT_MAX, &in, &e) < 0 ||
	    json_parse(in.data, in.len, &request, &e) < 0) {
		fprintf(stderr, "soakmodel: %s\n", e.msg);
		return 65;
	}
	for (m = json_first(json_get(request, "messages")); m != NULL;
	     m = json_next(m))
		read_message(&s, m);
	digest_of(in.data, in.len, &d);
	tool = choose(&s, &d, &arguments);
	jsonw_object(&w, NULL);
	jsonw_object(&w, "message");
	jsonw_string(&w, "role", "assistant");
	jsonw_string(&w, "content", tool == NULL ? "that is all" : "");
	if (tool != NULL) {
		jsonw_array(&w, "tool_calls");
		put_call(&w, tool, arguments);
		jsonw_end(&w, ']');
	}
	jsonw_end(&w, '}');
	jsonw_object(&w, "usage");
	jsonw_integer(&w, "input_tokens", (int64_t)in.len / 4);
	jsonw_integer(&w, "output_tokens", 10);
	jsonw_end(&w, '}');
	jsonw_end(&w, '}');
	puts(buf_str(&out));
	return 0;
}
