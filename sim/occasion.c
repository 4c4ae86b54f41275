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
    case OCCASION_EXITS:
    case OCCASION_CRASHES:
    case OCCASION_BEGINS:
        return true;
    case OCCASION_INSTANT_COUNT:
        break;
    }
    UNREACHABLE();
}

/* What blocks has looked and is about to wait: whoever came between would not be seen. A node that
 * exits or crashes is told of when it is gone, one that begins when it is there. */
bool occasion_holds(const struct occasion *occasion) {
    return occasion->instant != OCCASION_BLOCKS && occasion->instant != OCCASION_EXITS &&
           occasion->instant != OCCASION_CRASHES && occasion->instant != OCCASION_BEGINS;
}

/* ---- in words ---- */

static size_t time_print(uint64_t ns, char *text, size_t size) {
    static const struct {
        uint64_t ns;
        const char *unit;
    } units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
    unsigned i = 0;
    while (ns % units[i].ns != 0) {
        i++;
    }
    return (size_t)snprintf(text, size, "time %" PRIu64 " %s", ns / units[i].ns, units[i].unit);
}

size_t occasion_print(const struct occasion *occasion,
                      const char *node,
                      const char *peer,
                      char *text,
                      size_t size) {
    const char *at = node == NULL ? "any node" : node;
    char nth[16] = "";
    if (occasion->nth != 0) {
        snprintf(nth, sizeof nth, " %" PRIu32, occasion->nth);
    }
    int length = 0;
    switch ((enum occasion_instant)occasion->instant) {
    case OCCASION_MARK:
        length = snprintf(text, size, "mark %s%s of %s", occasion->name, nth, at);
        break;
    case OCCASION_CALL:
        length = snprintf(text, size, "%s%s of %s", point_name(occasion->call), nth, at);
        break;
    case OCCASION_STARTS:
        length = snprintf(text, size, "thread%s of %s starts", nth, at);
        break;
    case OCCASION_BLOCKS:
        length = snprintf(text, size, "wait%s of %s", nth, at);
        break;
    case OCCASION_WAKES:
        length = snprintf(text, size, "wake%s of %s", nth, at);
        break;
    case OCCASION_ENDS:
        length = snprintf(text, size, "end%s of a thread of %s", nth, at);
        break;
    case OCCASION_ARRIVES:
        length = snprintf(text,
                          size,
                          "message%s from %s arrives at %s",
                          nth,
                          peer == NULL ? "any node" : peer,
                          at);
        break;
    case OCCASION_EXPIRES:
        length = snprintf(text, size, "timer%s of %s expires", nth, at);
        break;
    case OCCASION_EXITS:
        length = snprintf(text, size, "exit of %s", at);
        break;
    case OCCASION_CRASHES:
        length = snprintf(text, size, "crash%s of %s", nth, at);
        break;
    case OCCASION_BEGINS:
        length = snprintf(text, size, "start%s of %s", nth, at);
        break;
    case OCCASION_TIME:
        return time_print(occasion->at_ns, text, size);
    case OCCASION_INSTANT_COUNT:
        UNREACHABLE();
    }
    return (size_t)length;
}
