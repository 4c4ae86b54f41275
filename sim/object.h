/* What all synchronisation objects of a program share: points about them, and waiting for them.
 *
 * Such an object keeps its state in the program's own memory, which a static initialiser or libc
 * itself (in a constructor, before a run) may have set up; so each has libc's fields that these
 * leave not zero where libc has them, and all zero is one that nobody holds or waits for.
 *
 *   object_announce ─► may it be had? ──yes──► taken
 *                            ▲  └─no─► object_wait ─┐
 *                            └──────────────────────┘
 *
 * Who gives an object up makes all its waiters ready and hands nothing over: which of them gets
 * it, or one that comes late, is the scheduler's choice, and under `fifo` the one that waited
 * longest.
 *
 * Memory:      the program's.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: objects get display ids on first use; addresses decide nothing.
 */
#ifndef SIM_OBJECT_H
#define SIM_OBJECT_H

#include <stdint.h>

#include "sim/schedule.h"

/* The deadline of a call whose timespec is no time: it fails with EINVAL once it would wait. */
#define OBJECT_DEADLINE_INVALID (AGENDA_NEVER - 1)

/* Announces a point about an object; `object` is its display id, 0 before the first point. */
static inline void object_announce(struct schedule *schedule,
                                   enum point_kind kind,
                                   uint32_t *object,
                                   const void *site) {
    if (*object == 0) {
        *object = schedule_object(schedule);
    }
    const struct point point = {.kind = (uint16_t)kind,
                                .write = 1,
                                .object = *object,
                                .site = site};
    schedule_point(schedule, &point);
}

/* Waits once. Whatever woke it, the caller looks again whether it may have the object now: when it
 * was WAKE_INTERRUPTED, signal handlers have run and it stood in no queue meanwhile. */
static inline enum wake_reason object_wait(struct schedule *schedule,
                                           struct wait_queue *queue,
                                           uint64_t deadline_ns,
                                           const struct wait_cause *cause) {
    if (schedule_running(schedule)->interrupts != 0) {
        schedule_interrupt(schedule);
        return WAKE_INTERRUPTED;
    }
    return schedule_wait_interruptible(schedule, queue, deadline_ns, cause);
}

#endif
