/* A oneshot: one element, once, from one to one. A request's reply.
 *
 *   struct ex_oneshot *oneshot = ex_oneshot_create(EX_WAIT_LOCAL, sizeof(int));
 *   … hand it to whoever answers …
 *   EX_AWAIT(ex_oneshot_recv(&self->recv, oneshot, &self->answer));
 *   ex_oneshot_receiver_drop(oneshot);
 *
 *   sender's side:   open ──send, or sender_drop──► gone
 *   receiver's side: open ──close──► closed ──receiver_drop──► gone
 *
 * Memory:  the element is copied in and out. With ex_oneshot_create it frees itself when both sides
 *          are gone. ex_oneshot_init_mem uses the caller's memory, which must outlive both: one who
 *          may be cancelled while the other can still send needs ex_oneshot_create.
 * Errors:  -EPIPE: the other side is gone, or closed, or the element was received before; -EAGAIN:
 *          it would wait; -ECANCELED (ex/task.h).
 * Threads: ex/wait.h. One at a time receives.
 */
#ifndef EXECUTOR_INCLUDE_EX_ONESHOT_H
#define EXECUTOR_INCLUDE_EX_ONESHOT_H

#include <ex/plain.h>
#include <ex/wait.h>

/* `state`. */
enum {
    EX_ONESHOT_SENDER = 1 << 0,    /* has not sent, and was not dropped */
    EX_ONESHOT_RECEIVER = 1 << 1,  /* was not dropped */
    EX_ONESHOT_SENT = 1 << 2,      /* `element` is there */
    EX_ONESHOT_CLOSED = 1 << 3,    /* nothing can be sent any more */
    EX_ONESHOT_RECEIVING = 1 << 4, /* a receive waited, and has not returned */
    EX_ONESHOT_CREATED = 1 << 5,   /* frees itself */
};

struct ex_oneshot {
    void *element;
    size_t element_size;
    struct ex_strand *receiver; /* that waits and was not woken; NULL: none */
    uint32_t state;             /* EX_ONESHOT_… */
    struct ex_wait_guard guard;
};

#ifndef EX_SMALL
/* NULL: out of memory. */
EX_PUBLIC struct ex_oneshot *ex_oneshot_create(enum ex_wait_kind kind, size_t element_size);
#endif

/* `memory` for one element; borrowed until deinit. */
EX_PUBLIC void ex_oneshot_init_mem(struct ex_oneshot *oneshot,
                                   enum ex_wait_kind kind,
                                   size_t element_size,
                                   void *memory);

/* Only after ex_oneshot_init_mem. Panics when somebody waits. */
EX_PUBLIC void ex_oneshot_deinit(struct ex_oneshot *oneshot);

/* 0, or -EPIPE: nobody will receive it, and the element is the caller's still. The sender's side is
 * gone in both cases; what uses it again panics. */
EX_PUBLIC int ex_oneshot_send(struct ex_oneshot *oneshot, const void *element);

/* Nothing will be sent. */
EX_PUBLIC void ex_oneshot_sender_drop(struct ex_oneshot *oneshot);

/* Awaitable: 0, `element` was written; -EPIPE, -ECANCELED. */
struct ex_oneshot_recv {
    struct ex_frame frame;
    struct ex_oneshot *oneshot;
    void *element;
};
EX_PUBLIC ex_resume_function ex_oneshot_recv_slowly;

static inline struct ex_frame *
ex_oneshot_recv(struct ex_oneshot_recv *self, struct ex_oneshot *oneshot, void *element) {
    self->oneshot = oneshot;
    self->element = element;
    return ex_frame_init(&self->frame, ex_oneshot_recv_slowly);
}

EX_PUBLIC int ex_oneshot_try_recv(struct ex_oneshot *oneshot, void *element);

/* From here on nothing can be sent; what was sent can still be received. */
EX_PUBLIC void ex_oneshot_close(struct ex_oneshot *oneshot);

EX_PUBLIC void ex_oneshot_receiver_drop(struct ex_oneshot *oneshot);

/* For the sender: whether it may spare itself the work. */
EX_PUBLIC bool ex_oneshot_is_closed(struct ex_oneshot *oneshot);

#ifndef EX_SMALL
EX_PUBLIC int ex_oneshot_recv_blocking(struct ex_oneshot *oneshot, void *element);
#endif

#endif
