/* How tasks and threads wait for each other: the one mechanism under every lock and channel.
 *
 *   object: guard │ queue ──► node ⇄ node ⇄ node      first come, first served
 *                               │      │      └ in the frame of the operation that waits
 *                             strand strand
 *
 * Each object is, from its creation on, one of two kinds:
 *   local    one thread's: no lock and no atomic. Another thread that touches it panics. For tasks
 *            of a local scheduler, and for whatever runs beside it on its thread.
 *   shared   any thread's: a pthread mutex inside, held for a few instructions at a time.
 *
 * Rules that every object keeps:
 *   1. Who waits is given what it waits for: a lock or a permit passes straight to the first in the
 *      queue, and nobody who comes later can take it first.
 *   2. A strand is woken while the guard is held, and an operation that waited takes the guard once
 *      before it returns: no wake reaches a frame that is gone.
 *      Counterexample: (1) A grants B and lets go of the guard; (2) B was resumed for another
 *      reason, sees the grant, returns, and its frame is gone; (3) A wakes what lay in that frame.
 *   3. An operation that is cancelled leaves the queue and returns -ECANCELED. If it was given
 *      something at the same time, it returns that, and the next await is told of the cancel; or it
 *      passes it on (ex/notify.h). It is never lost.
 *
 * Futurelock cannot happen. Where a future is polled by its parent, one that was given a lock and
 * is not polled any more (the other branch of its select was taken) holds the lock for ever. Here
 * a frame that waits is resumed by its own strand, whatever its parents do; it cannot be dropped,
 * only cancelled, and then runs until it has left the queue or returned what it was given.
 *
 * Memory:  an object is its user's; nodes lie in the frames of operations. No allocation. It may be
 *          destroyed when all operations that waited for it have returned.
 *          Whoever uses it afterwards panics, as far as its memory is as it was. Undefined: NULL.
 * Errors:  operations return 0 or a negative errno; -ECANCELED as in ex/task.h.
 * Threads: as above. …_blocking functions are for plain threads and shared objects: on a thread
 *          that runs tasks they panic, since what would end the wait may be one of them. Nor may
 *          it be one that the thread itself is to run, afterwards: it would wait for ever.
 */
#ifndef EXECUTOR_INCLUDE_EX_WAIT_H
#define EXECUTOR_INCLUDE_EX_WAIT_H

#include <ex/budget.h>
#ifndef EX_SMALL
#include <pthread.h>
#endif

enum ex_wait_kind {
    EX_WAIT_LOCAL,
#ifndef EX_SMALL
    EX_WAIT_SHARED,
#endif
};

/* Who may touch an object, and the lock of a shared one. */
struct ex_wait_guard {
    uintptr_t thread; /* of a local one; 0: shared */
#ifndef EX_SMALL
    pthread_mutex_t mutex; /* of a shared one */
#endif
};

/* `thread` of one that was destroyed: no thread's. */
#define EX_WAIT_DESTROYED UINTPTR_MAX

/* What tells the calling thread from others that are alive. */
static inline uintptr_t ex_wait_thread(void) {
#ifdef EX_SMALL
    return (uintptr_t)&ex_budget_left; /* there is but one */
#else
    return (uintptr_t)__builtin_thread_pointer();
#endif
}

struct ex_wait_node {
    struct ex_wait_node *next;
    struct ex_wait_node *previous;
    struct ex_strand *strand;
    int64_t value; /* EX_PENDING while it stands in a queue, then what its operation returns */
};

struct ex_wait_queue {
    struct ex_wait_node *first;
    struct ex_wait_node *last;
};

#endif
