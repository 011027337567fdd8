#include "tap.h"

#include <string.h>

#include "base/file.h"
#include "journal/record.h"
#include "model/model.h"

static struct buf journal;
static struct digest last;
static int64_t seq;

static void
add(enum record_type type, const char *body)
{
	struct record r = {
	    .seq = ++seq,
	    .time = 1700000000 * CLOCK_SECOND,
	    .type = type,
	    .prev = last,
	    .body = {body, strlen(body)},
	};

	record_write(&r, &journal);
	last = r.digest;
}

static bool
save(const char *dir, const char *name, struct err *e)
{
	int fd CLEANUP_FD = -1;

	return file_open_dir(dir, true, &fd, e) == 0 &&
	       file_cache(fd, name, journal.data, journal.len, e) == 0;
}

/* A blob of this text below the root; its digest's hex. */
static void
put_blob(const char *text, char hex[DIGEST_HEX + 1])
{
	char dir[16];
	struct digest d;
	struct err e;
	int fd CLEANUP_FD = -1;

	digest_of(text, strlen(text), &d);
	digest_hex(&d, hex);
	(void)snprintf(dir, sizeof(dir), "blobs/%.2s", hex);
	if (file_open_dir(dir, true, &fd, &e) == 0)
		(void)file_cache(fd, hex, text, strlen(text), &e);
}

static int
call(struct model *m, int64_t turn, struct model_reply *r, struct err *e)
{
	struct model_options o;

	model_options_init(&o);
	o.turn = turn;
	return model_call(m, (struct slice){"", 0}, &o, r, e);
}

static void
make_journal(void)
{
	struct buf body CLEANUP_BUF = {0};
	char hex[DIGEST_HEX + 1];

	put_blob("a long text", hex);
	add(RECORD_GOAL, "{\"text\":\"\\\"type\\\":\\\"model.reply\\\"\"}");
	add(RECORD_MODEL_REPLY,
	    "{\"text\":\"one\",\"calls\":[{\"id\":\"i\","
	    "\"function\":{\"name\":\"f\",\"arguments\":\"{x\"}}],\"stop\":"
	    "\"calls\",\"usage\":{\"input\":3,\"output\":2,\"cached\":1}}");
	add(RECORD_MODEL_REPLY, "{\"text\":\"half\",\"bad\":\"cut\"}");
	buf_printf(&body, "{\"blob\":\"%s\",\"stop\":\"length\"}", hex);
	add(RECORD_MODEL_REPLY, buf_str(&body));
	buf_clear(&body);
	buf_printf(&body, "{\"blob\":\"%064d\",\"stop\":\"end\"}", 0);
	add(RECORD_MODEL_REPLY, buf_str(&body));
}

static void
test_replies(struct model *m)
{
	static const char one[] =
	    "{\"messages\":[{\"role\":\"assistant\",\"content\":\"x\"}]}";
	struct model_reply r;
	struct err e;

	model_reply_init(&r);
	ok(call(m, 0, &r, &e) == 0 && strcmp(buf_str(&r.text), "one") == 0 &&
		r.stop == MODEL_STOP_CALLS,
	    "the first reply comes again");
	ok(strstr(buf_str(&r.calls), "\"{x\"") != NULL &&
		strstr(buf_str(&r.calls), "\"id\":\"i\"") != NULL,
	    "with its calls as they were");
	ok(r.usage.input == 3 && r.usage.output == 2 && r.usage.cached == 1,
	    "and its usage");
	ok(call(m, 1, &r, &e) == 0 && strcmp(r.bad, "cut") == 0,
	    "a bad one is bad again");
	ok(call(m, 2, &r, &e) == 0 && r.bad[0] == '\0' &&
		strcmp(buf_str(&r.text), "a long text") == 0 &&
		r.stop == MODEL_STOP_LENGTH,
	    "a text may be in a blob");
	ok(model_call(m, (struct slice){one, sizeof(one) - 1}, NULL, &r, &e) ==
		    0 &&
		strcmp(buf_str(&r.text), "a long text") == 0,
	    "counted by messages a bad one has no turn");
	ok(call(m, 3, &r, &e) < 0 && e.status == EX_NOINPUT,
	    "a blob that is missing is status 66");
	ok(call(m, 4, &r, &e) < 0 && e.status == EX_NOINPUT,
	    "so is the end of the journal");
	model_reply_free(&r);
}

int
main(void)
{
	struct model *m;
	struct err e;
	size_t i;

	buf_init(&journal, 0);
	make_journal();
	if (!ok(save("agents/ID", "journal.jsonl", &e) &&
		    model_open("replay:agents/ID/journal.jsonl", &m, &e) == 0,
		"a journal is a model")) {
		printf("# %s\n", e.msg);
		return done();
	}
	test_replies(m);
	model_close(m);
	ok(model_open("replay:nowhere", &m, &e) < 0 && e.status == EX_NOINPUT,
	    "a journal that is not there is status 66");
	i = (size_t)(strstr(journal.data, "one") - journal.data);
	journal.data[i] = 'O';
	ok(save(".", "changed", &e) &&
		model_open("replay:changed", &m, &e) < 0 &&
		e.status == EX_DATAERR,
	    "a changed journal is status 65");
	journal.data[i] = 'o';
	buf_cut(&journal, journal.len - 5);
	if (ok(save(".", "torn", &e) && model_open("replay:torn", &m, &e) == 0,
		"a torn tail is none of ours"))
		model_close(m);
	buf_free(&journal);
	return done();
}
