#include <ex/once.h>

#include "executor/wait.h"

void ex_once_init(struct ex_once *once, enum ex_wait_kind kind) {
    *once = (struct ex_once){.state = EX_ONCE_NEW};
    ex_wait_guard_init(&once->guard, kind);
}

void ex_once_deinit(struct ex_once *once) {
    ex_wait_enter(&once->guard);
    EX_REQUIRE(once->state != EX_ONCE_BEGUN,
               "ex_once_deinit: it is begun; complete it, or give it up, first");
    EX_ASSERT(once->queue.first == NULL);
    ex_wait_leave(&once->guard);
    ex_wait_guard_deinit(&once->guard);
}

bool ex_once_is_done(const struct ex_once *once) {
    return __atomic_load_n(&once->state, __ATOMIC_ACQUIRE) == EX_ONCE_DONE;
}

/* With the guard held. */
static inline void set(struct ex_once *once, enum ex_once_state state) {
    __atomic_store_n(&once->state, state, __ATOMIC_RELEASE);
}

static inline int64_t begin(struct ex_once_enter *self, struct ex_strand *strand) {
    struct ex_once *const once = self->once;
    int64_t value = 0;

    if (ex_once_is_done(once)) {
        return 0;
    }
    ex_wait_enter(&once->guard);
    if (once->state == EX_ONCE_NEW) {
        set(once, EX_ONCE_BEGUN);
        value = EX_ONCE_YOURS;
    } else if (once->state == EX_ONCE_BEGUN) {
        ex_wait_push(&once->queue, &self->node, strand);
        value = EX_PENDING;
    }
    ex_wait_leave(&once->guard);
    return value;
}

EX_RESUME(ex_once_enter) {
    EX_BEGIN(ex_once_enter);
    EX_WAIT_BEGIN();
    value = begin(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = ex_wait_go_on(&self->once->guard, &self->once->queue, &self->node, strand);
    }
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *ex_once_enter(struct ex_once_enter *self, struct ex_once *once) {
    self->once = once;
    return EX_FRAME(self, ex_once_enter);
}

void ex_once_complete(struct ex_once *once) {
    ex_wait_enter(&once->guard);
    EX_REQUIRE(once->state == EX_ONCE_BEGUN,
               "ex_once_complete: it is not begun; only who got EX_ONCE_YOURS completes it, once");
    set(once, EX_ONCE_DONE);
    ex_wait_end_all(&once->guard, &once->queue, 0);
    ex_wait_leave(&once->guard);
}

void ex_once_give_up(struct ex_once *once) {
    ex_wait_enter(&once->guard);
    EX_REQUIRE(once->state == EX_ONCE_BEGUN,
               "ex_once_give_up: it is not begun; only who got EX_ONCE_YOURS gives it up, once");
    if (once->queue.first != NULL) {
        ex_wait_end(&once->guard, &once->queue, once->queue.first, EX_ONCE_YOURS);
    } else {
        set(once, EX_ONCE_NEW);
    }
    ex_wait_leave(&once->guard);
}

#ifndef EX_SMALL
int ex_once_enter_blocking(struct ex_once *once) {
    struct ex_once_enter self;
    const int64_t value = ex_wait_block(&once->guard, ex_once_enter(&self, once));

    EX_ASSERT(value == 0 || value == EX_ONCE_YOURS);
    return (int)value;
}
#endif
