/*
 * image.h: what an agent is started from: a JSON file
 *
 *   {"system":"…","model":"…","limits":{"turns":50,…},"grants":["…"]}
 *
 * Its grants are requests, never authority: people answer them.
 */
#ifndef AGENT_IMAGE_H
#define AGENT_IMAGE_H

#include "agent/birth.h"

struct image {
	char *system, *model;	/* NULL: not said */
	struct limits limits;
	char **grants;		/* canonical lines, each once */
	size_t grant_count;
	char digest[DIGEST_HEX + 1];
};

/* Status 66 no such file, 65 not an image (unknown members and lines that
 * are no grants are refused). */
int image_read(const char *path, struct image *out, struct err *);
void image_free(struct image *);

/* Fill in what `b` does not say; the image stays the owner.  Without a system
 * prompt anywhere, a short one of ours. */
void image_fill(const struct image *, struct birth *);

/* A model's spec that means the same in any folder: the path in script: and
 * replay: made absolute.  NULL gives NULL; the caller frees it. */
char *image_model_path(const char *spec);

#endif
