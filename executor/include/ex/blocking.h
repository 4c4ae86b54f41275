/* Functions that block, on threads of their own, awaited like any other.
 *
 *   static int64_t digest(void *argument);        // on some thread of the pool; may block
 *   …
 *   EX_AWAIT(ex_blocking_call(&self->call, digest, self));
 *
 *   queued ──► runs ──► returned: `value` is what the function returned
 *      └─ cancelled: -ECANCELED, it never runs
 *
 * A function that has begun is not stopped (one that never returns keeps its task, and the end of
 * the scheduler, for ever): whoever awaits it, cancelled or past a deadline, waits until it has
 * returned, and gets its result; the next await is told of the cancel. So what the function uses
 * may lie in the frame that awaits it.
 *
 * Memory:  the frame's. The pool's threads are started when they are needed, at most
 *          ex_scheduler_options.blocking_thread_count_max of them, and end when they have idled for
 *          10 s, or with the scheduler. A build for a small machine (EX_SMALL) has nothing of this.
 * Errors:  the function's own, which are negative by convention; -ECANCELED; -EAGAIN: no thread can
 *          be started.
 * Threads: the function runs on a thread that belongs to no scheduler, with all signals blocked. It
 *          may spawn tasks and wake them, but not await.
 */
#ifndef EXECUTOR_INCLUDE_EX_BLOCKING_H
#define EXECUTOR_INCLUDE_EX_BLOCKING_H

#include <ex/pool.h>
#include <ex/waker.h>

struct ex_pool;

/* Anything but EX_PENDING. */
typedef int64_t ex_blocking_function(void *argument);

struct ex_blocking_call {
    struct ex_frame frame;
    ex_blocking_function *function;
    void *argument;
    int64_t value;        /* valid once the function returned */
    struct ex_pool *pool; /* valid once begun, as all below */
    struct ex_waker waker;
    struct ex_pool_job job;
};

/* Awaitable: calls `function` with `argument`. */
EX_PUBLIC struct ex_frame *
ex_blocking_call(struct ex_blocking_call *self, ex_blocking_function *function, void *argument);

#endif
