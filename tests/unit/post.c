/* Letters: their names, their text, and what the state remembers of them. */
#include "agent/post.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tap.h"

#define A "01HZZZZZZZZZZZZZZZZZZZZZZA"
#define B "01HZZZZZZZZZZZZZZZZZZZZZZB"
#define P "post.1795421815150750802.e954618c9b64990e"

static bool
is_name(const char *name)
{
	char from[ULID_TEXT];
	int64_t seq, n;

	return post_name_parse(name, from, &seq, &n);
}

static void
test_names(void)
{
	static const char *const bad[] = {"", ".", A, A ".", A ".1", A ".1.",
	    A "..1", A ".1.2.3", A ".01.0", A ".1.-1", A ".+1.0", A ".1.0 ",
	    A ".99999999999999999999.0", "x" A ".1.0", "post.1.2", "post.",
	    "post.1795421815150750802.e954618c9b64990", P "0", P ".",
	    "command.1", "../" P};
	char from[ULID_TEXT];
	char *own CLEANUP_FREE = post_name_agent(A, 12, 3);
	char *person CLEANUP_FREE = post_name_person();
	int64_t seq, n;
	size_t i, passed = 0;

	ok(strcmp(own, A ".12.3") == 0 &&
		post_name_parse(own, from, &seq, &n) && strcmp(from, A) == 0 &&
		seq == 12 && n == 3,
	    "an agent's letter is named after the record that caused it");
	ok(post_name_parse(person, from, &seq, &n) && from[0] == '\0',
	    "anybody else's after the time");
	for (i = 0; i < COUNT_OF(bad); i++)
		if (is_name(bad[i])) {
			printf("# %s\n", bad[i]);
			passed++;
		}
	ok(passed == 0, "no other name is one");
	ok(post_name_compare(A ".9.0", A ".10.0") < 0 &&
		post_name_compare(A ".10.1", A ".10.0") > 0 &&
		post_name_compare(A ".10.0", A ".10.0") == 0 &&
		post_name_compare(A ".99.0", B ".1.0") < 0,
	    "they are in order by number, sender by sender");
	ok(post_word_ok("ci-1") && post_word_ok("9") && !post_word_ok("") &&
		!post_word_ok("-a") && !post_word_ok("a b") &&
		!post_word_ok("a\n"),
	    "a sender's name is a word");
}

/* What post_parse says of this text under this name. */
static bool
takes(const char *name, const char *text)
{
	struct post p CLEANUP_POST = {0};
	struct err e;

	return post_parse(name, text, strlen(text), &p, &e) == 0;
}

#define BLOB "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define FILE_OF(name, bytes)                                              \
	"{\"name\":\"" name "\",\"type\":\"text/plain\",\"bytes\":" bytes \
	",\"blob\":\"" BLOB "\"}"
#define WITH(files)                                                       \
	"{\"kind\":\"message\",\"from\":\"user\",\"attachments\":[" files \
	"],\"text\":\"x\"}"

static void
test_text(void)
{
	struct post p CLEANUP_POST = {.kind = POST_EVENT, .labels = 3};
	struct post again CLEANUP_POST = {0};
	struct buf text CLEANUP_BUF = {0};
	struct err e;

	p.name = mem_strdup(P);
	p.from = mem_strdup("ci");
	p.event = mem_strdup("built");
	p.text = mem_strdup("all \"is\" well\n");
	p.files[0] = (struct post_file){mem_strdup("a.txt"),
	    mem_strdup("text/plain"), 7, {{1, 2, 3}}, NULL};
	p.file_count = 1;
	post_print(&p, &text);
	ok(post_parse(P, text.data, text.len, &again, &e) == 0 &&
		again.kind == POST_EVENT && again.labels == 3 &&
		strcmp(again.from, "ci") == 0 &&
		strcmp(again.event, "built") == 0 &&
		strcmp(again.text, p.text) == 0 && again.file_count == 1 &&
		strcmp(again.files[0].name, "a.txt") == 0 &&
		again.files[0].bytes == 7 && again.files[0].blob.b[2] == 3,
	    "a letter is read as it was written");
	ok(takes(P, "{\"kind\":\"message\",\"from\":\"user\",\"text\":\"\"}") &&
		takes(A ".1.0", "{\"kind\":\"message\",\"from\":\"" A
				"\",\"text\":\"\"}") &&
		takes(A ".1.0", "{\"kind\":\"exit\",\"from\":\"" A
				"\",\"state\":\"done\",\"text\":\"\"}"),
	    "the least of one will do");
	ok(!takes(P, "") && !takes(P, "[]") && !takes(P, "{}") &&
		!takes(P, "{\"kind\":\"message\",\"from\":\"user\"}") &&
		!takes(
		    P, "{\"kind\":\"order\",\"from\":\"u\",\"text\":\"\"}") &&
		!takes(
		    P, "{\"kind\":\"event\",\"from\":\"u\",\"text\":\"\"}") &&
		!takes(P,
		    "{\"kind\":\"event\",\"event\":\"a b\",\"from\":\"u\","
		    "\"text\":\"\"}"),
	    "less, or another kind, will not");
	ok(!takes(
	       P, "{\"kind\":\"message\",\"from\":\"" A "\",\"text\":\"\"}") &&
		!takes(B ".1.0", "{\"kind\":\"message\",\"from\":\"" A
				 "\",\"text\":\"\"}") &&
		!takes(B ".1.0",
		    "{\"kind\":\"message\",\"from\":\"user\",\"text\":\"\"}"),
	    "nobody passes for an agent, nor an agent for somebody");
	ok(!takes(P, "{\"kind\":\"exit\",\"from\":\"u\",\"state\":\"done\","
		     "\"text\":\"\"}") &&
		!takes(A ".1.0", "{\"kind\":\"exit\",\"from\":\"" A
				 "\",\"state\":\"gone\",\"text\":\"\"}"),
	    "only agents end, in a state that there is");
	ok(takes(P, WITH(FILE_OF("a b.txt", "0"))) &&
		!takes(P, WITH(FILE_OF("../a", "0"))) &&
		!takes(P, WITH(FILE_OF("", "0"))) &&
		!takes(P, WITH(FILE_OF(".hidden", "0"))) &&
		!takes(P, WITH(FILE_OF("a\\u001b[2J", "0"))) &&
		!takes(P, WITH(FILE_OF("a\\u202e", "0"))) &&
		!takes(P, WITH(FILE_OF("a", "-1"))) &&
		!takes(P, WITH(FILE_OF("a", "9007199254740991"))) &&
		!takes(P, WITH("{\"name\":\"a\",\"type\":\"t\",\"bytes\":1}")),
	    "an attachment is a name of one component, a size and a digest");
}

