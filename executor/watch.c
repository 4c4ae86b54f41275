#include <ex/watch.h>

#include "executor/element.h"
#include "executor/wait.h"

#ifndef EX_SMALL
#include <stdlib.h>
#endif

/* ---- life ---- */

void ex_watch_init_mem(struct ex_watch *watch,
                       enum ex_wait_kind kind,
                       size_t value_size,
                       void *memory) {
    EX_REQUIRE(memory != NULL || value_size == 0, "ex_watch_init_mem: the memory is NULL");
    *watch = (struct ex_watch){.value = memory, .value_size = value_size};
    ex_wait_guard_init(&watch->guard, kind);
}

void ex_watch_deinit(struct ex_watch *watch) {
    ex_wait_enter(&watch->guard);
    EX_REQUIRE(watch->receiver_count == 0,
               "ex_watch_destroy, ex_watch_deinit: it has receivers; unsubscribe them first");
    EX_ASSERT(watch->queue.first == NULL);
    ex_wait_leave(&watch->guard);
    ex_wait_guard_deinit(&watch->guard);
}

#ifndef EX_SMALL
struct ex_watch *ex_watch_create(enum ex_wait_kind kind, size_t value_size, const void *initial) {
    if (value_size > SIZE_MAX - sizeof(struct ex_watch)) {
        return NULL;
    }
    struct ex_watch *const watch = malloc(sizeof *watch + value_size);
    if (watch != NULL) {
        EX_REQUIRE(initial != NULL || value_size == 0,
                   "ex_watch_create: the initial value is NULL");
        ex_watch_init_mem(watch, kind, value_size, watch + 1);
        ex_element_copy(watch->value, initial, value_size);
    }
    return watch;
}

void ex_watch_destroy(struct ex_watch *watch) {
    ex_watch_deinit(watch);
    free(watch);
}
#endif

void ex_watch_subscribe(struct ex_watch *watch, struct ex_watch_receiver *receiver) {
    ex_wait_enter(&watch->guard);
    *receiver = (struct ex_watch_receiver){.watch = watch, .seen = watch->version};
    watch->receiver_count++;
    ex_wait_leave(&watch->guard);
}

void ex_watch_unsubscribe(struct ex_watch_receiver *receiver) {
    struct ex_watch *const watch = receiver->watch;

    EX_REQUIRE(watch != NULL, "ex_watch_unsubscribe: the receiver is not subscribed (any more)");
    ex_wait_enter(&watch->guard);
    EX_REQUIRE(!receiver->is_receiving,
               "ex_watch_unsubscribe: a task receives with it; end that first");
    receiver->watch = NULL;
    watch->receiver_count--;
    ex_wait_leave(&watch->guard);
}

/* ---- the value ---- */

int ex_watch_send(struct ex_watch *watch, const void *value) {
    int status = -EPIPE;

    ex_wait_enter(&watch->guard);
    if (!watch->is_closed) {
        ex_element_copy(watch->value, value, watch->value_size);
        watch->version++;
        ex_wait_end_all(&watch->guard, &watch->queue, 0);
        status = 0;
    }
    ex_wait_leave(&watch->guard);
    return status;
}

void ex_watch_close(struct ex_watch *watch) {
    ex_wait_enter(&watch->guard);
    watch->is_closed = true;
    ex_wait_end_all(&watch->guard, &watch->queue, 0);
    ex_wait_leave(&watch->guard);
}

/* With the guard held. */
static int64_t take(struct ex_watch_receiver *receiver, void *value) {
    const struct ex_watch *const watch = receiver->watch;

    if (receiver->seen == watch->version) {
        return watch->is_closed ? -EPIPE : -EAGAIN;
    }
    receiver->seen = watch->version;
    ex_element_copy(value, watch->value, watch->value_size);
    return 0;
}

static struct ex_watch *watch_of(const struct ex_watch_receiver *receiver) {
    EX_REQUIRE(receiver->watch != NULL,
               "ex_watch_changed, ex_watch_get: the receiver is not subscribed; call "
               "ex_watch_subscribe first");
    return receiver->watch;
}

bool ex_watch_get(struct ex_watch_receiver *receiver, void *value) {
    struct ex_watch *const watch = watch_of(receiver);

    ex_wait_enter(&watch->guard);
    EX_REQUIRE(!receiver->is_receiving,
               "ex_watch_get: another task receives with this receiver; subscribe one for each");
    const bool is_new = receiver->seen != watch->version;
    receiver->seen = watch->version;
    ex_element_copy(value, watch->value, watch->value_size);
    ex_wait_leave(&watch->guard);
    return is_new;
}

static int64_t begin(struct ex_watch_changed *self, struct ex_strand *strand) {
    struct ex_watch *const watch = watch_of(self->receiver);

    ex_wait_enter(&watch->guard);
    EX_REQUIRE(
        !self->receiver->is_receiving,
        "ex_watch_changed: another task receives with this receiver; subscribe one for each");
    int64_t value = take(self->receiver, self->value);
    if (value == -EAGAIN) {
        ex_wait_push(&watch->queue, &self->node, strand);
        self->receiver->is_receiving = true;
        value = EX_PENDING;
    }
    ex_wait_leave(&watch->guard);
    return value;
}

/* Whoever sends empties the queue: one that stands there finds nothing new. */
static int64_t go_on(struct ex_watch_changed *self, struct ex_strand *strand) {
    struct ex_watch *const watch = self->receiver->watch;
    int64_t value = EX_PENDING;

    ex_wait_enter(&watch->guard);
    if (self->node.value != EX_PENDING) {
        value = take(self->receiver, self->value);
        EX_ASSERT(value != -EAGAIN);
    } else if (ex_strand_take_cancel(strand)) {
        ex_wait_remove(&watch->queue, &self->node);
        value = -ECANCELED;
    }
    self->receiver->is_receiving = value == EX_PENDING;
    ex_wait_leave(&watch->guard);
    return value;
}

EX_RESUME(ex_watch_changed) {
    EX_BEGIN(ex_watch_changed);
    EX_WAIT_BEGIN();
    value = begin(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = go_on(self, strand);
    }
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *
ex_watch_changed(struct ex_watch_changed *self, struct ex_watch_receiver *receiver, void *value) {
    self->receiver = receiver;
    self->value = value;
    return EX_FRAME(self, ex_watch_changed);
}

#ifndef EX_SMALL
int ex_watch_changed_blocking(struct ex_watch_receiver *receiver, void *value) {
    struct ex_watch_changed self;

    return (int)ex_wait_block(&watch_of(receiver)->guard, ex_watch_changed(&self, receiver, value));
}
#endif
