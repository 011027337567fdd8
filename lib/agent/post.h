/*
 * post.h: what an agent is told from outside: messages, events, and that a
 * child has ended.  One letter is one file in its mailbox (mailbox.h), a JSON
 * object:
 *
 *   {"kind":"message|event|exit","from":SENDER,"event":NAME,
 *    "attachments":[{"name","type","bytes","blob"}…],"labels":[…],
 *    "state":…,"status":N,"usage":{…},"text":…}
 *
 * and its name says whose it is: SENDER.SEQ.N from the agent SENDER, because
 * of its record SEQ; `post.TIME.RANDOM` from a person or a program.  Letters
 * of one sender are taken in the order of their names, each once.
 *
 * Invariant: a letter holds no command, whatever it says.
 */
#ifndef AGENT_POST_H
#define AGENT_POST_H

#include "agent/mailbox.h"
#include "agent/session.h"

#define POST_TEXT  ((size_t)256 << 10)	/* bytes of a text */
#define POST_MAX   ((size_t)2 << 20)	/* of a file */
#define POST_FILES 16			/* attachments */
#define POST_FILE  ((size_t)32 << 20)	/* bytes of one */
#define POST_NAME  64			/* of an event, a sender, with NUL */
#define POST_ROOM  10000		/* files that may wait in a mailbox */

enum post_kind { POST_MESSAGE, POST_EVENT, POST_EXIT };
const char *post_kind_name(enum post_kind);

/* An attachment; its contents are a blob of the root. */
struct post_file {
	char *name;		/* one path component, UTF-8 */
	char *type;		/* "image/png" */
	int64_t bytes;
	struct digest blob;
	char *path;		/* in the workspace, once it is there; or NULL */
};

struct post {
	enum post_kind kind;
	char *name;		/* of the file */
	char *from;		/* an agent's id, "user", or another word */
	char *event;		/* POST_EVENT */
	char *text;		/* never NULL */
	unsigned labels;
	struct post_file files[POST_FILES];
	size_t file_count;
	/* POST_EXIT: of the child `from` */
	enum agent_status state;
	int status;
	struct usage usage;
};
void post_free(struct post *);
#define CLEANUP_POST CLEANUP(post_free)

/* Names of files: an agent's, for its record `seq`; anybody else's, now. */
char *post_name_agent(const char *id, int64_t seq, int64_t n);
char *post_name_person(void);
/* Is this the name of a letter?  `from`, unless it is a person's, gets the
 * agent's id, else "". */
bool post_name_parse(const char *name, char from[ULID_TEXT], int64_t *seq,
    int64_t *n);
/* By sender, then in the order in which they were sent. */
int post_name_compare(const char *, const char *);
/* Does it look like an agent's id? */
bool post_is_agent(const char *);
/* May an attachment: one component that shows as it is? */
bool post_file_name_ok(const char *);
/* May an event, or a sender that is no agent, be called so? */
bool post_word_ok(const char *);

/* Its members, as a file and its record have them. */
void post_members(const struct post *, struct jsonw *);
/* The file's text, and back (outside bytes; `name` is the file's).  Status
 * 65. */
void post_print(const struct post *, struct buf *out);
int post_parse(const char *name, const char *text, size_t len,
    struct post *out, struct err *);

/*
 * Put it into the mailbox of the agent `to` (an id): durable when it returns
 * 0.  Sending the same name again is harmless.  Values of the root's secrets
 * are taken out.  Status 66 there is no such agent, 75 its mailbox is full,
 * which it never is for an exit.
 */
int post_send(const struct root *, const char *to, const struct post *,
    struct err *);

/*
 * An agent that has a parent and came to an end, or met a limit: tell the
 * parent, under the name of the exit record.  Does nothing once a seal stands
 * behind that record: session_seal calls it before.  A parent that is gone is
 * no error.
 */
int post_exit(struct session *, struct err *);

/*
 * Take letters from the session's mailbox, for the lock's holder: at most so
 * many that the model is given POST_TURN_MOST of them, or POST_TURN_BYTES, at
 * a time, and of events MAIL_RECENT; what is more waits.  Their records are
 * durable when it returns how many files it has dealt with: when there were
 * any, there may be more.  One that is no letter is moved to mail/bad and
 * noted.  Sets `*wrote` when an attachment was put into the workspace.
 */
#define POST_TURN_MOST  MAIL_RECENT
#define POST_TURN_BYTES ((int64_t)256 << 10)
int post_drain(struct session *, bool *wrote, struct err *);

#endif
