#include <ex/mutex.h>

#include "executor/plain.h"
#include "executor/wait.h"

void ex_mutex_init(struct ex_mutex *mutex, enum ex_wait_kind kind) {
    *mutex = (struct ex_mutex){.is_locked = false};
    ex_wait_guard_init(&mutex->guard, kind);
}

void ex_mutex_deinit(struct ex_mutex *mutex) {
    ex_wait_enter(&mutex->guard);
    EX_REQUIRE(!mutex->is_locked, "a mutex is destroyed while it is held");
    EX_ASSERT(mutex->queue.first == NULL);
    ex_wait_leave(&mutex->guard);
    ex_wait_guard_deinit(&mutex->guard);
}

bool ex_mutex_try_lock(struct ex_mutex *mutex) {
    ex_wait_enter(&mutex->guard);
    const bool is_taken = !mutex->is_locked;
    mutex->is_locked = true;
    ex_wait_leave(&mutex->guard);
    return is_taken;
}

static inline int64_t lock_or_queue(struct ex_mutex_lock *self, struct ex_strand *strand) {
    struct ex_mutex *const mutex = self->mutex;
    int64_t value = 0;

    ex_wait_enter(&mutex->guard);
    if (mutex->is_locked) {
        ex_wait_push(&mutex->queue, &self->node, strand);
        value = EX_PENDING;
    }
    mutex->is_locked = true;
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

/* Most find it free, and are done without a stack frame of their own. */
static int64_t lock_plainly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_mutex *const mutex = ((struct ex_mutex_lock *)(void *)frame)->mutex;

    if (__builtin_expect(!ex_plain_is_possible(&mutex->guard, strand) || mutex->is_locked, 0)) {
        frame->resume = ex_mutex_lock_resume;
        return ex_mutex_lock_resume(frame, strand, value);
    }
    mutex->is_locked = true;
    return ex_plain_return(frame);
}

struct ex_frame *ex_mutex_lock(struct ex_mutex_lock *self, struct ex_mutex *mutex) {
    self->mutex = mutex;
    return ex_frame_init(&self->frame, lock_plainly);
}

void ex_mutex_unlock(struct ex_mutex *mutex) {
    ex_wait_enter(&mutex->guard);
    EX_REQUIRE(mutex->is_locked, "a mutex is unlocked that nobody holds");
    if (mutex->queue.first != NULL) {
        ex_wait_end(&mutex->guard, &mutex->queue, mutex->queue.first, 0);
    } else {
        mutex->is_locked = false;
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
