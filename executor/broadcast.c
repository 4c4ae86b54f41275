#include <ex/broadcast.h>

#include "executor/element.h"
#include "executor/wait.h"

#ifndef EX_SMALL
#include <stdlib.h>
#endif

/* ---- life ---- */

void ex_broadcast_init_mem(struct ex_broadcast *broadcast,
                           enum ex_wait_kind kind,
                           size_t element_size,
                           void *memory,
                           size_t memory_size) {
    EX_REQUIRE(element_size > 0,
               "ex_broadcast_init_mem, ex_broadcast_create: elements of no bytes");
    *broadcast = (struct ex_broadcast){.ring = memory,
                                       .element_size = element_size,
                                       .capacity = memory_size / element_size};
    EX_REQUIRE(broadcast->capacity > 0,
               "ex_broadcast_init_mem, ex_broadcast_create: there is room for no element; make it "
               "at least 1");
    EX_REQUIRE(memory != NULL, "ex_broadcast_init_mem: the memory is NULL");
    ex_wait_guard_init(&broadcast->guard, kind);
}

void ex_broadcast_deinit(struct ex_broadcast *broadcast) {
    ex_wait_enter(&broadcast->guard);
    EX_REQUIRE(
        broadcast->receiver_count == 0,
        "ex_broadcast_destroy, ex_broadcast_deinit: it has receivers; unsubscribe them first");
    EX_ASSERT(broadcast->queue.first == NULL);
    ex_wait_leave(&broadcast->guard);
    ex_wait_guard_deinit(&broadcast->guard);
}

#ifndef EX_SMALL
struct ex_broadcast *
ex_broadcast_create(enum ex_wait_kind kind, size_t element_size, size_t capacity) {
    size_t ring_size, size;

    if (__builtin_mul_overflow(element_size, capacity, &ring_size) ||
        __builtin_add_overflow(ring_size, sizeof(struct ex_broadcast), &size)) {
        return NULL;
    }
    struct ex_broadcast *const broadcast = malloc(size);
    if (broadcast != NULL) {
        ex_broadcast_init_mem(broadcast, kind, element_size, broadcast + 1, ring_size);
    }
    return broadcast;
}

void ex_broadcast_destroy(struct ex_broadcast *broadcast) {
    ex_broadcast_deinit(broadcast);
    free(broadcast);
}
#endif

void ex_broadcast_subscribe(struct ex_broadcast *broadcast,
                            struct ex_broadcast_receiver *receiver) {
    ex_wait_enter(&broadcast->guard);
    *receiver = (struct ex_broadcast_receiver){.broadcast = broadcast, .next = broadcast->next};
    broadcast->receiver_count++;
    ex_wait_leave(&broadcast->guard);
}

void ex_broadcast_unsubscribe(struct ex_broadcast_receiver *receiver) {
    struct ex_broadcast *const broadcast = receiver->broadcast;

    EX_REQUIRE(broadcast != NULL,
               "ex_broadcast_unsubscribe: the receiver is not subscribed (any more)");
    ex_wait_enter(&broadcast->guard);
    EX_REQUIRE(!receiver->is_receiving,
               "ex_broadcast_unsubscribe: a task receives with it; end that first");
    receiver->broadcast = NULL;
    broadcast->receiver_count--;
    ex_wait_leave(&broadcast->guard);
}

/* ---- sending ---- */

int ex_broadcast_send(struct ex_broadcast *broadcast, const void *element) {
    int status = -EPIPE;

    ex_wait_enter(&broadcast->guard);
    if (!broadcast->is_closed) {
        ex_element_copy(broadcast->ring + broadcast->write * broadcast->element_size,
                        element,
                        broadcast->element_size);
        broadcast->next++;
        broadcast->write++;
        if (broadcast->write == broadcast->capacity) {
            broadcast->write = 0;
        }
        ex_wait_end_all(&broadcast->guard, &broadcast->queue, 0);
        status = 0;
    }
    ex_wait_leave(&broadcast->guard);
    return status;
}

