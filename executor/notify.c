#include <ex/notify.h>

#include "executor/wait.h"

/* What a node's `value` says, before its operation returns 0. */
enum { BY_ONE = 1, BY_ALL = 2 };

void ex_notify_init(struct ex_notify *notify, enum ex_wait_kind kind) {
    *notify = (struct ex_notify){.is_stored = false};
    ex_wait_guard_init(&notify->guard, kind);
}

void ex_notify_deinit(struct ex_notify *notify) {
    ex_wait_enter(&notify->guard);
    EX_REQUIRE(notify->queue.first == NULL,
               "ex_notify_deinit: somebody waits for it; notify, or end those tasks first");
    ex_wait_leave(&notify->guard);
    ex_wait_guard_deinit(&notify->guard);
}

/* With the guard held. */
static inline void give(struct ex_notify *notify) {
    if (notify->queue.first != NULL) {
        ex_wait_end(&notify->guard, &notify->queue, notify->queue.first, BY_ONE);
    } else {
        notify->is_stored = true;
    }
}

static inline int64_t begin(struct ex_notify_wait *self, struct ex_strand *strand) {
    struct ex_notify *const notify = self->notify;
    int64_t value = 0;

    ex_wait_enter(&notify->guard);
    if (!notify->is_stored) {
        ex_wait_push(&notify->queue, &self->node, strand);
        value = EX_PENDING;
    }
    notify->is_stored = false;
    ex_wait_leave(&notify->guard);
    return value;
}

static inline int64_t go_on(struct ex_notify_wait *self, struct ex_strand *strand) {
    struct ex_notify *const notify = self->notify;

    ex_wait_enter(&notify->guard);
    const int64_t by = self->node.value;
    int64_t value = by == EX_PENDING ? EX_PENDING : 0;
    if (by != BY_ALL && ex_strand_take_cancel(strand)) {
        if (by == BY_ONE) {
            give(notify);
        } else {
            ex_wait_remove(&notify->queue, &self->node);
        }
        value = -ECANCELED;
    }
    ex_wait_leave(&notify->guard);
    return value;
}

EX_RESUME(ex_notify_wait) {
    EX_BEGIN(ex_notify_wait);
    EX_WAIT_BEGIN();
    value = begin(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = go_on(self, strand);
    }
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *ex_notify_wait(struct ex_notify_wait *self, struct ex_notify *notify) {
    self->notify = notify;
    return EX_FRAME(self, ex_notify_wait);
}

void ex_notify_one(struct ex_notify *notify) {
    ex_wait_enter(&notify->guard);
    give(notify);
    ex_wait_leave(&notify->guard);
}

void ex_notify_all(struct ex_notify *notify) {
    ex_wait_enter(&notify->guard);
    ex_wait_end_all(&notify->guard, &notify->queue, BY_ALL);
    ex_wait_leave(&notify->guard);
}

#ifndef EX_SMALL
void ex_notify_wait_blocking(struct ex_notify *notify) {
    struct ex_notify_wait self;
    const int64_t value = ex_wait_block(&notify->guard, ex_notify_wait(&self, notify));

    EX_ASSERT(value == 0);
}
#endif
