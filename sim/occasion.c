#include "sim/occasion.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/declaration.h"
#include "sim/panic.h"
#include "sim/point.h"

_Static_assert(OCCASION_INSTANT_COUNT <= 32, "a bit of a word for each");

bool occasion_matches(const struct occasion *occasion, const struct occasion *fact) {
    ASSERT(fact->instant >= OCCASION_MARK && fact->instant < OCCASION_INSTANT_COUNT);
    if (occasion->instant != fact->instant ||
        (occasion->node != 0 && occasion->node != fact->node)) {
        return false;
    }
    switch ((enum occasion_instant)occasion->instant) {
    case OCCASION_MARK:
    case OCCASION_STARTS:
    case OCCASION_BLOCKS:
    case OCCASION_WAKES:
    case OCCASION_ENDS:
        return strncmp(occasion->name, fact->name, OCCASION_NAME_SIZE) == 0;
    case OCCASION_CALL:
    case OCCASION_RETURNS:
        return occasion->call == fact->call;
    case OCCASION_ARRIVES:
    case OCCASION_SENT:
    case OCCASION_READ:
        return occasion->peer == 0 || occasion->peer == fact->peer;
    case OCCASION_TIME:
        return occasion->at_ns == fact->at_ns;
    case OCCASION_HOLDS:
        return false; /* sim/property.h knows */
    case OCCASION_EXPIRES:
    case OCCASION_ARMED:
    case OCCASION_EXITS:
    case OCCASION_CRASHES:
    case OCCASION_BEGINS:
        return true;
    case OCCASION_INSTANT_COUNT:
        break;
    }
    UNREACHABLE();
}

/* What blocks has looked and is about to wait, often until a time: whoever came between would not
 * be seen. A call that returns has taken effect. A node that exits or crashes is told of when it is
 * gone, one that begins when it is there. */
const char *occasion_not_held(const struct occasion *occasion) {
    switch ((enum occasion_instant)occasion->instant) {
    case OCCASION_BLOCKS:
        return occasion->name[0] == '\0'
                   ? "a thread that blocks: it would miss what it waits for; hold its call"
                   : "a task that blocks: it would miss what it waits for; hold what it does "
                     "before";
    case OCCASION_ARMED:
        return "the arming of a timer: who waits would miss what it waits for; hold its call";
    case OCCASION_RETURNS:
        return "a call that returns: it has taken effect; hold what the thread does next";
    case OCCASION_EXITS:
        return "a node's exit; hold what it does before";
    case OCCASION_CRASHES:
        return "a node's crash; the fault itself waits for an occasion, by `when`";
    case OCCASION_BEGINS:
        return "a node's start; hold what its program does first";
    case OCCASION_MARK:
    case OCCASION_CALL:
    case OCCASION_STARTS:
    case OCCASION_WAKES:
    case OCCASION_ENDS:
    case OCCASION_ARRIVES:
    case OCCASION_EXPIRES:
    case OCCASION_TIME:
    case OCCASION_SENT:
    case OCCASION_READ:
    case OCCASION_HOLDS:
        return NULL;
    case OCCASION_INSTANT_COUNT:
        break;
    }
    UNREACHABLE();
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

static int message_print(const struct occasion *occasion,
                         const char *nth,
                         const char *from,
                         const char *to,
                         char *text,
                         size_t size) {
    const bool is_sent = occasion->instant == OCCASION_SENT;
    const bool is_read = occasion->instant == OCCASION_READ;
    return snprintf(text,
                    size,
                    "message%s from %s %s %s%s",
                    nth,
                    from,
                    is_sent   ? "to"
                    : is_read ? "is read at"
                              : "arrives at",
                    to,
                    is_sent ? " is sent" : "");
}

static int task_print(const struct occasion *occasion,
                      const char *nth,
                      const char *at,
                      char *text,
                      size_t size) {
    static const char *const words[OCCASION_INSTANT_COUNT] = {
        [OCCASION_STARTS] = "starts",
        [OCCASION_BLOCKS] = "blocks",
        [OCCASION_WAKES] = "wakes",
        [OCCASION_ENDS] = "ends",
    };
    return snprintf(text,
                    size,
                    "task %s%s of %s %s",
                    occasion->name,
                    nth,
                    at,
                    words[occasion->instant]);
}

static int thread_print(const struct occasion *occasion,
                        const char *nth,
                        const char *at,
                        char *text,
                        size_t size) {
    switch (occasion->instant) {
    case OCCASION_STARTS:
        return snprintf(text, size, "thread%s of %s starts", nth, at);
    case OCCASION_BLOCKS:
        return snprintf(text, size, "wait%s of %s", nth, at);
    case OCCASION_WAKES:
        return snprintf(text, size, "wake%s of %s", nth, at);
    default:
        return snprintf(text, size, "end%s of a thread of %s", nth, at);
    }
}

static size_t
holds_print(const struct occasion *occasion, const char *node, char *text, size_t size) {
    static const char *const words[] = {[DESCRIPTION_EQUAL] = "",
                                        [DESCRIPTION_AT_MOST] = "at most ",
                                        [DESCRIPTION_AT_LEAST] = "at least "};
    size_t used = (size_t)snprintf(text,
                                   size,
                                   "counter %s%s%s is %s%" PRId64,
                                   occasion->name,
                                   node == NULL ? "" : " of ",
                                   node == NULL ? "" : node,
                                   words[occasion->comparison],
                                   occasion->value);
    if (occasion->at_ns != 0 && used < size) {
        used += (size_t)snprintf(text + used, size - used, " by ");
    }
    return occasion->at_ns == 0 || used >= size
               ? used
               : used + time_print(occasion->at_ns, text + used, size - used);
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
    case OCCASION_RETURNS:
        length = snprintf(text, size, "%s%s of %s returns", point_name(occasion->call), nth, at);
        break;
    case OCCASION_STARTS:
    case OCCASION_BLOCKS:
    case OCCASION_WAKES:
    case OCCASION_ENDS:
        length = occasion->name[0] == '\0' ? thread_print(occasion, nth, at, text, size)
                                           : task_print(occasion, nth, at, text, size);
        break;
    case OCCASION_ARRIVES:
    case OCCASION_SENT:
    case OCCASION_READ:
        length = message_print(occasion, nth, peer == NULL ? "any node" : peer, at, text, size);
        break;
    case OCCASION_EXPIRES:
        length = snprintf(text, size, "timer%s of %s expires", nth, at);
        break;
    case OCCASION_ARMED:
        length = snprintf(text, size, "timer%s of %s is armed", nth, at);
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
    case OCCASION_HOLDS:
        return holds_print(occasion, node, text, size);
    case OCCASION_TIME:
        return time_print(occasion->at_ns, text, size);
    case OCCASION_INSTANT_COUNT:
        UNREACHABLE();
    }
    return (size_t)length;
}
