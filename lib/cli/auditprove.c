/* The verbs that prove a history. */
#include <inttypes.h>
#include <string.h>

#include "cli/auditverb.h"

static void
print_result(const struct audit_args *a, const struct history *h,
    const struct verify_result *res)
{
	char hex[DIGEST_HEX + 1];

	digest_hex(&res->mark.head, hex);
	if (a->json)
		printf("{\"agent\":\"%s\",\"ok\":true,\"records\":%" PRId64
		       ",\"seals\":%" PRId64 ",\"sealed\":%" PRId64
		       ",\"redacted\":%" PRId64 ",\"unfinished\":%" PRId64
		       ",\"head\":\"%s\"}\n",
		    h->info.id, res->records, res->seals, res->sealed_seq,
		    res->redacted, res->torn_bytes, hex);
	else
		printf("%s: %" PRId64 " records, sealed up to %" PRId64
		       "%s%s\nhead %s\n",
		    h->info.id, res->records, res->sealed_seq,
		    res->redacted > 0 ? ", some redacted" : "",
		    res->torn_bytes > 0 ? ", an unfinished group at the end"
					: "",
		    hex);
}

int
auditverb_verify(const struct audit_args *a, char *args[])
{
	struct verify_result res;
	struct digest head;
	struct history h;
	struct err e;

	if (a->head != NULL &&
	    digest_parse(a->head, strlen(a->head), &head) < 0)
		die_usage(a->program, "--head: not a digest");
	auditverb_history(a, args[0], &h);
	if (history_verify(&h, a->head == NULL ? NULL : &head, &res, &e) < 0) {
		err_wrap(&e, "agent %s", h.info.id);
		die_err(&e);
	}
	if (a->head != NULL && !res.found_head)
		die(EX_NO, "agent %s: the history does not hold %s", h.info.id,
		    a->head);
	print_result(a, &h, &res);
	history_close(&h);
	return 0;
}

int
auditverb_head(const struct audit_args *a, char *args[])
{
	char hex[DIGEST_HEX + 1];
	struct history h;
	struct reader r;
	struct record rec;
	struct err e;
	int got;

	auditverb_history(a, args[0], &h);
	history_reader(&h, &r);
	while ((got = reader_next(&r, &rec, &e)) == 1)
		;
	if (got < 0)
		die_err(&e);
	digest_hex(&r.mark.head, hex);
	printf("%s\n", hex);
	reader_free(&r);
	history_close(&h);
	return 0;
}
