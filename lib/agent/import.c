#include "agent/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/birth.h"
#include "agent/importparts.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"

/* An agent being prepared. */
struct importing {
	struct root *root;
	const struct import *in;
	struct info info;
	struct buf description;
	char path[ULID_TEXT + 8]; /* .new/ID */
	int dir, lock;
	int64_t covered;
};

static void
importing_free(struct importing *i)
{
	info_free(&i->info);
	buf_free(&i->description);
	fd_cleanup(&i->lock);
	fd_cleanup(&i->dir);
}

/* ---- who it will be -------------------------------------------------------------------------------- */

static void
set_tools(struct info *i, const struct import *in)
{
	size_t n;

	if (in->now != NULL)
		return; /* it lives here, as they do */
	while (i->tool_count > 0)
		free(i->tools[--i->tool_count]);
	free(i->tools);
	i->tools = mem_new(in->tool_count + 1, sizeof(*i->tools));
	for (n = 0; n < in->tool_count; n++)
		i->tools[i->tool_count++] = mem_strdup(in->tools[n]);
}

static int
describe(struct importing *i, struct imported *out, struct err *e)
{
	const struct import *in = i->in;
	const char *agent = chain_newest(in->files)->manifest.agent;
	bool named;

	if (importparts_info(in->history, &i->description, e) < 0 ||
	    info_parse(
		buf_str(&i->description), i->description.len, &i->info, e) < 0)
		return -1;
	if (strlen(agent) != ULID_TEXT - 1 || !file_is_name(agent))
		return err_set(
		    e, EX_DATAERR, 0, "'%s' is no agent's id", agent);
	/* Of one that was forked the description is its first ancestor's. */
	named = strcmp(i->info.id, agent) == 0 && !in->fresh;
	if (in->fresh)
		ulid_make(clock_real(), i->info.id);
	else
		memcpy(i->info.id, agent, ULID_TEXT);
	if (in->name != NULL || !named) {
		free(i->info.name);
		i->info.name = mem_strdup(in->name);
	}
	if (i->info.name != NULL && !info_name_ok(i->info.name))
		return err_set(e, in->name != NULL ? EX_USAGE : EX_DATAERR, 0,
		    "'%s' cannot be a name", i->info.name);
	out->tools =
	    in->now == NULL && in->tool_count == 0 ? i->info.tool_count : 0;
	set_tools(&i->info, in);
	return 0;
}

/* ---- its folder -------------------------------------------------------------------------------------- */

/* What an import that died left; somebody else's is locked. */
static int
clear_leftover(struct importing *i, struct err *e)
{
	int dir CLEANUP_FD = -1, lock CLEANUP_FD = -1;

	if (file_open(i->root->agents, i->path, O_RDONLY | O_DIRECTORY, 0, &dir,
		e) < 0 ||
	    lock_take(dir, "lock", &lock, e) < 0)
		return err_wrap(e, "agent '%s' is being prepared", i->info.id);
	return file_remove_tree(i->root->agents, i->path, e);
}

static int
make_folder(struct importing *i, struct err *e)
{
	int agents = i->root->agents, r;

	(void)snprintf(i->path, sizeof(i->path), ".new/%s", i->info.id);
	if (faccessat(agents, i->info.id, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, EX_CANTCREAT, 0,
		    "agent '%s' is here already: 'restore' goes back to the "
		    "bundle, 'restore --new-agent' makes another agent of it",
		    i->info.id);
	r = mkdirat(agents, i->path, 0700);
	if (r < 0 && errno == EEXIST) {
		if (clear_leftover(i, e) < 0)
			return -1;
		r = mkdirat(agents, i->path, 0700);
	}
	if (r < 0)
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot make '%s'", i->path);
	if (file_open(agents, i->path, O_RDONLY | O_DIRECTORY, 0, &i->dir, e) <
	    0)
		return -1;
	return lock_take(i->dir, "lock", &i->lock, e);
}

static int
fill_folder(struct importing *i, struct err *e)
{
	const struct import *in = i->in;
	struct buf local CLEANUP_BUF = {0};

	info_write_local(&i->info, &local);
	if (file_replace(i->dir, INFO_FILE, i->description.data,
		i->description.len, 0600, e) < 0 ||
	    file_replace(i->dir, LOCAL_FILE, local.data, local.len, 0600, e) <
		0 ||
	    importparts_blobs(in->history, i->root, e) < 0 ||
	    importparts_journal(in->history, in->seq,
		chain_newest(in->files)->manifest.seq, i->dir, &i->covered,
		e) < 0 ||
	    importparts_bundles(in->files, i->dir, e) < 0)
		return -1;
	return restore_tree(in->files, i->dir, "work", in->options, e);
}

/* The records, folded and so proved, end where they should. */
static int
check_history(const struct session *s, const struct import *in, struct err *e)
{
	const struct manifest *m = &chain_newest(in->history)->manifest;

	if (s->journal.cut_bytes > 0 || s->mark.seq < in->seq)
		return err_set(e, EX_NOINPUT, 0,
		    "record %" PRId64 " is not the last of those that were "
		    "written with it",
		    in->seq);
	if (in->seq == m->seq && !digest_equal(&s->mark.head, &m->head))
		return err_set(e, EX_DATAERR, 0,
		    "the records do not end with the manifest's head");
	if (!in->trusted && in->now == NULL && in->model == NULL &&
	    strncmp(s->state.model, "exec:", 5) == 0)
		return err_set(e, EX_NOPERM, 0,
		    "its model is a program, '%.200s': give -m MODEL",
		    s->state.model + 5);
	return 0;
}

static int
finish(struct importing *i, struct imported *out, struct err *e)
{
	struct session s;
	int r;

	if (session_adopt(i->root, i->info.id, &i->lock, &s, e) < 0)
		return -1;
	r = check_history(&s, i->in, e);
	if (r == 0)
		r = importparts_record(
		    &s, i->in, i->covered, &out->requests, e);
	if (r == 0)
		r = session_seal(&s, e);
	if (r == 0)
		r = file_sync(i->dir, "agent", e);
	if (r == 0)
		r = birth_publish(i->root, i->info.id, i->info.name, e);
	session_close(&s);
	return r;
}

int
import_agent(struct root *root, const struct import *in, struct imported *out,
    struct err *e)
{
	struct importing i CLEANUP(importing_free) = {
	    .root = root, .in = in, .dir = -1, .lock = -1};
	struct imported result = {0};
	struct err lost;

	/* A history that does not give its state is nobody's. */
	if (ckpt_prove_state(in->history, e) < 0 ||
	    describe(&i, &result, e) < 0 || make_folder(&i, e) < 0)
		return -1;
	if (fill_folder(&i, e) < 0 || finish(&i, &result, e) < 0) {
		(void)file_remove_tree(root->agents, i.path, &lost);
		return -1;
	}
	memcpy(result.id, i.info.id, ULID_TEXT);
	*out = result;
	return 0;
}
