#include "sim/point.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"

static const char *const names[POINT_KIND_COUNT] = {
#define POINT_WORD(kind, word) [POINT_##kind] = word,
    POINT_KINDS(POINT_WORD)
#undef POINT_WORD
};

const char *point_name(unsigned kind) {
    ASSERT(kind < POINT_KIND_COUNT);
    ASSERT(names[kind] != 0);
    return names[kind];
}

unsigned point_find(const char *name) {
    unsigned kind = 0;
    while (kind < POINT_KIND_COUNT && strcmp(names[kind], name) != 0) {
        kind++;
    }
    return kind;
}

bool point_is_call(unsigned kind) {
    const bool is_late = kind == POINT_SPIN_LOCK;
    return is_late || (kind >= POINT_CALL && kind < POINT_FAULT && kind != POINT_HANDLER);
}

/* Those that end with a blank or # are followed by the object. */
static const char *const waits[POINT_KIND_COUNT] = {
    [POINT_JOIN] = "waits for the end of thread ",
    [POINT_ONCE] = "waits for the initialiser of once #",
    [POINT_LOCK] = "waits for mutex #",
    [POINT_READ_LOCK] = "waits for a read lock of rwlock #",
    [POINT_WRITE_LOCK] = "waits for the write lock of rwlock #",
    [POINT_SPIN_LOCK] = "waits for spin lock #",
    [POINT_WAIT] = "waits on condition variable #",
    [POINT_BARRIER] = "waits at barrier #",
    [POINT_SEMAPHORE_WAIT] = "waits for semaphore #",
    [POINT_FUTEX_WAIT] = "waits on futex #",
    [POINT_SLEEP] = "sleeps",
    [POINT_READ] = "waits for bytes to read from #",
    [POINT_WRITE] = "waits for room to write to #",
    [POINT_POLL] = "waits in poll",
    [POINT_EPOLL_WAIT] = "waits for events of epoll #",
    [POINT_ACCEPT] = "waits for a connection to socket #",
    [POINT_CONNECT] = "waits for the connection of socket #",
    [POINT_SEND] = "waits for room to send by socket #",
    [POINT_RECEIVE] = "waits for bytes from socket #",
    [POINT_HANDLER] = "waits for a signal",
};

void point_wait_print(unsigned kind, uint32_t object, char *text, size_t size) {
    ASSERT(kind < POINT_KIND_COUNT);
    const char *words = waits[kind];
    if (words == NULL) {
        snprintf(text, size, "waits in %s", point_name(kind));
        return;
    }
    const char last = words[strlen(words) - 1];
    if (last == '#' || last == ' ') {
        snprintf(text, size, "%s%" PRIu32, words, object);
    } else {
        snprintf(text, size, "%s", words);
    }
}
