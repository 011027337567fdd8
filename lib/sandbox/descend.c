#include "sandbox/descend.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
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

/* Append the children of `parent`, each once. */
static size_t
add_children(struct table *t, pid_t parent, pid_t *list, size_t n)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->list[i].parent == parent && !t->list[i].below) {
			t->list[i].below = true;
			list[n++] = t->list[i].pid;
		}
	return n;
}

size_t
descend_list(pid_t pid, pid_t **out)
{
	struct table t = {0};
	pid_t *list;
	size_t i, n;

	read_table(&t);
	list = mem_new(t.count + 1, sizeof(*list));
	n = add_children(&t, pid, list, 0);
	for (i = 0; i < n; i++)
		n = add_children(&t, list[i], list, n);
	free(t.list);
	*out = list;
	return n;
}

void
descend_signal(int sig)
{
	pid_t *list CLEANUP_FREE = NULL;
	size_t n = descend_list(getpid(), &list), i;

	for (i = 0; i < n; i++)
		(void)kill(list[i], sig);
}
