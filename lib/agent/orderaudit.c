/* The commands of a history: who signed them, and that their records are what
 * was signed. */
#include <inttypes.h>
#include <string.h>

#include "agent/order.h"
#include "base/json.h"
#include "base/mem.h"

void
order_audit_free(struct order_audit *a)
{
	free(a->nonce);
	free(a->line);
	*a = (struct order_audit){0};
}

/* Its command follows in the same group. */
static void
note_grant(struct order_audit *a, const struct json *body)
{
	const char *nonce = json_get_string(body, "command");
	const char *line = json_get_string(body, "line");

	if (nonce == NULL || line == NULL)
		return;
	free(a->nonce);
	free(a->line);
	a->nonce = mem_strdup(nonce);
	a->line = mem_strdup(line);
}

/* The line that was signed, in its canonical form, is the record's. */
static int
compare_line(const struct order_audit *a, const struct order *c, struct err *e)
{
	const char *line = json_get_string(c->body, "line");
	struct grant g;
	int got = 0;

	if (a->nonce == NULL || strcmp(a->nonce, c->nonce) != 0)
		return 0;
	if (line == NULL || grant_parse(line, &g, e) < 0)
		return err_set(e, EX_DATAERR, 0, "its grant was not signed");
	if (strcmp(g.line, a->line) != 0)
		got = err_set(e, EX_DATAERR, 0,
		    "its grant is another than the one that was signed");
	grant_free(&g);
	return got;
}

static int
check_command(
    struct order_audit *a, const struct json *body, int64_t seq, struct err *e)
{
	const char *text = json_get_string(body, "signed");
	const char *sig = json_get_string(body, "signature");
	const char *nonce = json_get_string(body, "nonce");
	struct order c CLEANUP_ORDER = {0};
	struct buf both CLEANUP_BUF = {0};
	bool known;

	if (text == NULL || sig == NULL || nonce == NULL)
		return err_set(e, EX_DATAERR, 0, "no command");
	buf_printf(&both, "%suntrusted comment: \n%s\n", text, sig);
	if (order_parse(both.data, both.len, &c, e) < 0)
		return -1;
	if (strcmp(c.nonce, nonce) != 0)
		return err_set(e, EX_DATAERR, 0, "another nonce was signed");
	if (compare_line(a, &c, e) < 0)
		return -1;
	if (order_known(a->root, &c, &known, e) < 0)
		return -1;
	if (!known && a->foreign == 0)
		a->foreign = seq;
	if (!known || order_check(a->root, &c, e) == 0)
		return 0;
	e->status = EX_DATAERR;
	return -1;
}

int
order_audit(struct order_audit *a, const struct record *rec, struct err *e)
{
	struct json *body CLEANUP_JSON = NULL;
	int got = 0;

	if ((rec->type != RECORD_GRANT && rec->type != RECORD_COMMAND &&
		rec->type != RECORD_RESTORE) ||
	    record_redacted(rec))
		return 0;
	if (json_parse(rec->body.data, rec->body.len, &body, e) < 0)
		return -1;
	if (rec->type == RECORD_GRANT)
		note_grant(a, body);
	else if (rec->type == RECORD_COMMAND)
		got = check_command(a, body, rec->seq, e);
	else if (json_get_bool(body, "import", false))
		a->foreign = 0; /* of where it came from */
	return got < 0 ? err_wrap(e, "record %" PRId64, rec->seq) : 0;
}

int
order_audit_end(const struct order_audit *a, struct err *e)
{
	if (a->foreign == 0)
		return 0;
	return err_set(e, EX_DATAERR, 0,
	    "command %" PRId64 ": signed by a key that is not here",
	    a->foreign);
}
