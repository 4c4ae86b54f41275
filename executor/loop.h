/* What a worker's thread does all the time: turns while something is ready, waits while nothing is.
 *
 *   ┌► turn ──► remote wakes, timers ──► over? ──► ready? ─yes─┐
 *   │                                                └─no─► asleep ─► look once more ─► wait ─┐
 *   └──────────────────────────────────────────────────────────┴──────────────────────────────┘
 *
 * Counterexample that the second look answers: (1) the worker finds no remote wake; (2) a waker
 * pushes one, sees the worker awake and does not notify; (3) the worker waits for ever.
 *
 * Threads: the worker's own.
 */
#ifndef EXECUTOR_LOOP_H
#define EXECUTOR_LOOP_H

#include "executor/worker.h"

/* A local worker: until the scheduler is stopped, or no task of it is alive. 0, or -EDEADLK
 * (ex/scheduler.h). */
int ex_loop_run(struct ex_worker *worker);

/* A local worker: until nothing is ready; never waits. */
void ex_loop_poll(struct ex_worker *worker);

/* A shared worker: until the scheduler is closing and no task is alive. */
void ex_loop_serve(struct ex_worker *worker);

#endif
