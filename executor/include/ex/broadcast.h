/* A broadcast: every receiver gets every element that is sent while it is subscribed.
 *
 *   ring of 4:   [ 8 ][ 9 ][ 6 ][ 7 ]       the numbers of the elements; the next one is 10
 *   receiver a next = 8: two to come
 *   receiver b next = 3: lags; its next receive returns 3, the number of those it missed (3, 4, 5),
 *                        and writes nothing; the one after that gives element 6
 *
 * Sending never waits: it overwrites the oldest.
 *
 * Memory:  elements are copied in and out. A receiver is its user's, and subscribed until it is
 *          unsubscribed.
 * Errors:  -EPIPE: closed, for a receive: and nothing left; -EAGAIN: it would wait; -ECANCELED.
 * Threads: ex/wait.h; a receiver by one at a time.
 */
#ifndef EXECUTOR_INCLUDE_EX_BROADCAST_H
#define EXECUTOR_INCLUDE_EX_BROADCAST_H

#include <ex/wait.h>

struct ex_broadcast {
    struct ex_wait_queue queue; /* receivers that wait */
    unsigned char *ring;
    size_t element_size;
    size_t capacity;
    size_t write;  /* index in the ring where the next element goes */
    uint64_t next; /* number of the next element, from 0 */
    uint32_t receiver_count;
    bool is_closed;
    struct ex_wait_guard guard;
};

struct ex_broadcast_receiver {
    struct ex_broadcast *broadcast; /* NULL: unsubscribed */
    uint64_t next;                  /* number of the element it gets next */
    bool is_receiving;              /* a receive waited, and has not returned */
};

#ifndef EX_SMALL
/* `capacity` is at least 1. NULL: out of memory. */
EX_PUBLIC struct ex_broadcast *
ex_broadcast_create(enum ex_wait_kind kind, size_t element_size, size_t capacity);

/* Panics when there are receivers. */
EX_PUBLIC void ex_broadcast_destroy(struct ex_broadcast *broadcast);
#endif

/* For as many elements as fit into `memory`, at least one; borrowed until deinit. */
EX_PUBLIC void ex_broadcast_init_mem(struct ex_broadcast *broadcast,
                                     enum ex_wait_kind kind,
                                     size_t element_size,
                                     void *memory,
                                     size_t memory_size);

/* Panics when there are receivers. */
EX_PUBLIC void ex_broadcast_deinit(struct ex_broadcast *broadcast);

/* The receiver gets what is sent from now on. */
EX_PUBLIC void ex_broadcast_subscribe(struct ex_broadcast *broadcast,
                                      struct ex_broadcast_receiver *receiver);

/* Panics while it receives. */
EX_PUBLIC void ex_broadcast_unsubscribe(struct ex_broadcast_receiver *receiver);

/* 0, whether anybody listens or not; -EPIPE. */
EX_PUBLIC int ex_broadcast_send(struct ex_broadcast *broadcast, const void *element);

EX_PUBLIC void ex_broadcast_close(struct ex_broadcast *broadcast);

/* Awaitable: 0, `element` was written; more: so many were missed, receive again; -EPIPE;
 * -ECANCELED. */
struct ex_broadcast_recv {
    struct ex_frame frame;
    struct ex_broadcast_receiver *receiver;
    void *element;
    struct ex_wait_node node;
};
EX_PUBLIC struct ex_frame *ex_broadcast_recv(struct ex_broadcast_recv *self,
                                             struct ex_broadcast_receiver *receiver,
                                             void *element);

/* The same without waiting: -EAGAIN. */
EX_PUBLIC int64_t ex_broadcast_try_recv(struct ex_broadcast_receiver *receiver, void *element);

#ifndef EX_SMALL
EX_PUBLIC int64_t ex_broadcast_recv_blocking(struct ex_broadcast_receiver *receiver, void *element);
#endif

#endif
