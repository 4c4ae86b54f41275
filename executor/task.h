/* A task's life inside the runtime; its users see ex/task.h.
 *
 *   slot: [ struct ex_strand | outermost frame … ]
 *
 *   outermost frame's `up`, with bit 0 set:   1 nobody waits · 3 it has returned
 *                                             5 nobody will · 7 the task is gone
 *                                             else a joiner's strand | 1
 *   its `at`, once it has returned:           the result
 *
 * Threads: the owner of the strand, where nothing else is said.
 */
#ifndef EXECUTOR_TASK_H
#define EXECUTOR_TASK_H

#include "executor/worker.h"

#include <ex/task.h>

struct ex_task {
    struct ex_strand strand;
};

_Static_assert(sizeof(struct ex_task) % 16 == 0, "the frame behind it is aligned to 16");

enum {
    EX_TASK_UP_OUTERMOST = 1, /* bit 0: no caller above */
    EX_TASK_UP_RETURNED = 3,
    EX_TASK_UP_DETACHED = 5,
    EX_TASK_UP_RELEASED = 7,
};

static inline struct ex_frame *ex_task_frame(struct ex_task *task) {
    return (struct ex_frame *)(void *)(task + 1);
}

static inline struct ex_task *ex_task_of(struct ex_strand *root) {
    return (struct ex_task *)(void *)root;
}

/* The outermost frame returned `value`: tells who waits, or gives the memory back. By the owner. */
void ex_task_return(struct ex_worker *worker, struct ex_strand *root, int64_t value);

/* ex_task_abort, of a task that nobody may have told yet: its clean-up is not told again. */
void ex_task_abort_once(struct ex_task *task);

/* Asks the task of `root` to cancel. By the owner. */
void ex_task_cancel(struct ex_worker *worker, struct ex_strand *root);

#endif
