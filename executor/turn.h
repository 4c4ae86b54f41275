/* One turn of a worker: resume what is ready, and look around between.
 *
 *   pop ──► resume(leaf) ──returned──► resume(caller) … ──returned──► ex_task_return
 *                 └─ pending: the leaf stands in strand.leaf already; woken meanwhile: queued again
 *
 * Threads: the worker's own.
 */
#ifndef EXECUTOR_TURN_H
#define EXECUTOR_TURN_H

#include "executor/worker.h"

enum {
    EX_TURN_RESUMES_MAX = 61
}; /* resumes between two looks at remote wakes, timers and events */

/* Resumes the leaf and, as they return, its callers, with `value` for the first. What the outermost
 * frame returned, or EX_PENDING. Used for roots and, by joins, for branches. */
static inline int64_t ex_turn_resume(struct ex_strand *strand, int64_t value) {
    struct ex_frame *frame = strand->leaf;

    do {
        /* The outermost one's is where others wait for the task. */
        struct ex_frame *const up = __atomic_load_n(&frame->up, __ATOMIC_RELAXED);
        value = frame->resume(frame, strand, value);
        if (value == EX_PENDING) {
            return value;
        }
        frame = up;
    } while (((uintptr_t)frame & 1) == 0);
    return value;
}

/* Resumes at most EX_TURN_RESUMES_MAX strands; true when it stopped for that, false when none is
 * ready. */
bool ex_turn_run(struct ex_worker *worker);

#endif
