/* All that may be commanded. */
#include "agent/answer.h"
#include "agent/authority.h"
#include "agent/fork.h"
#include "agent/halt.h"
#include "agent/join.h"

const struct order_verb order_verbs[] = {
    {"answer", false, answer_text, false, false},
    {"approve", true, answer_approve, false, false},
    {"deny", false, answer_deny, false, false},
    {"fork", false, fork_order, true, true},
    {"give", true, authority_give, false, false},
    {"hand_on", true, authority_hand_on, false, false},
    {"join", false, join_apply, true, false},
    {"lift", true, authority_lift, false, false},
    {"signal", false, halt_apply, false, false},
    {NULL, false, NULL, false, false},
};
