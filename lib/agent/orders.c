/* All that may be commanded. */
#include "agent/answer.h"
#include "agent/authority.h"

const struct order_verb order_verbs[] = {
    {"answer", false, answer_text},
    {"approve", true, answer_approve},
    {"deny", false, answer_deny},
    {"give", true, authority_give},
    {"hand_on", true, authority_hand_on},
    {"lift", true, authority_lift},
    {NULL, false, NULL},
};
