/* The table of tools, and the built-in ones as data. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "tool/inside.h"
#include "tool/table.h"

/* A schema of the portable subset: a root object, nothing additional. */
#define OBJECT(properties, required)                       \
	"{\"type\":\"object\",\"properties\":{" properties \
	"},\"required\":[" required "],\"additionalProperties\":false}"
#define STRING(name, about) \
	"\"" name "\":{\"type\":\"string\",\"description\":\"" about "\"}"
#define SOME_STRING(name, about)                             \
	"\"" name "\":{\"type\":\"string\",\"minLength\":1," \
	"\"description\":\"" about "\"}"
#define COUNT(name, most, about)                                             \
	"\"" name "\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":" most \
	",\"description\":\"" about "\"}"
#define PATH SOME_STRING("path", "File, relative to the workspace.")

/* What differs between the built-in tools. */
struct builtin {
	const char *name, *description, *parameters;
	enum tool_effect effect;
	enum tool_kind kind;
	sandbox_main *main;
	bool prepares;
	int64_t seconds; /* of wall time; 0: no limit of its own */
};

static const struct builtin builtins[] = {
    {"read_file",
	"Read a text file. Gives up to 2000 lines from line `offset` on; says "
	"so when there is more.",
	OBJECT(PATH
	    "," COUNT("offset", "9007199254740991",
		"First line to read, counted from 1. Default 1.") "," COUNT("li"
									    "mi"
									    "t",
		"9007199254740991", "How many lines. Default 2000."),
	    "\"path\""),
	EFFECT_NONE, TOOL_INSIDE, inside_read_file, false, 30},
    {"write_file",
	"Make a file, or replace all of it, with `content`. Missing folders "
	"are made.",
	OBJECT(PATH "," STRING("content", "All of the file's new text."),
	    "\"path\",\"content\""),
	EFFECT_WORKSPACE, TOOL_INSIDE, inside_write_file, true, 60},
    {"edit_file",
	"Replace one piece of a text file. `old` must occur in it exactly "
	"once, white space included.",
	OBJECT(PATH
	    "," SOME_STRING("old", "The exact text to replace.") "," STRING(
		"new", "What to put in its place."),
	    "\"path\",\"old\",\"new\""),
	EFFECT_WORKSPACE, TOOL_INSIDE, inside_edit_file, true, 60},
    {"list_files",
	"List a folder's entries, sorted, one a line; folders end with a "
	"slash. Not recursive.",
	OBJECT(SOME_STRING("path",
		   "Folder, relative to the workspace. Default: the "
		   "workspace."),
	    ""),
	EFFECT_NONE, TOOL_INSIDE, inside_list_files, false, 30},
    {"search_files",
	"Find lines that match a POSIX extended regular expression, in a file "
	"or below a folder. Gives `path:line: text`, at most 200. Binary "
	"files and .git are passed over.",
	OBJECT(SOME_STRING("pattern", "POSIX extended regular expression, "
				      "case-sensitive.") "," SOME_STRING("path",
		   "File or folder, relative to the workspace. Default: the "
		   "workspace."),
	    "\"pattern\""),
	EFFECT_NONE, TOOL_INSIDE, inside_search_files, false, 60},
    {"run_command",
	"Run a shell command (sh -c) in the workspace. Gives its output and "
	"its exit status when that is not 0. No terminal, no input, no "
	"network; what it leaves running is ended.",
	OBJECT(
	    SOME_STRING("command", "The command line.") "," COUNT(
		"timeout_s", "3600", "Seconds until it is ended. Default 120."),
	    "\"command\""),
	EFFECT_WORKSPACE, TOOL_COMMAND, NULL, false, 120},
    {"http_get", "Fetch a text document by HTTP GET.",
	OBJECT(SOME_STRING("url", "An http or https URL."), "\"url\""),
	EFFECT_EXTERNAL, TOOL_FETCH, NULL, false, 60},
    {"ask_human",
	"Ask a human a question. The answer may come much later: go on with "
	"what can be done without it.",
	OBJECT(SOME_STRING("question", "The question, complete in itself."),
	    "\"question\""),
	EFFECT_EXTERNAL, TOOL_RUNNER, NULL, false, 0},
    {"request_grant",
	"Ask a human for more authority: one line such as `allow read "
	"file:/data/**` or `allow connect net:example.org:443`. It may be "
	"given later, or never: go on with what can be done without it.",
	OBJECT(SOME_STRING("grant", "The grant, one line.") "," STRING(
		   "why", "What it is needed for."),
	    "\"grant\",\"why\""),
	EFFECT_EXTERNAL, TOOL_RUNNER, NULL, false, 0},
    {"fork_agent",
	"Make children of yourself, to work beside you. Each goes on from here "
	"with all that you know, in a copy of your workspace, with at most "
	"your authority, and is told its goal, and which of the `n` it is. You "
	"get their ids: wait_agent waits for them, join_agent takes over what "
	"they did.",
	OBJECT(
	    SOME_STRING("goal", "What a child is to do.") "," COUNT("n", "100",
		"How many. Default 1.") ","
					"\"grants\":{\"type\":\"array\","
					"\"maxItems\":100,\"items\":{"
					"\"type\":\"string\",\"minLength\":1},"
					"\"description\":"
					"\"Lines such as `allow read file:**`: "
					"a child may do no more "
					"than these say, and what you may. "
					"Default: what you may.\"}",
	    "\"goal\""),
	EFFECT_EXTERNAL, TOOL_RUNNER, NULL, false, 0},
    {"send_message",
	"Send a message to another agent: `parent`, `self`, or one by its id "
	"or name. It reads the message before its next turn; an answer, if "
	"any, comes as a message.",
	OBJECT(
	    SOME_STRING("to",
		"`parent`, `self`, an agent's id or name.") "," SOME_STRING("te"
									    "x"
									    "t",
		"The message, complete in itself."),
	    "\"to\",\"text\""),
	EFFECT_EXTERNAL, TOOL_RUNNER, NULL, false, 0},
    {"sleep",
	"Wait for some seconds, or `until` a time. Costs nothing while it "
	"waits; a message ends it early.",
	OBJECT(COUNT("seconds", "31536000", "How long.") "," SOME_STRING(
		   "until", "RFC 3339, with any offset, instead of seconds."),
	    ""),
	EFFECT_NONE, TOOL_RUNNER, NULL, false, 0},
    {"wait_agent",
	"Wait until agents of your family have ended: all of them, or any "
	"one. Gives how each ended and what it reported. A "
	"message ends it early.",
	OBJECT("\"agents\":{\"type\":\"array\",\"minItems\":1,"
	       "\"maxItems\":1000,\"items\":{\"type\":\"string\"},"
	       "\"description\":\"Their ids. Default: your children.\"},"
	       "\"mode\":{\"enum\":[\"all\",\"any\"],\"description\":"
	       "\"Default all.\"}," COUNT("seconds", "31536000",
		   "Give up after so long. Default: never."),
	    ""),
	EFFECT_NONE, TOOL_RUNNER, NULL, false, 0},
    {"wait_mail",
	"Wait for a message or an event that is sent to you. Any message ends "
	"it, which then follows.",
	OBJECT(
	    SOME_STRING("from", "Only events of this sender.") "," SOME_STRING(
		"event", "Only the event of this name.") "," COUNT("seconds",
		"31536000", "Give up after so long. Default: never."),
	    ""),
	EFFECT_NONE, TOOL_RUNNER, NULL, false, 0},
    {"join_agent",
	"Take over the work of a child of yours that has ended: its report, "
	"and the files that it changed in its copy of the workspace. Where you "
	"both changed a file, yours stays and the child's is put beside it. "
	"Once a child.",
	OBJECT(SOME_STRING("agent", "The child's id or name."), "\"agent\""),
	EFFECT_WORKSPACE, TOOL_RUNNER, NULL, false, 0},
    {"report", "End the work and report its outcome. Call it once, last.",
	OBJECT(STRING("text", "What was done, and what was not."), "\"text\""),
	EFFECT_NONE, TOOL_RUNNER, NULL, false, 0},
};

