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
 * its element goes in when there is room, before it is resumed. An unbounded one never makes
 * anybody wait; it grows by blocks, and keeps one for the next time.
 *
 * Cancellation loses and doubles nothing: a send that returned -ECANCELED or any other error left
 * the element out, one that returned 0 put it in; a receive that returned an error took none.
 *
 * Memory:  elements are copied in and out. With ex_channel_create the channel frees itself when
 *          both sides were dropped; ex_channel_init_mem uses the caller's memory.
 * Errors:  -EPIPE: closed; for a receive: and empty. -EAGAIN: it would wait. -ENOMEM: an unbounded
 *          one cannot grow. -ECANCELED (ex/task.h).
 * Threads: ex/wait.h. One at a time receives; a second one that would wait panics.
 */
#ifndef EXECUTOR_INCLUDE_EX_CHANNEL_H
#define EXECUTOR_INCLUDE_EX_CHANNEL_H

#include <ex/wait.h>

#define EX_CHANNEL_UNBOUNDED SIZE_MAX /* a capacity */

struct ex_channel_block;

struct ex_channel {
    size_t count; /* elements inside */
    size_t capacity;
    size_t element_size;
    unsigned char
        *read; /* where the next element comes from; at `read_end`: the next block's first */
    unsigned char *read_end;
    unsigned char *write; /* where the next element goes to; at `write_end`: a new block's first */
    unsigned char *write_end;
    struct ex_strand *receiver;     /* that waits and was not woken; NULL: none */
    struct ex_wait_queue senders;   /* that wait, in struct ex_channel_send; then it is full */
    unsigned char *ring;            /* of a bounded one */
    struct ex_channel_block *first; /* of an unbounded one: read from */
    struct ex_channel_block *last;  /* written to */
    struct ex_channel_block *spare; /* unused */
    uint32_t sender_count;
    bool has_receiver;
    bool is_receiving; /* a receive waited, and has not returned */
    bool is_closed;
    bool is_created; /* frees itself */
    struct ex_wait_guard guard;
};

#ifndef EX_SMALL
/* With one sender and the receiver. `capacity` is at least 1, or EX_CHANNEL_UNBOUNDED. NULL: no
 * memory. */
EX_PUBLIC struct ex_channel *
ex_channel_create(enum ex_wait_kind kind, size_t element_size, size_t capacity);
#endif

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

/* Awaitable: 0, the element is in; -EPIPE, -ENOMEM, -ECANCELED: it is not. `element` is borrowed
 * until then. */
struct ex_channel_send {
    struct ex_frame frame;
    struct ex_channel *channel;
    const void *element;
    struct ex_wait_node node;
};
EX_PUBLIC struct ex_frame *
ex_channel_send(struct ex_channel_send *self, struct ex_channel *channel, const void *element);

/* Awaitable: 0, `element` was written; -EPIPE, -ECANCELED: it was not. */
struct ex_channel_recv {
    struct ex_frame frame;
    struct ex_channel *channel;
    void *element;
};
EX_PUBLIC struct ex_frame *
ex_channel_recv(struct ex_channel_recv *self, struct ex_channel *channel, void *element);

/* The same without waiting: -EAGAIN when it is full, or empty. */
EX_PUBLIC int ex_channel_try_send(struct ex_channel *channel, const void *element);
EX_PUBLIC int ex_channel_try_recv(struct ex_channel *channel, void *element);

/* Elements inside. */
EX_PUBLIC size_t ex_channel_count(struct ex_channel *channel);

#ifndef EX_SMALL
EX_PUBLIC int ex_channel_send_blocking(struct ex_channel *channel, const void *element);
EX_PUBLIC int ex_channel_recv_blocking(struct ex_channel *channel, void *element);
#endif

#endif
