/* A barrier: nobody goes on before `count` have come; then all do, and it can be used again.
 *
 *   EX_AWAIT(ex_barrier_wait(&self->wait, barrier));
 *   if (value == EX_BARRIER_LEADER) { … }          // one of the `count`: the one that came last
 *
 * Memory:  the barrier is its user's; nothing is allocated.
 * Errors:  -ECANCELED from ex_barrier_wait: it counts as not having come.
 * Threads: ex/wait.h.
 */
#ifndef EXECUTOR_INCLUDE_EX_BARRIER_H
#define EXECUTOR_INCLUDE_EX_BARRIER_H

#include <ex/wait.h>

enum { EX_BARRIER_LEADER = 1 };

struct ex_barrier {
    struct ex_wait_queue queue;
    uint32_t count;   /* that must come */
    uint32_t missing; /* of them, 1 .. count */
    struct ex_wait_guard guard;
};

/* `count` is at least 1. */
EX_PUBLIC void ex_barrier_init(struct ex_barrier *barrier, enum ex_wait_kind kind, uint32_t count);

/* Panics when somebody waits. */
EX_PUBLIC void ex_barrier_deinit(struct ex_barrier *barrier);

/* Awaitable: 0, or EX_BARRIER_LEADER for one of them; -ECANCELED. */
struct ex_barrier_wait {
    struct ex_frame frame;
    struct ex_barrier *barrier;
    struct ex_wait_node node;
};
EX_PUBLIC struct ex_frame *ex_barrier_wait(struct ex_barrier_wait *self,
                                           struct ex_barrier *barrier);

#ifndef EX_SMALL
/* 0, or EX_BARRIER_LEADER for one of them. */
EX_PUBLIC int ex_barrier_wait_blocking(struct ex_barrier *barrier);
#endif

#endif
