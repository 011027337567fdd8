#include "tap.h"

#include "sandbox/view.h"

static struct policy policy;

static void
start(bool base, const char *const *lines)
{
	struct err e = {0};

	policy_free(&policy);
	policy_init(&policy);
	if (base)
		policy_add_base(&policy);
	for (; *lines != NULL; lines++)
		if (policy_add(&policy, *lines, "test", &e) < 0) {
			printf("Bail out! %s\n", e.msg);
			exit(1);
		}
}

static int
compile(const char *workspace, const char *hidden, const char *tool,
    struct view *v, struct err *e)
{
	view_free(v);
	return view_compile(
	    &policy, workspace, hidden, tool, LABEL_TAINTED, 5000000000, v, e);
}

/* The rights of what holds for a path, -1 when nothing does. */
static int
rights(const struct view *v, const char *path)
{
	const struct view_entry *entry = view_find(v, path);

	if (entry == NULL)
		return -1;
	return (int)((strcmp(entry->path, path) == 0 ? entry->rights
						     : entry->below) &
		     VIEW_RIGHTS);
}

static void
test_rules(void)
{
	static const char *const lines[] = {"allow read,write,exec file:**",
	    "deny write file:.git/**", "deny read,write file:.env",
	    "allow read,write file:/rw/**", "allow read file:/data/**",
	    "ask read file:/data/private/**",
	    "allow read file:/data/private/open", "allow exec file:/opt/x",
	    "deny exec file:src/**", "allow read file:/one", NULL};
	struct view v = {0};
	struct err e = {0};

	start(false, lines);
	ok(compile("/ws", NULL, NULL, &v, &e) == 0, "a policy compiles");
	ok(rights(&v, "/ws/x") == (VIEW_READ | VIEW_WRITE | VIEW_EXEC),
	    "all that is granted is there");
	ok(rights(&v, "/rw/x") == (VIEW_READ | VIEW_WRITE),
	    "what may be written may not be executed for that");
	ok(rights(&v, "/ws/src/x") == (VIEW_READ | VIEW_WRITE),
	    "nor where executing it is denied");
	ok(rights(&v, "/ws/.git/HEAD") == (VIEW_READ | VIEW_EXEC),
	    "a denial takes one right of several");
	ok(rights(&v, "/ws/.env") == 0, "a denied file is masked");
	ok(rights(&v, "/data/x") == VIEW_READ, "absolute paths are granted");
	ok(rights(&v, "/data/private/x") == 0, "to ask is to deny");
	ok(rights(&v, "/data/private/open") == VIEW_READ,
	    "the most specific grant decides");
	ok(rights(&v, "/opt/x") <= 0, "executing without reading is nothing");
	ok(rights(&v, "/one") == VIEW_READ, "a single path is granted");
	ok(rights(&v, "/one/x") == 0, "and nothing in it when it is a folder");
	ok(rights(&v, "/etc/passwd") == -1, "what nothing names is not there");
	ok(!v.tmp && !v.devices && !v.proc, "nobase gives no /tmp and no /dev");
	view_free(&v);
}

static void
test_base(void)
{
	static const char *const none[] = {NULL};
	static const char *const tmp[] = {"allow read file:/tmp/**", NULL};
	static const char *const all[] = {
	    "allow read file:/**", "allow read file:**", NULL};
	struct view v = {0};
	struct err e = {0};

	start(true, none);
	ok(compile("/ws", NULL, NULL, &v, &e) == 0 && v.tmp && v.devices &&
		v.proc,
	    "the base has /tmp, /dev and /proc");
	ok(rights(&v, "/usr/bin/env") == (VIEW_READ | VIEW_EXEC),
	    "and system folders");
	ok(rights(&v, "/etc/shadow") == -1, "but no secrets of the system");
	ok(rights(&v, "/ws") == -1, "and no workspace");
	start(true, tmp);
	ok(compile("/ws", NULL, NULL, &v, &e) == 0 && !v.tmp,
	    "the machine's /tmp is there when it is granted by name");
	start(true, all);
	ok(compile("/tmp/ws", NULL, NULL, &v, &e) == 0 && v.tmp,
	    "but not as a part of everything");
	ok(strcmp(view_find(&v, "/tmp/ws")->path, "/tmp/ws") == 0,
	    "a workspace in a private /tmp is an entry of its own");
	view_free(&v);
}

static void
test_hidden(void)
{
	static const char *const lines[] = {"allow read,write file:**", NULL};
	static const char *const home[] = {
	    "allow read,write file:/home/**", NULL};
	struct view v = {0};
	struct err e = {0};

	start(false, lines);
	ok(compile("/home/u", "/home/u/.state", NULL, &v, &e) == 0 &&
		rights(&v, "/home/u/.state/key.sec") == 0,
	    "the agents' root inside a workspace is masked");
	ok(rights(&v, "/home/u/x") > 0, "the rest is not");
	ok(compile("/s/agents/A/work", "/s", NULL, &v, &e) == 0 &&
		rights(&v, "/s/agents/A/work/x") > 0,
	    "a workspace inside the root is seen");
	ok(rights(&v, "/s/agents/A/journal.jsonl") <= 0,
	    "what is beside it is not");
	start(false, home);
	ok(compile("/home/s/a/work", "/home/s", NULL, &v, &e) == 0 &&
		rights(&v, "/home/s/key.sec") == 0,
	    "a grant around the root does not open it");
	ok(rights(&v, "/home/s/a/work/x") > 0, "a workspace in it is open");
	view_free(&v);
}

static void
test_limits(void)
{
	static const char *const via[] = {"allow read file:/a via tool:t",
	    "allow read file:/b until 1970-01-01T00:00:01Z",
	    "allow read file:/c unless tainted", "allow read file:/d", NULL};
	static const char *const uses[] = {
	    "allow read file:/a uses 3", "allow read file:/b uses 0", NULL};
	struct view v = {0};
	struct err e = {0};

	start(false, via);
	ok(compile("/ws", NULL, NULL, &v, &e) == 0 && rights(&v, "/a") <= 0,
	    "a grant via a tool holds for no other");
	ok(compile("/ws", NULL, "t", &v, &e) == 0 && rights(&v, "/a") > 0,
	    "but for it");
	ok(rights(&v, "/b") <= 0, "a grant that ended holds no more");
	ok(rights(&v, "/c") <= 0, "unless tainted counts as tainted");
	ok(rights(&v, "/d") > 0, "a plain one holds");
	start(false, uses);
	ok(compile("/ws", NULL, NULL, &v, &e) == 0 && rights(&v, "/a") > 0,
	    "one with uses left holds: who makes the call counts");
	ok(rights(&v, "/b") <= 0, "one without does not");
	view_free(&v);
}

static void
test_add(void)
{
	struct view v = {0};

	view_add(&v, "/b", VIEW_READ);
	view_add(&v, "/a/x", VIEW_WRITE);
	view_add(&v, "/a", VIEW_READ);
	view_add(&v, "/b", VIEW_EXEC);
	ok(v.count == 3 && strcmp(v.entries[0].path, "/a") == 0 &&
		strcmp(v.entries[2].path, "/b") == 0,
	    "entries are kept sorted");
	ok(rights(&v, "/b") == VIEW_EXEC, "a later one replaces");
	ok(rights(&v, "/a/x/y") == VIEW_WRITE, "the deepest one holds");
	ok(rights(&v, "/ab") == -1, "a prefix of a name is no folder");
	view_free(&v);
}

int
main(void)
{
	test_rules();
	test_base();
	test_hidden();
	test_limits();
	test_add();
	policy_free(&policy);
	return done();
}
