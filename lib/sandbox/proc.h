/*
 * proc.h: what is read of other processes in /proc, proc(5), and set there.
 */
#ifndef SANDBOX_PROC_H
#define SANDBOX_PROC_H

#include <stdint.h>
#include <sys/types.h>

/* Of /proc/PID/stat: 4 is the parent, 22 the start time in clock ticks since
 * boot.  -1 with errno when there is no such process. */
int proc_stat(pid_t, int field, int64_t *out);

int proc_start_time(pid_t, int64_t *out);

/* Write a text there; -1 with errno. */
int proc_write(const char *path, const char *text);

#endif
