/* A worker without work: search, then sleep, and be woken in time.
 *
 *   working ──nothing ready──► searching ──nothing found──► idle ─► barrier ─► look once more
 *      ▲                           │ found: if it was the last to search, it wakes another │
 *      └───────────────────────────┴──◄── notified, or deadline ◄── asleep ◄───────────────┘
 *
 * At most half of the workers search at one time. Who queues something wakes an idle worker only if
 * none is searching: the searcher will find it, or look once more before it sleeps.
 *
 * While some work and some idle, one of those that idle is the watcher: every EX_IDLE_LOOK_NS it
 * looks whether a worker is still in the same task as at its last look, with something ready behind
 * it, and robs it of that.
 *
 * The last one to idle knows that no task is ready anywhere: if none is alive it ends the run.
 *
 * Threads: the worker's own.
 */
#ifndef EXECUTOR_IDLE_H
#define EXECUTOR_IDLE_H

#include "executor/worker.h"

enum { EX_IDLE_LOOK_NS = 250000 };

/* Looks for work elsewhere; true when some is ready now. */
bool ex_idle_search(struct ex_worker *worker);

/* Sleeps until notified, or until `deadline_ns` on the monotonic clock (UINT64_MAX: none), unless
 * there is something to do after all. */
void ex_idle_sleep(struct ex_worker *worker, uint64_t deadline_ns);

/* Every worker of the scheduler idles, and no task is alive. */
bool ex_idle_is_over(const struct ex_scheduler *scheduler);

#endif
