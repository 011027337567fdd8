/* What is done with a reply's bytes, in every protocol. */
#include "model/raw.h"
#include "model/remote.h"
#include "model/retry.h"

void
incoming_free(struct incoming *in)
{
	call_list_free(&in->calls);
	block_list_free(&in->blocks);
}

bool
incoming_error(struct incoming *in, struct slice data)
{
	struct buf clean CLEANUP_BUF = {0};
	struct retry_error x;
	struct slice v;

	if (!raw_get(data, "error", &v))
		return false;
	data = secrets_scrub_json(in->options->secrets, data, &clean);
	retry_error_read(data, &x);
	reply_bad(in->out, "the provider reported an error: %s%s%s%s",
	    x.message, x.type[0] == '\0' ? "" : " (", x.type,
	    x.type[0] == '\0' ? "" : ")");
	return true;
}

void
incoming_whole(struct incoming *in, const struct protocol *p, struct slice body)
{
	struct err e;

	if (json_check(body.data, body.len, &e) < 0)
		reply_bad(in->out, "the reply is not JSON: %s", e.msg);
	else if (!raw_object(body.data, body.len))
		reply_bad(in->out, "the reply is no JSON object");
	else if (!incoming_error(in, body))
		p->whole(in, body);
}

void
incoming_finish(struct incoming *in)
{
	if (!in->stopped)
		reply_bad(in->out, "the reply ended before it was complete");
	block_list_settle(&in->blocks, &in->calls);
	reply_finish(in->out, &in->calls);
	if (in->out->bad[0] == '\0')
		block_list_write(&in->blocks, &in->calls, &in->out->provider);
}
