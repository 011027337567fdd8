/*
 * gatecalls.h: did the last call of a kind end well?  For gatejudge.c.
 */
#ifndef AGENT_GATECALLS_H
#define AGENT_GATECALLS_H

#include "agent/gate.h"

/* Judge a GATE_TESTS_PASSED by the records of the chain, which was opened
 * with its history.  `v` is filled in.  Status 65. */
int gate_judge_call(const struct gate_rule *, const struct gate_subject *,
    struct gate_verdict *v, struct err *);

#endif
