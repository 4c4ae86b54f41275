#include <ex/mutex.h>

#include "executor/wait.h"

void ex_mutex_init(struct ex_mutex *mutex, enum ex_wait_kind kind) {
    *mutex = (struct ex_mutex){.state = EX_MUTEX_FREE};
    ex_wait_guard_init(&mutex->guard, kind);
}

void ex_mutex_deinit(struct ex_mutex *mutex) {
    ex_wait_enter(&mutex->guard);
    EX_REQUIRE(mutex->state == EX_MUTEX_FREE, "ex_mutex_deinit: it is locked; unlock it first");
    EX_ASSERT(mutex->queue.first == NULL);
    ex_wait_leave(&mutex->guard);
    ex_wait_guard_deinit(&mutex->guard);
}

bool ex_mutex_try_lock(struct ex_mutex *mutex) {
    ex_wait_require_thread(&mutex->guard);
    return ex_mutex_change(mutex, EX_MUTEX_FREE, EX_MUTEX_HELD);
}

/* ---- with the guard held ----------------------------------------------------------------------
 *
 *   free ──lock──► held ──somebody waits──► wanted ──unlock, the last of them is given it──► held
 *
 * Only with the guard held does a mutex become wanted, or cease to be: what is wanted stays so
 * meanwhile, and nobody who comes later can take it. When those who wanted it were cancelled, it
 * stays wanted until it is unlocked.
 */

/* True: it was free, and is held by the caller. Else who holds it looks into the queue. */
static inline bool take_or_want(struct ex_mutex *mutex) {
    for (;;) {
        if (ex_mutex_change(mutex, EX_MUTEX_FREE, EX_MUTEX_HELD)) {
            return true;
        }
        if (ex_mutex_change(mutex, EX_MUTEX_HELD, EX_MUTEX_WANTED) ||
            __atomic_load_n(&mutex->state, __ATOMIC_RELAXED) == EX_MUTEX_WANTED) {
            return false;
        }
    }
}

static inline int64_t lock_or_queue(struct ex_mutex_lock *self, struct ex_strand *strand) {
    struct ex_mutex *const mutex = self->mutex;
    int64_t value = 0;

    if (ex_mutex_change(mutex, EX_MUTEX_FREE, EX_MUTEX_HELD)) {
        return value;
    }
    ex_wait_enter(&mutex->guard);
    if (!take_or_want(mutex)) {
        ex_wait_push(&mutex->queue, &self->node, strand);
        value = EX_PENDING;
    }
    ex_wait_leave(&mutex->guard);
    return value;
}

EX_RESUME(ex_mutex_lock) {
    EX_BEGIN(ex_mutex_lock);
    EX_WAIT_BEGIN();
    value = lock_or_queue(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = ex_wait_go_on(&self->mutex->guard, &self->mutex->queue, &self->node, strand);
    }
    EX_RETURN(value);
    EX_END();
}

int64_t ex_mutex_lock_slowly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    frame->resume = ex_mutex_lock_resume;
    return ex_mutex_lock_resume(frame, strand, value);
}

void ex_mutex_unlock_slowly(struct ex_mutex *mutex) {
    ex_wait_enter(&mutex->guard);
    EX_REQUIRE(
        __atomic_load_n(&mutex->state, __ATOMIC_RELAXED) != EX_MUTEX_FREE,
        "ex_mutex_unlock: it is not locked; unlock once for each lock that returned 0 or true");
    if (mutex->queue.first == mutex->queue.last) { /* none waits, or one */
        const uint32_t state = mutex->queue.first == NULL ? EX_MUTEX_FREE : EX_MUTEX_HELD;
        __atomic_store_n(&mutex->state, state, __ATOMIC_RELEASE);
    }
    if (mutex->queue.first != NULL) {
        ex_wait_end(&mutex->guard, &mutex->queue, mutex->queue.first, 0);
    }
    ex_wait_leave(&mutex->guard);
}

#ifndef EX_SMALL
void ex_mutex_lock_blocking(struct ex_mutex *mutex) {
    struct ex_mutex_lock self;
    const int64_t value = ex_wait_block(&mutex->guard, ex_mutex_lock(&self, mutex));

    EX_ASSERT(value == 0);
}
#endif
