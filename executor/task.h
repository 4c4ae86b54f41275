/* A task's life inside the runtime; its users see ex/task.h.
 *
 *   slot: [ struct ex_strand | outermost frame … ]
 *
 *   outermost frame's `up`, with bit 0 set:   1 nobody waits · 9 nobody will · 17 it has returned
 *                                             25 a shared one is gone · else a joiner's strand | 1
 *                            bit 1 as well:   other threads may handle the task, too
 *                            bit 2 as well:   none may; the joiner is a root that waits in a join
 *   its `at`, once it has returned:           the result
 *
 * On a local worker, a task that waits for another goes on before all others when that returns: in
 * the same breath, if nobody watches. That starves nobody, since each task returns but once.
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
    EX_TASK_UP_SHARED = 2, /* bit 1, beside all else: the word is exchanged, never written */
    EX_TASK_UP_RETURNED = 17,
    EX_TASK_UP_RELEASED = 25,
    EX_TASK_UP_JOINER_MIN = 32,
};

static inline struct ex_frame *ex_task_frame(struct ex_task *task) {
    return (struct ex_frame *)(void *)(task + 1);
}

static inline struct ex_task *ex_task_of(struct ex_strand *root) {
    return (struct ex_task *)(void *)root;
}

/* Who waits for a task, by its word. */
static inline struct ex_strand *ex_task_joiner(uintptr_t up) {
    return (struct ex_strand *)(up & ~(uintptr_t)7);
}

/* The outermost frame returned `value`: tells who waits, or gives the memory back. By the owner. */
void ex_task_return(struct ex_worker *worker, struct ex_strand *root, int64_t value);

/* Of a task that only its own thread handles. */
static inline void ex_task_release_plain(struct ex_strand *root) {
    ex_worker_add_identity(&root->identity, EX_STRAND_IDENTITY(1, 0));
    root->state = EX_STRAND_RETURNED;
    ex_slab_free(root);
}

/* ex_task_return on a worker that is neither shared nor watched. When somebody waited for the task,
 * the task is gone, and the one who waited, which is given, has to go on with its value: the join
 * in its leaf is over. Else NULL. */
static inline struct ex_strand *
ex_task_return_plain(struct ex_worker *worker, struct ex_strand *root, int64_t value) {
    const struct ex_frame *const frame = ex_task_frame(ex_task_of(root));
    const uintptr_t up = (uintptr_t)__atomic_load_n(&frame->up, __ATOMIC_RELAXED);
    struct ex_strand *joiner = NULL;

    if (up != EX_TASK_UP_DETACHED) {
        joiner = ex_task_joiner(up);
        if (__builtin_expect((up & EX_TASK_UP_PLAIN) == 0 || ex_strand_is(joiner, EX_STRAND_READY),
                             0)) {
            ex_task_return(worker, root, value);
            return NULL;
        }
    }
    ex_worker_add(&worker->counters.return_count, 1);
    ex_task_release_plain(root);
    return joiner;
}

/* ex_task_abort, of a task that nobody may have told yet: its clean-up is not told again. */
void ex_task_abort_once(struct ex_task *task);

/* Asks the task of `root` to cancel. By the owner. */
void ex_task_cancel(struct ex_worker *worker, struct ex_strand *root);

#endif
