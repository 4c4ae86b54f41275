/* A mutex that tasks may hold across awaits; it passes straight to who waited longest.
 *
 *   EX_AWAIT(ex_mutex_lock(&self->lock, mutex));
 *   if (value < 0) {
 *       EX_RETURN(value);                      // -ECANCELED: not locked
 *   }
 *   … other awaits …
 *   ex_mutex_unlock(mutex);
 *
 *     free ──lock──► held ──unlock, nobody waits──► free
 *                     └──unlock, somebody waits──► held, by the first of them
 *
 * It belongs to whoever locked it, not to a task: what one task locked, another may unlock. So one
 * that locks what it holds waits for ever, unless somebody else unlocks.
 *
 * Memory:  the mutex is its user's; nothing is allocated.
 * Errors:  -ECANCELED from ex_mutex_lock.
 * Threads: ex/wait.h. A local one costs no atomic instruction.
 */
#ifndef EXECUTOR_INCLUDE_EX_MUTEX_H
#define EXECUTOR_INCLUDE_EX_MUTEX_H

#include <ex/wait.h>

struct ex_mutex {
    struct ex_wait_queue queue;
    bool is_locked;
    struct ex_wait_guard guard;
};

EX_PUBLIC void ex_mutex_init(struct ex_mutex *mutex, enum ex_wait_kind kind);

/* Panics when it is held. */
EX_PUBLIC void ex_mutex_deinit(struct ex_mutex *mutex);

/* Awaitable: 0, held from here on; -ECANCELED. */
struct ex_mutex_lock {
    struct ex_frame frame;
    struct ex_mutex *mutex;
    struct ex_wait_node node;
};
EX_PUBLIC struct ex_frame *ex_mutex_lock(struct ex_mutex_lock *self, struct ex_mutex *mutex);

/* True: held from here on. Never waits. */
EX_PUBLIC bool ex_mutex_try_lock(struct ex_mutex *mutex);

/* Panics when nobody holds it. */
EX_PUBLIC void ex_mutex_unlock(struct ex_mutex *mutex);

#ifndef EX_SMALL
EX_PUBLIC void ex_mutex_lock_blocking(struct ex_mutex *mutex);
#endif

#endif
