/* A channel: many send, one receives; elements come out as they went in.
 *
 *   struct ex_channel *channel = ex_channel_create(EX_WAIT_LOCAL, sizeof(int), 16);
 *   EX_AWAIT(ex_channel_send(&self->send, channel, &self->number));
 *   EX_AWAIT(ex_channel_recv(&self->recv, channel, &self->number));
 *
 *   senders ──wait while full──► [ ring of `capacity` elements ] ──waits while empty──► receiver
 *
 *   open ──close, or the last sender dropped──► closed: sends fail ──drained──► receives fail too
 *
 * A bounded one holds at most `capacity` elements; whoever sends to a full one waits, in order, and
 * its element goes in when there is room, before it is resumed. An unbounded one grows by blocks.
 * A receiver that waits may be given its element at once: then that was never inside.
 *
 * Cancellation loses and doubles nothing: a send that returned -ECANCELED or any other error left
 * the element out, one that returned 0 put it in; a receive that returned an error took none.
 *
 * Memory:  elements are copied in and out. What ex_channel_create made frees itself when both sides
 *          were dropped; ex_channel_init_mem uses the caller's memory.
 * Errors:  -EPIPE: closed; for a receive: and empty. -EAGAIN: it would wait. -ENOMEM: an unbounded
 *          one cannot grow. -ECANCELED (ex/task.h).
 * Threads: ex/wait.h. One at a time receives; a second one that would wait panics.
 */
#ifndef EXECUTOR_INCLUDE_EX_CHANNEL_H
#define EXECUTOR_INCLUDE_EX_CHANNEL_H

#include <ex/ring.h>

#define EX_CHANNEL_UNBOUNDED SIZE_MAX /* a capacity */

struct ex_channel {
    struct ex_ring ring;
    uintptr_t word_thread;        /* whose words pass in line, at times; 0: nobody's */
    struct ex_wait_queue senders; /* that wait, in struct ex_channel_send; then it is full */
    uint32_t sender_count;
    bool has_receiver, is_closed;
    bool is_created; /* frees itself */
    struct ex_wait_guard guard;
};

/* A bounded one for as many elements as fit into `memory`, at least one; borrowed until deinit. */
EX_PUBLIC void ex_channel_init_mem(struct ex_channel *channel,
                                   enum ex_wait_kind kind,
                                   size_t element_size,
                                   void *memory,
                                   size_t memory_size);

/* Only after ex_channel_init_mem. Panics when somebody waits. */
EX_PUBLIC void ex_channel_deinit(struct ex_channel *channel);

/* By either side. Who waits to send gets -EPIPE. What is inside can still be received. */
EX_PUBLIC void ex_channel_close(struct ex_channel *channel);

/* Whoever counts its senders need not close it: the last that is dropped does. */
EX_PUBLIC void ex_channel_sender_add(struct ex_channel *channel);
EX_PUBLIC void ex_channel_sender_drop(struct ex_channel *channel);

/* Closes it; what is inside is lost. */
EX_PUBLIC void ex_channel_receiver_drop(struct ex_channel *channel);

/* Awaitable: 0, it is in; -EPIPE, -ENOMEM, -ECANCELED: it is not. `element` is borrowed so long. */
struct ex_channel_send {
    struct ex_frame frame;
    struct ex_channel *channel;
    const void *element;
    struct ex_wait_node node;
};

/* Awaitable: 0, `element` was written; -EPIPE, -ECANCELED: it was not. */
struct ex_channel_recv {
    struct ex_frame frame;
    struct ex_channel *channel;
    void *element;
};

EX_PUBLIC ex_resume_function ex_channel_send_slowly, ex_channel_recv_slowly, ex_channel_recv_go_on;
EX_PUBLIC int ex_channel_try_send_slowly(struct ex_channel *channel, const void *element);
EX_PUBLIC int ex_channel_try_recv_slowly(struct ex_channel *channel, void *element);

static inline int64_t
ex_channel_send_plainly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_channel_send *const self = (struct ex_channel_send *)(void *)frame;

    if (!ex_ring_can_put(&self->channel->ring) || !ex_plain_end(frame, strand)) {
        return ex_plain_give_up(frame, strand, value, ex_channel_send_slowly);
    }
    ex_ring_put(&self->channel->ring, self->element);
    return 0;
}

static inline struct ex_frame *
ex_channel_send(struct ex_channel_send *self, struct ex_channel *channel, const void *element) {
    self->channel = channel;
    self->element = element;
    return EX_PLAIN_FRAME(self, ex_channel_send_plainly, ex_channel_send_slowly);
}

EX_RESUME(ex_channel_recv_woken) {
    return ex_channel_recv_go_on(frame, strand, value);
}

static inline int64_t
ex_channel_recv_plainly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_channel_recv *const self = (struct ex_channel_recv *)(void *)frame;
    struct ex_ring *const ring = &self->channel->ring;

    frame->resume = ex_frame_completed; /* or written once more below */
    if (ex_ring_can_take(ring) && ex_plain_begin(strand)) {
        ex_ring_take(ring, self->element);
        return 0;
    }
    if (ex_ring_can_wait(ring) && ex_plain_begin(strand)) {
        ex_ring_wait(ring, frame, strand);
        EX_PLAIN_WAIT(ex_channel_recv, ex_channel_recv_woken_resume);
    }
    return ex_plain_give_up(frame, strand, value, ex_channel_recv_slowly);
}

static inline struct ex_frame *
ex_channel_recv(struct ex_channel_recv *self, struct ex_channel *channel, void *element) {
    self->channel = channel;
    self->element = element;
    return EX_PLAIN_FRAME(self, ex_channel_recv_plainly, ex_channel_recv_slowly);
}

/* The same without waiting: -EAGAIN when it is full, or empty. */
static inline int ex_channel_try_send(struct ex_channel *channel, const void *element) {
    return ex_ring_try_put(&channel->ring, element) ? 0
                                                    : ex_channel_try_send_slowly(channel, element);
}

static inline int ex_channel_try_recv(struct ex_channel *channel, void *element) {
    return ex_ring_try_take(&channel->ring, element) ? 0
                                                     : ex_channel_try_recv_slowly(channel, element);
}

EX_PUBLIC size_t ex_channel_count(struct ex_channel *channel); /* elements inside */

#ifndef EX_SMALL
/* With one sender and the receiver. `capacity` is at least 1, or EX_CHANNEL_UNBOUNDED. NULL: no
 * memory. */
EX_PUBLIC struct ex_channel *
ex_channel_create(enum ex_wait_kind kind, size_t element_size, size_t capacity);

EX_PUBLIC int ex_channel_send_blocking(struct ex_channel *channel, const void *element);
EX_PUBLIC int ex_channel_recv_blocking(struct ex_channel *channel, void *element);
#endif

#endif
