/* Operations of the usual kind, done at once and without a stack frame of their own.
 *
 *   init ──► x_plainly ──possible, and there is what it wants──► returned
 *                └────────────── else ──► the long way: x_resume (executor/wait.h)
 *
 * The long way does everything, also what is done here; here is what a compiler would have to find
 * by following one path through it.
 *
 * Threads: the worker's own.
 */
#ifndef EXECUTOR_PLAIN_H
#define EXECUTOR_PLAIN_H

#include "executor/wait.h"

/* Whether an operation that has just begun may be done with plain words: on a local object, with
 * budget left, and no cancel due. Spends nothing. What says no goes the long way, which says why.
 */
static inline bool ex_plain_is_possible(const struct ex_wait_guard *guard,
                                        const struct ex_strand *strand) {
    const struct ex_worker *const worker = ex_worker_self;

    return guard->thread == ex_wait_thread() && worker != NULL && worker->budget > 0 &&
           !ex_strand_is(strand, EX_STRAND_CANCEL);
}

/* Ends an operation that was done so. */
static inline int64_t ex_plain_return(struct ex_frame *frame) {
    ex_worker_self->budget--;
    frame->resume = ex_frame_completed;
    return 0;
}

#endif
