/* agent-ckpt import, and restore --new-agent: an agent from a bundle. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/birth.h"
#include "agent/image.h"
#include "agent/import.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/ckptverb.h"
#include "cli/progress.h"
#include "cli/show.h"

/* Signed by this root's key, or one that was given? */
static bool
is_trusted(const struct ckpt_args *a, const struct bundle *b)
{
	char *own CLEANUP_FREE = mem_printf("%s/key.pub", a->open->path);
	bool trusted = false;
	struct stat st;
	size_t i;

	for (i = 0; i < a->trust_count; i++)
		trusted = ckptverb_signed(a->trust[i], b) || trusted;
	return trusted || (stat(own, &st) == 0 && ckptverb_signed(own, b));
}

static char **
find_tools(const struct ckpt_args *a)
{
	char **list = mem_new(a->tool_count + 1, sizeof(*list));
	size_t i;

	for (i = 0; i < a->tool_count; i++) {
		list[i] = realpath(a->tools[i], NULL);
		if (list[i] == NULL)
			die(EX_NOINPUT, "--tools: '%s': %s", a->tools[i],
			    strerror(errno));
	}
	return list;
}

/* Of a copy: the one that is copied, if it lives here. */
static bool
open_first(
    const struct ckpt_args *a, const struct import *in, struct session *s)
{
	const struct bundle *b = chain_newest(in->files);
	struct restore look = {0};
	struct err e;

	if (!in->fresh ||
	    session_read(a->open, b->manifest.agent, true, s, &e) < 0)
		return false;
	if (restore_look(s, &b->manifest, in->seq, &look, &e) < 0) {
		session_close(s);
		return false;
	}
	restore_free(&look);
	return true;
}

static void
print(const struct ckpt_args *a, const struct import *in,
    const struct imported *got)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};

	if (!a->json) {
		printf("%s\n", got->id);
	} else {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "agent", got->id);
		jsonw_integer(&w, "seq", in->seq);
		jsonw_digest(&w, "bundle", &chain_newest(in->files)->id);
		jsonw_bool(&w, "trusted", in->trusted || in->now != NULL);
		jsonw_integer(&w, "requests", (int64_t)got->requests);
		jsonw_end(&w, '}');
		show_json(stdout, line.data, line.len);
	}
	if (got->requests > 0)
		warn_msg("%zu grants wait for a person: agent-grant pending %s",
		    got->requests, got->id);
	if (got->tools > 0)
		warn_msg("its folders of tools are left out: --tools names "
			 "them here");
}

int
ckptverb_import(const struct ckpt_args *a, char *args[])
{
	struct restore_options o = {.progress = progress_add};
	struct import in = {.fresh = a->fresh, .name = a->name, .options = &o};
	char *model CLEANUP_FREE = image_model_path(a->model);
	char **tools = find_tools(a);
	struct imported got;
	struct ckpt_chain c;
	struct progress p;
	struct chain files;
	struct session s;
	struct err e;

	ckptverb_open(a, args[0], CKPT_HISTORY, &c);
	in.history = &c.chain;
	if (restore_files(&c.chain, a->at > 0 ? a->at : INT64_MAX, &files, &e) <
	    0)
		die_err(&e);
	in.files = &files;
	in.seq = chain_newest(&files)->manifest.seq;
	in.model = model;
	in.tools = tools;
	in.tool_count = a->tool_count;
	in.trusted = is_trusted(a, chain_newest(&c.chain));
	if (open_first(a, &in, &s))
		in.now = &s.state;
	progress_start(&p, "restoring", chain_newest(&files)->manifest.bytes);
	o.arg = &p;
	if (import_agent(a->open, &in, &got, &e) < 0)
		die_err(&e);
	progress_end(&p);
	birth_sweep(a->open);
	print(a, &in, &got);
	if (in.now != NULL)
		session_close(&s);
	for (size_t i = 0; i < a->tool_count; i++)
		free(tools[i]);
	free(tools);
	ckpt_close(&c);
	return 0;
}
