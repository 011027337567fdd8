/* All that may be commanded. */
#include "agent/answer.h"
#include "agent/authority.h"
#include "agent/fork.h"
#include "agent/halt.h"
#include "agent/join.h"

const struct order_verb order_verbs[] = {
    {"answer", false, answer_text, false},
    {"approve", true, answer_approve, false},
    {"deny", false, answer_deny, false},
    {"fork", false, fork_order, true},
    {"give", true, authority_give, false},
    {"hand_on", true, authority_hand_on, false},
    {"join", false, join_apply, true},
    {"lift", true, authority_lift, false},
    {"signal", false, halt_apply, false},
    {NULL, false, NULL, false},
};
