#include <ex/event.h>

#include "executor/wait.h"

void ex_event_init(struct ex_event *event, enum ex_wait_kind kind) {
    *event = (struct ex_event){.is_set = false};
    ex_wait_guard_init(&event->guard, kind);
}

void ex_event_deinit(struct ex_event *event) {
    ex_wait_enter(&event->guard);
    EX_REQUIRE(event->queue.first == NULL,
               "ex_event_deinit: somebody waits for it; set it, or end those tasks first");
    ex_wait_leave(&event->guard);
    ex_wait_guard_deinit(&event->guard);
}

static inline int64_t begin(struct ex_event_wait *self, struct ex_strand *strand) {
    struct ex_event *const event = self->event;
    int64_t value = 0;

    ex_wait_enter(&event->guard);
    if (!event->is_set) {
        ex_wait_push(&event->queue, &self->node, strand);
        value = EX_PENDING;
    }
    ex_wait_leave(&event->guard);
    return value;
}

EX_RESUME(ex_event_wait) {
    EX_BEGIN(ex_event_wait);
    EX_WAIT_BEGIN();
    value = begin(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = ex_wait_go_on(&self->event->guard, &self->event->queue, &self->node, strand);
    }
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *ex_event_wait(struct ex_event_wait *self, struct ex_event *event) {
    self->event = event;
    return EX_FRAME(self, ex_event_wait);
}

void ex_event_set(struct ex_event *event) {
    ex_wait_enter(&event->guard);
    event->is_set = true;
    ex_wait_end_all(&event->guard, &event->queue, 0);
    ex_wait_leave(&event->guard);
}

void ex_event_clear(struct ex_event *event) {
    ex_wait_enter(&event->guard);
    event->is_set = false;
    ex_wait_leave(&event->guard);
}

bool ex_event_is_set(struct ex_event *event) {
    ex_wait_enter(&event->guard);
    const bool is_set = event->is_set;
    ex_wait_leave(&event->guard);
    return is_set;
}

#ifndef EX_SMALL
void ex_event_wait_blocking(struct ex_event *event) {
    struct ex_event_wait self;
    const int64_t value = ex_wait_block(&event->guard, ex_event_wait(&self, event));

    EX_ASSERT(value == 0);
}
#endif
