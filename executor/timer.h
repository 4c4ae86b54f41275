/* What a worker does about time: wakes those whose time has come, and knows when to look again.
 *
 *   start ──► wheel of the worker that runs it ──(ex_timer_fire)──► wake ──► not armed: it is time
 *                └─ stop, also by another worker: who was stolen meanwhile ends its wait there
 *
 * The wheel of a shared worker has a lock. Who stops a timer takes it, and who fires one holds it
 * until the wake is done: so a strand lives as long as it is being woken.
 *
 * Threads: the worker's own.
 */
#ifndef EXECUTOR_TIMER_H
#define EXECUTOR_TIMER_H

#include "executor/worker.h"

#include <ex/timer.h>

#ifndef EX_SMALL

/* Wakes all that is due; true when something was. Reads the clock only if a timer is armed. */
bool ex_timer_fire_slowly(struct ex_worker *worker);

static inline bool ex_timer_fire(struct ex_worker *worker) {
    return (worker->is_shared || !ex_wheel_is_empty(&worker->wheel)) &&
           ex_timer_fire_slowly(worker);
}

/* When to fire next, EX_TIMER_NEVER when nothing is armed; may be early (ex_wheel_next). */
uint64_t ex_timer_next(struct ex_worker *worker);

#else /* no clock, so no timers */

static inline bool ex_timer_fire(struct ex_worker *worker) {
    (void)worker;
    return false;
}

static inline uint64_t ex_timer_next(struct ex_worker *worker) {
    (void)worker;
    return EX_TIMER_NEVER;
}

#endif

#endif
