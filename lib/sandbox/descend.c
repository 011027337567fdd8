#include "sandbox/descend.h"

#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "sandbox/proc.h"

struct process {
	pid_t pid, parent;
	bool below;
};

struct table {
	struct process *list;
	size_t count, cap;
};

static void
read_table(struct table *t)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	struct process one = {0};
	int64_t pid, parent;

	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		if (num_int(d->d_name, 1, INT32_MAX, &pid) < 0)
			continue;
		if (proc_stat((pid_t)pid, 4, &parent) < 0)
			continue;
		one.pid = (pid_t)pid;
		one.parent = (pid_t)parent;
		mem_room(&t->list, t->count, &t->cap, sizeof(*t->list));
		t->list[t->count++] = one;
	}
	(void)closedir(dir);
}

/* Mark the children of `parent`; true when there was a new one. */
static bool
mark_children(struct table *t, pid_t parent)
{
	bool new = false;
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->list[i].parent == parent && !t->list[i].below)
			new = t->list[i].below = true;
	return new;
}

void
descend_signal(int sig)
{
	struct table t = {0};
	bool more;
	size_t i;

	read_table(&t);
	more = mark_children(&t, getpid());
	while (more) {
		more = false;
		for (i = 0; i < t.count; i++)
			if (t.list[i].below && mark_children(&t, t.list[i].pid))
				more = true;
	}
	for (i = 0; i < t.count; i++)
		if (t.list[i].below)
			(void)kill(t.list[i].pid, sig);
	free(t.list);
}
