/* A line of a script is refused, or becomes a reply that holds. */
#include "modelreply.h"

#include "model/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model_options o;
	struct model_reply r;
	struct err e = {0};

	model_options_init(&o);
	o.deadline = clock_mono(); /* a delay is not waited for */
	model_reply_init(&r);
	if (script_turn(
		(struct slice){(const char *)data, size}, 0, &o, &r, &e) == 0)
		check_reply(&r);
	else
		assert(e.status != 0);
	model_reply_free(&r);
	return 0;
}