static void
test_memory(void)
{
	struct mailstate m = {0};
	char name[80], from[ULID_TEXT];
	size_t i;

	mailstate_take(&m, A ".10.1", 1);
	ok(mailstate_taken(&m, A ".10.1") && mailstate_taken(&m, A ".10.0") &&
		mailstate_taken(&m, A ".9.9") &&
		!mailstate_taken(&m, A ".10.2") &&
		!mailstate_taken(&m, A ".11.0") &&
		!mailstate_taken(&m, B ".1.0"),
	    "of an agent, what came before the last letter was taken");
	mailstate_take(&m, P, 2);
	ok(mailstate_taken(&m, P) && m.mark_count == 1,
	    "of anybody else, what was taken just now");
	for (i = 0; i < MAIL_RECENT; i++) {
		(void)snprintf(
		    name, sizeof(name), "post.%019zu.e954618c9b64990e", i);
		mailstate_take(&m, name, 3);
	}
	ok(!mailstate_taken(&m, P) && mailstate_taken(&m, name) &&
		mailstate_taken(&m, A ".10.1") && m.recent_count == MAIL_RECENT,
	    "so many names are kept as one group may have");
	for (i = 0; i <= MAIL_SENDERS; i++) {
		(void)snprintf(from, sizeof(from), "01H%023zu", i);
		(void)snprintf(name, sizeof(name), "%s.1.0", from);
		mailstate_take(&m, name, (int64_t)i + 4);
	}
	ok(m.mark_count == MAIL_SENDERS && mailstate_taken(&m, name) &&
		!mailstate_taken(&m, A ".10.1"),
	    "who was silent longest is forgotten");
	for (i = 0; i < MAIL_EVENTS + 3; i++)
		mailstate_event(&m, (int64_t)i, "ev", "user", "");
	ok(m.event_count == MAIL_EVENTS && m.events[0].at == 3,
	    "and of events, the oldest");
	mailstate_free(&m);
}

static void
test_kept(void)
{
	struct mailstate m = {.turn_count = 3}, back = {0};
	struct buf text CLEANUP_BUF = {0};
	struct jsonw w = {.out = &text};
	struct json *j CLEANUP_JSON = NULL;
	struct err e;

	mailstate_take(&m, B ".7.0", 5);
	mailstate_take(&m, A ".9007199254740993.1", 6);
	mailstate_take(&m, P, 7);
	mailstate_event(&m, 8, "ev", "ci", "\"t\"");
	jsonw_object(&w, NULL);
	mailstate_put(&w, "mail", &m);
	jsonw_end(&w, '}');
	if (json_parse(text.data, text.len, &j, &e) == 0)
		mailstate_get(j, "mail", &back);
	ok(back.turn_count == 3 && mailstate_taken(&back, P) &&
		mailstate_taken(&back, B ".7.0") &&
		mailstate_taken(&back, A ".9007199254740993.1") &&
		!mailstate_taken(&back, A ".9007199254740993.2") &&
		back.event_count == 1 && back.events[0].at == 8 &&
		strcmp(back.events[0].text, "\"t\"") == 0,
	    "what is remembered survives the cache");
	mailstate_free(&m);
	mailstate_free(&back);
}

int
main(void)
{
	test_names();
	test_text();
	test_memory();
	test_kept();
	return done();
}
