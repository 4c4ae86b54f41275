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
 * The program may write over that memory or never set it up: then a display id or a queue is found
 * there that we never left, and the run ends with a finding. The other fields may be believed.
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

/* Ends the run: "the mutex was overwritten or never initialised". */
_Noreturn void object_wild(struct schedule *schedule, const char *noun, const void *site);

/* Announces a point about an object; `object` is its display id, 0 before the first point. */
static inline void object_announce(struct schedule *schedule,
                                   enum point_kind kind,
                                   const char *noun,
                                   uint32_t *object,
                                   const void *site) {
    if (*object - 1 >= schedule->objects) {
        if (*object != 0) {
            object_wild(schedule, noun, site);
        }
        *object = schedule_object(schedule);
    }
    const struct point point = {.kind = (uint16_t)kind,
                                .write = 1,
                                .object = *object,
                                .site = site};
    schedule_point(schedule, &point);
}

/* Returns when a queue in the program's memory is as we left it. */
static inline void object_believe(struct schedule *schedule,
                                  const char *noun,
                                  const struct wait_queue *queue,
                                  const void *site) {
    if ((queue->first | queue->last) != 0 && !agent_queue_believed(&schedule->agents, queue)) {
        object_wild(schedule, noun, site);
    }
}

/* Wakes up to count_max that wait in a queue in the program's memory; returns how many. */
static inline uint32_t object_wake(struct schedule *schedule,
                                   const char *noun,
                                   struct wait_queue *queue,
                                   uint32_t count_max,
                                   const void *site) {
    object_believe(schedule, noun, queue, site);
    return schedule_wake(schedule, queue, count_max);
}

/* Waits once. Whatever woke it, the caller looks again whether it may have the object now: signal
 * handlers may have run, while it stood in no queue. A queue in the program's memory is to be
 * believed first. */
static inline enum wake_reason object_wait(struct schedule *schedule,
                                           struct wait_queue *queue,
                                           uint64_t deadline_ns,
                                           const struct wait_cause *cause) {
    const enum wake_reason reason = schedule_wait(schedule, queue, deadline_ns, cause);
    if (schedule_running(schedule)->interrupts != 0) {
        schedule_interrupt(schedule);
    }
    return reason;
}

#endif
