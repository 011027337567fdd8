/*
 * ckptgate.h: what `agent-ckpt check` prints of the rules: those that are
 * broken, one a line; with `json` all, one object a line; and JUnit's XML.
 */
#ifndef CLI_CKPTGATE_H
#define CLI_CKPTGATE_H

#include "agent/gate.h"

/*
 * Judge all rules.  The report is appended to `junit` unless that is NULL.
 * 1 when a rule is broken, 0, -1.
 */
int ckptgate_run(const struct gate *, const struct gate_subject *, bool json,
    struct buf *junit, struct err *);

#endif
