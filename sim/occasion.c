#include "sim/occasion.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"
#include "sim/point.h"

bool occasion_matches(const struct occasion *occasion, const struct occasion *fact) {
    ASSERT(fact->instant >= OCCASION_MARK && fact->instant < OCCASION_INSTANT_COUNT);
    if (occasion->instant != fact->instant ||
        (occasion->node != 0 && occasion->node != fact->node)) {
        return false;
    }
    switch ((enum occasion_instant)occasion->instant) {
    case OCCASION_MARK:
        return strncmp(occasion->name, fact->name, OCCASION_NAME_SIZE) == 0;
    case OCCASION_CALL:
        return occasion->call == fact->call;
    case OCCASION_ARRIVES:
        return occasion->peer == 0 || occasion->peer == fact->peer;
    case OCCASION_TIME:
        return occasion->at_ns == fact->at_ns;
    case OCCASION_STARTS:
    case OCCASION_BLOCKS:
    case OCCASION_WAKES:
    case OCCASION_ENDS:
    case OCCASION_EXPIRES:
        return true;
    case OCCASION_INSTANT_COUNT:
        break;
    }
    UNREACHABLE();
}
