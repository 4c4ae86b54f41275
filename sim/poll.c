#include "sim/poll.h"

#include <errno.h>

static int
look(struct readiness *readiness, struct pollfd *entries, uint64_t count, uint32_t always) {
    int ready = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct pollfd *entry = &entries[i];
        entry->revents = 0;
        if (entry->fd < 0) {
            continue;
        }
        const uint32_t file = descriptor_file(readiness->descriptors, entry->fd);
        const uint32_t wanted = (uint16_t)entry->events | always;
        entry->revents =
            (short)(file == 0 ? POLLNVAL : file_events(readiness->files, file) & wanted);
        ready += entry->revents != 0;
    }
    return ready;
}

/* The thread's watches, linked by sibling_next. */
static uint32_t poll_watch(struct readiness *readiness,
                           const struct pollfd *entries,
                           uint64_t count,
                           uint32_t always) {
    uint32_t first = 0;
    for (uint64_t i = 0; i < count; i++) {
        const uint32_t file =
            entries[i].fd < 0 ? 0 : descriptor_file(readiness->descriptors, entries[i].fd);
        if (file == 0) {
            continue;
        }
        const uint32_t index = watch_add(&readiness->watches, file, false);
        struct watch *watch = watch_at(&readiness->watches, index);
        watch->agent = readiness->schedule->running;
        watch->events = (uint16_t)entries[i].events | always;
        watch_sibling_add(&readiness->watches, &first, index);
        file_hold(readiness->files, file);
    }
    return first;
}

static void poll_unwatch(struct readiness *readiness, uint32_t first) {
    while (first != 0) {
        const uint32_t file = watch_at(&readiness->watches, first)->file;
        const uint32_t next = watch_at(&readiness->watches, first)->sibling_next;
        watch_remove(&readiness->watches, first);
        file_drop(readiness->files, file);
        first = next;
    }
}

int64_t poll_wait(struct readiness *readiness,
                  struct pollfd *entries,
                  uint64_t count,
                  const struct poll_wait_for *what) {
    const struct wait_cause cause = {.kind = POINT_POLL, .site = what->site};
    enum wake_reason reason = WAKE_SIGNALLED;
    for (;;) {
        const int ready = look(readiness, entries, count, what->always);
        if (ready > 0) {
            return ready;
        }
        if (schedule_running(readiness->schedule)->interrupts != 0) {
            return -EINTR; /* even without waiting */
        }
        if (reason == WAKE_TIMEOUT || what->deadline_ns <= schedule_now_ns(readiness->schedule)) {
            return 0;
        }
        const uint32_t watches = poll_watch(readiness, entries, count, what->always);
        reason = schedule_wait(readiness->schedule, NULL, what->deadline_ns, &cause);
        poll_unwatch(readiness, watches);
    }
}
