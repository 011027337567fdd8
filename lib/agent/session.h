/*
 * session.h: one agent, opened: to read (no lock, while somebody may be
 * writing), or to write, as the holder of its lock.
 */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include "agent/revoked.h"
#include "agent/state.h"
#include "journal/journal.h"

#define BOOT_TEXT 64 /* bytes of the kernel's boot id with its NUL */
/* Which boot this is; empty when that is not known. */
void session_boot_id(char out[BOOT_TEXT]);

struct session {
	struct root *root;	/* borrowed */
	int dir;		/* the agent's folder */
	int lock;		/* -1: opened to read, or: */
	struct lease *lease;	/* of a shared root; or NULL */
	int run;		/* the file "run"; -1 until first needed */
	char boot[BOOT_TEXT];	/* of this boot, once `run` is open */
	struct info info;
	struct state state;
	struct journal_mark mark;	/* where the fold stands */
	struct journal journal;		/* only to write */
	char *workspace;		/* absolute */
	bool own;			/* it is the agent's own work/ */
	bool busy;			/* calls run in it now */
	bool reworked;			/* a restore or join changed it */
	char *quarantine;		/* where what calls made at denied
					   names goes */
	struct revoked revoked;		/* ROOT/revoked, as last read */
	int64_t cached;			/* seq up to which the fold was kept */
	bool brief;			/* the conversation was left out */
	bool forked;			/* children wait for their places */
	int naming;			/* the root's lock, held for their
					   names; -1 */
};

/*
 * Open to read: folds what is committed.  `brief` leaves the conversation out
 * (what came since the last stop is in it all the same).  Status 66, 65.
 */
int session_read(struct root *, const char *id, bool brief, struct session *,
    struct err *);

/*
 * Open to write: takes the lock (status 75, naming the holder), ends what
 * still lives of a run that died, folds, and cuts off an unfinished group;
 * what was cut is noted in the first group that follows.
 */
int session_write(struct root *, const char *id, struct session *,
    struct err *);
/* The same without the conversation, which may be long, for who needs none:
 * what session_seal keeps for the next opening stays as it is then. */
int session_write_brief(struct root *, const char *id, struct session *,
    struct err *);
/* The same of an agent that is being prepared, agents/.new/ID, whose lock the
 * caller holds; on success the session does. */
int session_adopt(struct root *, const char *id, int *lock, struct session *,
    struct err *);
void session_close(struct session *);

/*
 * Stage one record and fold it.  `body` is a JSON object in which the text
 * members may be of any size: what is too large goes to a blob.  The values
 * of the root's secrets are taken out before.
 */
int session_stage(struct session *, enum record_type, struct slice body,
    struct err *);
/* Make what is staged durable. */
int session_commit(struct session *, struct err *);
/* Commit with a seal, and keep the folded state for the next opening. */
int session_seal(struct session *, struct err *);

/* Remember a call's init processes for a recovery: `children` of this run
 * that live now.  Not synced: a reboot ends them anyway. */
int session_note_children(struct session *, const struct child *const *,
    size_t n, struct err *);
/* There are none any more. */
void session_forget_children(struct session *);
/* End those that a dead run left; on opening. */
int session_reap(struct session *, struct err *);

#endif
