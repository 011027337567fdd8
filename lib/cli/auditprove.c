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
	struct source s;
	struct err e;

	if (a->head != NULL &&
	    digest_parse(a->head, strlen(a->head), &head) < 0)
		die_usage(a->program, "--head: not a digest");
	auditverb_open(a, args[0], &s);
	if (!s.live)
		die_usage(a->program, "verify: want an agent");
	if (history_verify(
		&s.history, a->head == NULL ? NULL : &head, &res, &e) < 0) {
		err_wrap(&e, "agent %s", s.id);
		die_err(&e);
	}
	if (a->head != NULL && !res.found_head)
		die(EX_NO, "agent %s: the history does not hold %s", s.id,
		    a->head);
	print_result(a, &s.history, &res);
	source_close(&s);
	return 0;
}

int
auditverb_head(const struct audit_args *a, char *args[])
{
	char hex[DIGEST_HEX + 1];
	struct source s;
	struct source_walk w;
	struct record rec;
	struct err e;
	int got;

	auditverb_open(a, args[0], &s);
	source_walk_init(&s, &w);
	while ((got = source_walk_next(&w, &rec, &e)) == 1)
		;
	if (got < 0)
		die_err(&e);
	digest_hex(&w.mark.head, hex);
	printf("%s\n", hex);
	source_walk_free(&w);
	source_close(&s);
	return 0;
}
