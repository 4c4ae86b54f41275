/* A watch: one value that changes, and those who follow it. Each sees the latest, not each one.
 *
 *   value 3, version 7
 *   receiver a seen = 7: waits for the next
 *   receiver b seen = 4: its next receive gives the 3 at once; versions 5 and 6 it never sees
 *
 * Memory:  the value is copied in and out. A receiver is its user's, and subscribed until it is
 *          unsubscribed.
 * Errors:  -EPIPE: closed, for a receive: and the latest was seen; -ECANCELED.
 * Threads: ex/wait.h; a receiver by one at a time.
 */
#ifndef EXECUTOR_INCLUDE_EX_WATCH_H
#define EXECUTOR_INCLUDE_EX_WATCH_H

#include <ex/wait.h>

struct ex_watch {
    struct ex_wait_queue queue; /* receivers that wait */
    void *value;
    size_t value_size;
    uint64_t version; /* how often it was sent; from 0, the initial one */
    uint32_t receiver_count;
    bool is_closed;
    struct ex_wait_guard guard;
};

struct ex_watch_receiver {
    struct ex_watch *watch; /* NULL: unsubscribed */
    uint64_t seen;          /* the version */
    bool is_receiving;      /* a receive waited, and has not returned */
};

#ifndef EX_SMALL
/* NULL: out of memory. */
EX_PUBLIC struct ex_watch *
ex_watch_create(enum ex_wait_kind kind, size_t value_size, const void *initial);

/* Panics when there are receivers. */
EX_PUBLIC void ex_watch_destroy(struct ex_watch *watch);
#endif

/* `memory` holds the initial value of `value_size` bytes; borrowed until deinit. */
EX_PUBLIC void
ex_watch_init_mem(struct ex_watch *watch, enum ex_wait_kind kind, size_t value_size, void *memory);

/* Panics when there are receivers. */
EX_PUBLIC void ex_watch_deinit(struct ex_watch *watch);

/* The receiver has seen the present value. */
EX_PUBLIC void ex_watch_subscribe(struct ex_watch *watch, struct ex_watch_receiver *receiver);

/* Panics while it receives. */
EX_PUBLIC void ex_watch_unsubscribe(struct ex_watch_receiver *receiver);

/* 0, also when nobody follows; -EPIPE. */
EX_PUBLIC int ex_watch_send(struct ex_watch *watch, const void *value);

EX_PUBLIC void ex_watch_close(struct ex_watch *watch);

/* Awaitable: 0, the value changed since the receiver has seen it, `value` is the latest and seen;
 * -EPIPE; -ECANCELED. */
struct ex_watch_changed {
    struct ex_frame frame;
    struct ex_watch_receiver *receiver;
    void *value;
    struct ex_wait_node node;
};
EX_PUBLIC struct ex_frame *
ex_watch_changed(struct ex_watch_changed *self, struct ex_watch_receiver *receiver, void *value);

/* The latest, also after a close. True when the receiver had not seen it. */
EX_PUBLIC bool ex_watch_get(struct ex_watch_receiver *receiver, void *value);

#ifndef EX_SMALL
EX_PUBLIC int ex_watch_changed_blocking(struct ex_watch_receiver *receiver, void *value);
#endif

#endif
