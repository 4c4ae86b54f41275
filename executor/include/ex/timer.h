/* Time: sleep, and deadlines for whatever is awaited.
 *
 *   EX_AWAIT(ex_sleep_for(&self->sleep, 20 * EX_TIMER_MS));
 *
 *   EX_AWAIT(ex_deadline(&self->deadline, receive(&self->receive), ex_timer_now() + EX_TIMER_S));
 *   if (value == -ETIMEDOUT) …
 *
 *                    ┌── the child returned ─────────────────────────────────► its value
 *   ex_deadline ─────┼── deadline ──► its await: -ECANCELED, it cleans up ───► -ETIMEDOUT
 *                    └── abort of the task ──► the same, handed on ──────────► -ECANCELED
 *
 * A deadline drops nothing: the child is told at its await, as by an abort, and has returned when
 * ex_deadline does. Its clean-up is not told a second time: an abort that comes when the deadline
 * has passed is kept for the next await after ex_deadline. When the child returns anything but
 * -ECANCELED, for it had finished or would not be stopped, that value is the result.
 *
 * Timers of one worker fire by (deadline, start), to the nanosecond of the clock.
 *
 * Memory:  in the frames; nothing is allocated, and waiting for a time never fails. A build for a
 *          small machine (EX_SMALL) has no clock, and nothing of this.
 * Units:   nanoseconds of CLOCK_MONOTONIC; EX_TIMER_NEVER: no time.
 * Errors:  -ECANCELED, -ETIMEDOUT.
 * Threads: a frame belongs to the strand that runs it.
 * Cost:    a deadline costs nothing while the child does not wait, then an insertion and a removal
 *          (executor/wheel.h), and one more resume for each wake of the child.
 */
#ifndef EXECUTOR_INCLUDE_EX_TIMER_H
#define EXECUTOR_INCLUDE_EX_TIMER_H

#include <ex/strand.h>
#include <ex/wheel.h>

#define EX_TIMER_US UINT64_C(1000)
#define EX_TIMER_MS UINT64_C(1000000)
#define EX_TIMER_S UINT64_C(1000000000)
#define EX_TIMER_NEVER EX_WHEEL_NEVER

struct ex_worker;

/* The clock that deadlines are measured by. From any thread. */
EX_PUBLIC uint64_t ex_timer_now(void);

/* Part of what waits for a time. */
struct ex_timer {
    struct ex_wheel_node node;
    struct ex_strand *strand; /* to wake; valid once started */
    struct ex_worker *worker; /* in whose wheel the node is; valid once started */
};

/* Awaitable: 0 at the deadline or soon after, never before. Others that are ready go first also
 * when the deadline has passed already. -ECANCELED when the task is told to end. */
struct ex_sleep {
    struct ex_frame frame;
    struct ex_timer timer;
};
EX_PUBLIC struct ex_frame *ex_sleep_until(struct ex_sleep *self, uint64_t deadline_ns);

/* The same, that long from the call on. */
EX_PUBLIC struct ex_frame *ex_sleep_for(struct ex_sleep *self, uint64_t duration_ns);

/* Awaitable: runs the initialised frame `child`, and tells it to cancel at the deadline. The child
 * runs until it waits for the first time even if the deadline has passed. */
struct ex_deadline {
    struct ex_frame frame;
    struct ex_branch branch; /* what the child runs on, so that it alone is told */
    struct ex_timer timer;
    bool is_told;   /* the child, by the deadline */
    bool is_handed; /* the child was told of an abort of the task */
};
EX_PUBLIC struct ex_frame *
ex_deadline(struct ex_deadline *self, struct ex_frame *child, uint64_t deadline_ns);

#endif
