/* All that may be commanded. */
#include "agent/authority.h"

const struct order_verb order_verbs[] = {
    {"give", true, authority_give},
    {NULL, false, NULL},
};
