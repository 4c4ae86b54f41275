/* A task's life inside the runtime; its users see ex/task.h.
 *
 * On a local worker, a task that waits for another goes on before all others when that returns: in
 * the same breath, if nobody watches. That starves nobody, since each task returns but once.
 *
 * Threads: the owner of the strand, where nothing else is said.
 */
#ifndef EXECUTOR_TASK_H
#define EXECUTOR_TASK_H

#include "executor/release.h"

#include <ex/task.h>

/* Who waits for a task, by its word. */
static inline struct ex_strand *ex_task_joiner(uintptr_t up) {
    return (struct ex_strand *)(up & ~(uintptr_t)7);
}

/* The outermost frame returned `value`: tells who waits, or gives the memory back. By the owner. */
void ex_task_return(struct ex_worker *worker, struct ex_strand *root, int64_t value);

/* The same of a shared worker that is not watched, inside its bracket, which it leaves for a moment
 * if it has to tell another worker. */
void ex_task_return_shared(struct ex_worker *worker, struct ex_strand *root, int64_t value);

/* The same by a word that has bit EX_TASK_UP_PLAIN: a root of the same thread. */
static inline struct ex_strand *ex_task_joiner_plain(uintptr_t up) {
    return (struct ex_strand *)(up - EX_TASK_UP_PLAIN - EX_TASK_UP_OUTERMOST);
}

/* ex_task_abort, of a task that nobody may have told yet: its clean-up is not told again. */
void ex_task_abort_once(struct ex_task *task);

/* Asks the task of `root` to cancel. By the owner. */
void ex_task_cancel(struct ex_worker *worker, struct ex_strand *root);

#endif
