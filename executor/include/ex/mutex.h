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

#include <ex/plain.h>
#include <ex/wait.h>

/* `state`. */
enum {
    EX_MUTEX_FREE = 0,
    EX_MUTEX_HELD = 1,
    EX_MUTEX_WANTED = 2, /* held, and who unlocks it looks into the queue */
};

struct ex_mutex {
    struct ex_wait_queue queue;
    uint32_t state; /* of a shared one: changed by compare and exchange */
    struct ex_wait_guard guard;
};

EX_PUBLIC void ex_mutex_init(struct ex_mutex *mutex, enum ex_wait_kind kind);

/* Panics when it is held. */
EX_PUBLIC void ex_mutex_deinit(struct ex_mutex *mutex);

/* From one state to another; false: it is in none of the two. By who may touch the mutex. */
static inline bool ex_mutex_change(struct ex_mutex *mutex, uint32_t from, uint32_t to) {
    if (mutex->guard.thread == ex_wait_thread()) {
        const bool is_as_expected = mutex->state == from;
        if (is_as_expected) {
            mutex->state = to;
        }
        return is_as_expected;
    }
#ifndef EX_SMALL
    if (mutex->guard.thread == 0) {
        return __atomic_compare_exchange_n(&mutex->state,
                                           &from,
                                           to,
                                           false,
                                           __ATOMIC_ACQ_REL,
                                           __ATOMIC_RELAXED);
    }
#endif
    return false;
}

/* Awaitable: 0, held from here on; -ECANCELED. */
struct ex_mutex_lock {
    struct ex_frame frame;
    struct ex_mutex *mutex;
    struct ex_wait_node node;
};
EX_PUBLIC ex_resume_function ex_mutex_lock_slowly;

static inline int64_t
ex_mutex_lock_plainly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_mutex_lock *const self = (struct ex_mutex_lock *)(void *)frame;

    if (ex_plain_end(frame, strand)) {
        if (ex_mutex_change(self->mutex, EX_MUTEX_FREE, EX_MUTEX_HELD)) {
            return 0;
        }
        ex_budget_left++;
    }
    return ex_plain_give_up(frame, strand, value, ex_mutex_lock_slowly);
}

static inline struct ex_frame *ex_mutex_lock(struct ex_mutex_lock *self, struct ex_mutex *mutex) {
    self->mutex = mutex;
    return EX_PLAIN_FRAME(self, ex_mutex_lock_plainly, ex_mutex_lock_slowly);
}

/* True: held from here on. Never waits. */
EX_PUBLIC bool ex_mutex_try_lock(struct ex_mutex *mutex);

/* Panics when nobody holds it. */
EX_PUBLIC void ex_mutex_unlock_slowly(struct ex_mutex *mutex);

static inline void ex_mutex_unlock(struct ex_mutex *mutex) {
    if (__builtin_expect(!ex_mutex_change(mutex, EX_MUTEX_HELD, EX_MUTEX_FREE), 0)) {
        ex_mutex_unlock_slowly(mutex);
    }
}

#ifndef EX_SMALL
EX_PUBLIC void ex_mutex_lock_blocking(struct ex_mutex *mutex);
#endif

#endif
