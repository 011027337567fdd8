/*
 * verify.h: prove that a journal is what was written: its chain, the bodies,
 * their JSON, the seals.  What the bodies mean is not looked at.
 */
#ifndef JOURNAL_VERIFY_H
#define JOURNAL_VERIFY_H

#include "journal/reader.h"
#include "base/sign.h"

struct verify_options {
	const struct sign_public *key; /* NULL: seals are counted only */
	/* A head that the journal must contain; or NULL. */
	const struct digest *head;
	/* A place that was seen before: the record must still be there, and be
	 * the same; or NULL. */
	const struct journal_mark *known;
	/* Called with each record, for what the caller checks besides (blobs);
	 * may be NULL. */
	int (*each)(void *arg, const struct record *, struct err *);
	void *arg;
};

struct verify_result {
	struct journal_mark mark; /* behind the last complete group */
	int64_t records, seals, redacted;
	int64_t sealed_seq; /* last record that a seal covers */
	/* The first seal of another key that no import accounts for; 0. */
	int64_t foreign_seq;
	int64_t torn_bytes; /* of an unfinished group at the end */
	bool found_head;
};

/* The parts of verify_journal, for who reads more than one: what is known of
 * a record by itself (`out` starts as {0}), and what the end tells, with its
 * `mark` and `torn_bytes` set. */
int verify_record(const struct record *, const struct verify_options *,
    struct verify_result *out, struct err *);
int verify_end(const struct verify_options *, const struct verify_result *,
    struct err *);

/* Status 65 names the first broken record. */
int verify_journal(int fd, const struct digest *agent_json,
    const struct verify_options *, struct verify_result *out, struct err *);

#endif