static const char *const effect_names[] = {"none", "workspace", "external"};

void
tool_clear(struct tool *t)
{
	free(t->name);
	free(t->description);
	free(t->parameters);
	free(t->program);
	json_free(t->schema);
}

void
tool_table_take(struct tool_table *t, struct tool *tool)
{
	size_t i = 0;

	while (i < t->count && strcmp(t->tools[i].name, tool->name) != 0)
		i++;
	if (i < t->count) {
		tool_clear(&t->tools[i]);
	} else {
		mem_room(&t->tools, t->count, &t->cap, sizeof(*t->tools));
		t->count++;
	}
	t->tools[i] = *tool;
	memset(tool, 0, sizeof(*tool));
}

static void
add_builtin(struct tool_table *table, const struct builtin *b)
{
	struct tool t = {.effect = b->effect,
	    .kind = b->kind,
	    .main = b->main,
	    .prepares = b->prepares,
	    .builtin = true,
	    .max_output = TOOL_OUTPUT};
	struct err e;
	int r;

	t.name = mem_strdup(b->name);
	t.description = mem_strdup(b->description);
	t.parameters = mem_strdup(b->parameters);
	t.timeout = b->seconds == 0 ? CLOCK_NEVER : b->seconds * CLOCK_SECOND;
	r = json_parse(b->parameters, strlen(b->parameters), &t.schema, &e);
	assert(r == 0);
	tool_table_take(table, &t);
}

void
tool_table_init(struct tool_table *t)
{
	size_t i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < COUNT_OF(builtins); i++)
		add_builtin(t, &builtins[i]);
}

void
tool_table_free(struct tool_table *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		tool_clear(&t->tools[i]);
	free(t->tools);
	memset(t, 0, sizeof(*t));
}

const struct tool *
tool_find(const struct tool_table *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (strcmp(t->tools[i].name, name) == 0)
			return &t->tools[i];
	return NULL;
}

void
tool_table_json(const struct tool_table *t, struct buf *out)
{
	struct jsonw w = {out, false};
	size_t i;

	jsonw_array(&w, NULL);
	for (i = 0; i < t->count; i++) {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "type", "function");
		jsonw_object(&w, "function");
		jsonw_string(&w, "name", t->tools[i].name);
		jsonw_string(&w, "description", t->tools[i].description);
		jsonw_raw(&w, "parameters", t->tools[i].parameters,
		    strlen(t->tools[i].parameters));
		jsonw_end(&w, '}');
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
}

const char *
tool_effect_name(enum tool_effect e)
{
	return effect_names[e];
}

int
tool_effect_parse(const char *name, enum tool_effect *out)
{
	size_t i;

	for (i = 0; i < COUNT_OF(effect_names); i++) {
		if (strcmp(name, effect_names[i]) == 0) {
			*out = (enum tool_effect)i;
			return 0;
		}
	}
	return -1;
}

const char *
tool_status_name(enum tool_status s)
{
	static const char *const names[] = {"ok", "failed", "denied", "pending",
	    "interrupted", "unknown", "timeout"};

	return names[s];
}
