#include <ex/semaphore.h>

#include "executor/wait.h"

void ex_semaphore_init(struct ex_semaphore *semaphore, enum ex_wait_kind kind, uint32_t permits) {
    *semaphore = (struct ex_semaphore){.permits = permits};
    ex_wait_guard_init(&semaphore->guard, kind);
}

void ex_semaphore_deinit(struct ex_semaphore *semaphore) {
    ex_wait_enter(&semaphore->guard);
    EX_REQUIRE(semaphore->queue.first == NULL, "a semaphore is destroyed while somebody waits");
    ex_wait_leave(&semaphore->guard);
    ex_wait_guard_deinit(&semaphore->guard);
}

/* ---- with the guard held ---- */

static struct ex_semaphore_acquire *acquire_of(struct ex_wait_node *node) {
    return (struct ex_semaphore_acquire *)(void *)((unsigned char *)node -
                                                   offsetof(struct ex_semaphore_acquire, node));
}

static inline bool take(struct ex_semaphore *semaphore, uint32_t count) {
    if (semaphore->queue.first != NULL || semaphore->permits < count) {
        return false;
    }
    semaphore->permits -= count;
    return true;
}

/* Serves the queue from its front as far as the permits go. */
static inline void serve(struct ex_semaphore *semaphore) {
    while (semaphore->queue.first != NULL) {
        struct ex_semaphore_acquire *const first = acquire_of(semaphore->queue.first);
        if (semaphore->permits < first->count) {
            return;
        }
        semaphore->permits -= first->count;
        ex_wait_end(&semaphore->guard, &semaphore->queue, &first->node, 0);
    }
}

/* ---- operations ---- */

bool ex_semaphore_try_acquire(struct ex_semaphore *semaphore, uint32_t count) {
    ex_wait_enter(&semaphore->guard);
    const bool is_taken = take(semaphore, count);
    ex_wait_leave(&semaphore->guard);
    return is_taken;
}

static inline int64_t begin(struct ex_semaphore_acquire *self, struct ex_strand *strand) {
    struct ex_semaphore *const semaphore = self->semaphore;
    int64_t value = 0;

    ex_wait_enter(&semaphore->guard);
    if (!take(semaphore, self->count)) {
        ex_wait_push(&semaphore->queue, &self->node, strand);
        value = EX_PENDING;
    }
    ex_wait_leave(&semaphore->guard);
    return value;
}

/* When the first one leaves, there may be enough for those behind it. */
static inline int64_t go_on(struct ex_semaphore_acquire *self, struct ex_strand *strand) {
    struct ex_semaphore *const semaphore = self->semaphore;

    ex_wait_enter(&semaphore->guard);
    int64_t value = self->node.value;
    if (value == EX_PENDING && ex_strand_take_cancel(strand)) {
        ex_wait_remove(&semaphore->queue, &self->node);
        serve(semaphore);
        value = -ECANCELED;
    }
    ex_wait_leave(&semaphore->guard);
    return value;
}

EX_RESUME(ex_semaphore_acquire) {
    EX_BEGIN(ex_semaphore_acquire);
    EX_WAIT_BEGIN();
    value = begin(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = go_on(self, strand);
    }
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *ex_semaphore_acquire(struct ex_semaphore_acquire *self,
                                      struct ex_semaphore *semaphore,
                                      uint32_t count) {
    self->semaphore = semaphore;
    self->count = count;
    return EX_FRAME(self, ex_semaphore_acquire);
}

void ex_semaphore_release(struct ex_semaphore *semaphore, uint32_t count) {
    ex_wait_enter(&semaphore->guard);
    EX_REQUIRE(count <= EX_SEMAPHORE_PERMITS_MAX - semaphore->permits,
               "more permits are released than a semaphore can hold");
    semaphore->permits += count;
    serve(semaphore);
    ex_wait_leave(&semaphore->guard);
}

uint32_t ex_semaphore_permits(struct ex_semaphore *semaphore) {
    ex_wait_enter(&semaphore->guard);
    const uint32_t permits = semaphore->permits;
    ex_wait_leave(&semaphore->guard);
    return permits;
}

#ifndef EX_SMALL
void ex_semaphore_acquire_blocking(struct ex_semaphore *semaphore, uint32_t count) {
    struct ex_semaphore_acquire self;
    const int64_t value =
        ex_wait_block(&semaphore->guard, ex_semaphore_acquire(&self, semaphore, count));

    EX_ASSERT(value == 0);
}
#endif
