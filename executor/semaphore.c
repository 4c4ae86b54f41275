#include <ex/semaphore.h>

#include "executor/wait.h"

void ex_semaphore_init(struct ex_semaphore *semaphore, enum ex_wait_kind kind, uint32_t permits) {
    *semaphore = (struct ex_semaphore){.permits = permits};
    ex_wait_guard_init(&semaphore->guard, kind);
}

void ex_semaphore_deinit(struct ex_semaphore *semaphore) {
    ex_wait_enter(&semaphore->guard);
    EX_REQUIRE(semaphore->queue.first == NULL,
               "ex_semaphore_deinit: somebody waits for permits; end those tasks first");
    ex_wait_leave(&semaphore->guard);
    ex_wait_guard_deinit(&semaphore->guard);
}

/* ---- with the guard held ---- */

static struct ex_semaphore_acquire *acquire_of(struct ex_wait_node *node) {
    return (struct ex_semaphore_acquire *)(void *)((unsigned char *)node -
                                                   offsetof(struct ex_semaphore_acquire, node));
}

/* Only with the guard held does a semaphore become wanted, or cease to be: its permits are the
 * guard's meanwhile. It is wanted while somebody waits. */
static inline uint64_t permits_of(struct ex_semaphore *semaphore) {
    return __atomic_load_n(&semaphore->permits, __ATOMIC_RELAXED);
}

/* Of one that is wanted. */
static inline void set_permits(struct ex_semaphore *semaphore, uint64_t permits) {
    __atomic_store_n(&semaphore->permits, permits, __ATOMIC_RELEASE);
}

/* From one number to another; false: it has another number. */
static inline bool change(struct ex_semaphore *semaphore, uint64_t from, uint64_t to) {
    if (semaphore->guard.thread != 0) {
        semaphore->permits = to;
        return true;
    }
    return __atomic_compare_exchange_n(&semaphore->permits,
                                       &from,
                                       to,
                                       false,
                                       __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/* True: `count` permits are the caller's. Else it is wanted. */
static inline bool take_or_want(struct ex_semaphore *semaphore, uint32_t count) {
    while (!ex_semaphore_add(semaphore, -(uint64_t)count)) {
        const uint64_t permits = permits_of(semaphore);
        if ((permits & EX_SEMAPHORE_WANTED) != 0) {
            return false;
        }
        if (permits < count && change(semaphore, permits, permits | EX_SEMAPHORE_WANTED)) {
            return false;
        }
    }
    return true;
}

/* Serves the queue of one that is wanted from its front, as far as the permits go. */
static inline void serve(struct ex_semaphore *semaphore) {
    uint64_t permits = permits_of(semaphore) & ~EX_SEMAPHORE_WANTED;

    while (semaphore->queue.first != NULL) {
        struct ex_semaphore_acquire *const first = acquire_of(semaphore->queue.first);
        if (permits < first->count) {
            permits |= EX_SEMAPHORE_WANTED;
            break;
        }
        permits -= first->count;
        ex_wait_end(&semaphore->guard, &semaphore->queue, &first->node, 0);
    }
    set_permits(semaphore, permits);
}

/* ---- operations ---- */

bool ex_semaphore_try_acquire(struct ex_semaphore *semaphore, uint32_t count) {
    ex_wait_require_thread(&semaphore->guard);
    return ex_semaphore_add(semaphore, -(uint64_t)count);
}

static inline int64_t begin(struct ex_semaphore_acquire *self, struct ex_strand *strand) {
    struct ex_semaphore *const semaphore = self->semaphore;
    int64_t value = 0;

    if (ex_semaphore_add(semaphore, -(uint64_t)self->count)) {
        return value;
    }
    ex_wait_enter(&semaphore->guard);
    if (!take_or_want(semaphore, self->count)) {
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

int64_t
ex_semaphore_acquire_slowly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    frame->resume = ex_semaphore_acquire_resume;
    return ex_semaphore_acquire_resume(frame, strand, value);
}

void ex_semaphore_release_slowly(struct ex_semaphore *semaphore, uint32_t count) {
    ex_wait_enter(&semaphore->guard);
    while (!ex_semaphore_add(semaphore, count)) {
        const uint64_t permits = permits_of(semaphore);
        EX_REQUIRE(count <= EX_SEMAPHORE_PERMITS_MAX - (uint32_t)permits,
                   "ex_semaphore_release: more than EX_SEMAPHORE_PERMITS_MAX permits; release what "
                   "was acquired");
        if ((permits & EX_SEMAPHORE_WANTED) != 0) {
            set_permits(semaphore, permits + count);
            serve(semaphore);
            break;
        }
    }
    ex_wait_leave(&semaphore->guard);
}

uint32_t ex_semaphore_permits(struct ex_semaphore *semaphore) {
    ex_wait_require_thread(&semaphore->guard);
    return (uint32_t)permits_of(semaphore);
}

#ifndef EX_SMALL
void ex_semaphore_acquire_blocking(struct ex_semaphore *semaphore, uint32_t count) {
    struct ex_semaphore_acquire self;
    const int64_t value =
        ex_wait_block(&semaphore->guard, ex_semaphore_acquire(&self, semaphore, count));

    EX_ASSERT(value == 0);
}
#endif
