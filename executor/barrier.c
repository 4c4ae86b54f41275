#include <ex/barrier.h>

#include "executor/wait.h"

void ex_barrier_init(struct ex_barrier *barrier, enum ex_wait_kind kind, uint32_t count) {
    EX_REQUIRE(count > 0, "ex_barrier_init: a barrier for nobody; `count` is at least 1");
    *barrier = (struct ex_barrier){.count = count, .missing = count};
    ex_wait_guard_init(&barrier->guard, kind);
}

void ex_barrier_deinit(struct ex_barrier *barrier) {
    ex_wait_enter(&barrier->guard);
    EX_REQUIRE(barrier->queue.first == NULL,
               "ex_barrier_deinit: somebody waits at the barrier; end those tasks first");
    EX_ASSERT(barrier->missing == barrier->count);
    ex_wait_leave(&barrier->guard);
    ex_wait_guard_deinit(&barrier->guard);
}

static inline int64_t begin(struct ex_barrier_wait *self, struct ex_strand *strand) {
    struct ex_barrier *const barrier = self->barrier;
    int64_t value = EX_PENDING;

    ex_wait_enter(&barrier->guard);
    if (--barrier->missing == 0) {
        barrier->missing = barrier->count;
        ex_wait_end_all(&barrier->guard, &barrier->queue, 0);
        value = EX_BARRIER_LEADER;
    } else {
        ex_wait_push(&barrier->queue, &self->node, strand);
    }
    ex_wait_leave(&barrier->guard);
    return value;
}

static inline int64_t go_on(struct ex_barrier_wait *self, struct ex_strand *strand) {
    struct ex_barrier *const barrier = self->barrier;

    ex_wait_enter(&barrier->guard);
    int64_t value = self->node.value;
    if (value == EX_PENDING && ex_strand_take_cancel(strand)) {
        ex_wait_remove(&barrier->queue, &self->node);
        barrier->missing++;
        EX_ASSERT(barrier->missing <= barrier->count);
        value = -ECANCELED;
    }
    ex_wait_leave(&barrier->guard);
    return value;
}

EX_RESUME(ex_barrier_wait) {
    EX_BEGIN(ex_barrier_wait);
    EX_WAIT_BEGIN();
    value = begin(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = go_on(self, strand);
    }
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *ex_barrier_wait(struct ex_barrier_wait *self, struct ex_barrier *barrier) {
    self->barrier = barrier;
    return EX_FRAME(self, ex_barrier_wait);
}

#ifndef EX_SMALL
int ex_barrier_wait_blocking(struct ex_barrier *barrier) {
    struct ex_barrier_wait self;
    const int64_t value = ex_wait_block(&barrier->guard, ex_barrier_wait(&self, barrier));

    EX_ASSERT(value == 0 || value == EX_BARRIER_LEADER);
    return (int)value;
}
#endif