void ex_broadcast_close(struct ex_broadcast *broadcast) {
    ex_wait_enter(&broadcast->guard);
    broadcast->is_closed = true;
    ex_wait_end_all(&broadcast->guard, &broadcast->queue, 0);
    ex_wait_leave(&broadcast->guard);
}

/* ---- receiving ---- */

/* With the guard held. */
static int64_t take(struct ex_broadcast_receiver *receiver, void *element) {
    struct ex_broadcast *const broadcast = receiver->broadcast;
    const uint64_t left = broadcast->next - receiver->next;

    if (left == 0) {
        return broadcast->is_closed ? -EPIPE : -EAGAIN;
    }
    if (left > broadcast->capacity) {
        receiver->next = broadcast->next - broadcast->capacity;
        return (int64_t)(left - broadcast->capacity);
    }
    const size_t at = broadcast->write >= left ? broadcast->write - left
                                               : broadcast->write + broadcast->capacity - left;
    ex_element_copy(element,
                    broadcast->ring + at * broadcast->element_size,
                    broadcast->element_size);
    receiver->next++;
    return 0;
}

static struct ex_broadcast *broadcast_of(const struct ex_broadcast_receiver *receiver) {
    EX_REQUIRE(
        receiver->broadcast != NULL,
        "ex_broadcast_recv: the receiver is not subscribed; call ex_broadcast_subscribe first");
    return receiver->broadcast;
}

static int64_t begin(struct ex_broadcast_recv *self, struct ex_strand *strand) {
    struct ex_broadcast *const broadcast = broadcast_of(self->receiver);

    ex_wait_enter(&broadcast->guard);
    EX_REQUIRE(
        !self->receiver->is_receiving,
        "ex_broadcast_recv: another task receives with this receiver; subscribe one for each");
    int64_t value = take(self->receiver, self->element);
    if (value == -EAGAIN) {
        ex_wait_push(&broadcast->queue, &self->node, strand);
        self->receiver->is_receiving = true;
        value = EX_PENDING;
    }
    ex_wait_leave(&broadcast->guard);
    return value;
}

/* Whoever sends empties the queue: one that stands there finds nothing new. */
static int64_t go_on(struct ex_broadcast_recv *self, struct ex_strand *strand) {
    struct ex_broadcast *const broadcast = self->receiver->broadcast;
    int64_t value = EX_PENDING;

    ex_wait_enter(&broadcast->guard);
    if (self->node.value != EX_PENDING) {
        value = take(self->receiver, self->element);
        EX_ASSERT(value != -EAGAIN);
    } else if (ex_strand_take_cancel(strand)) {
        ex_wait_remove(&broadcast->queue, &self->node);
        value = -ECANCELED;
    }
    self->receiver->is_receiving = value == EX_PENDING;
    ex_wait_leave(&broadcast->guard);
    return value;
}

EX_RESUME(ex_broadcast_recv) {
    EX_BEGIN(ex_broadcast_recv);
    EX_WAIT_BEGIN();
    value = begin(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = go_on(self, strand);
    }
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *ex_broadcast_recv(struct ex_broadcast_recv *self,
                                   struct ex_broadcast_receiver *receiver,
                                   void *element) {
    self->receiver = receiver;
    self->element = element;
    return EX_FRAME(self, ex_broadcast_recv);
}

int64_t ex_broadcast_try_recv(struct ex_broadcast_receiver *receiver, void *element) {
    struct ex_broadcast *const broadcast = broadcast_of(receiver);

    ex_wait_enter(&broadcast->guard);
    EX_REQUIRE(
        !receiver->is_receiving,
        "ex_broadcast_try_recv: another task receives with this receiver; subscribe one for each");
    const int64_t value = take(receiver, element);
    ex_wait_leave(&broadcast->guard);
    return value;
}

#ifndef EX_SMALL
int64_t ex_broadcast_recv_blocking(struct ex_broadcast_receiver *receiver, void *element) {
    struct ex_broadcast_recv self;

    return ex_wait_block(&broadcast_of(receiver)->guard,
                         ex_broadcast_recv(&self, receiver, element));
}
#endif
