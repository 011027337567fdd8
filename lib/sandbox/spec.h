/*
 * spec.h: a spawn as bytes, on its way from the runner to the launcher, which
 * is the same program: numbers as they stand in memory, and addresses of
 * functions stay valid.
 */
#ifndef SANDBOX_SPEC_H
#define SANDBOX_SPEC_H

#include "sandbox/sandbox.h"

/* As read; strings are borrowed from the bytes, arrays are owned. */
struct spec {
	struct view view;
	char **argv, **env; /* argv NULL: call main */
	sandbox_main *main;
	struct slice argument;
	struct spawn_limits limits;
	struct slice bundle;
	bool net;
};

void spec_write(const struct spawn *, struct buf *out);
int spec_read(struct spec *, char *data, size_t len, struct err *);
void spec_free(struct spec *);

#endif
