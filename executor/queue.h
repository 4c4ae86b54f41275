/* The list of a worker's ready roots: intrusive, and nothing but a list, as ex/local.h draws it
 * (executor/ready.h).
 *
 * Threads: by the owner, from ex_ready_enter to ex_ready_leave; a local worker needs neither.
 */
#ifndef EXECUTOR_QUEUE_H
#define EXECUTOR_QUEUE_H

#include "executor/worker.h"

/* Queues a root behind all others. */
static inline void ex_queue_push(struct ex_worker *worker, struct ex_strand *root) {
    ex_local_push(&worker->local, root);
}

static inline bool ex_queue_is_empty(const struct ex_worker *worker) {
    return worker->local.tail == &worker->local.queue;
}

/* Queues a root before all others. */
static inline void ex_queue_push_first(struct ex_worker *worker, struct ex_strand *root) {
    if (ex_queue_is_empty(worker)) {
        worker->local.tail = root;
    }
    root->next = worker->local.queue.next;
    worker->local.queue.next = root;
}

/* The first, if there is one. */
static inline struct ex_strand *ex_queue_take(struct ex_worker *worker) {
    struct ex_strand *const root = worker->local.queue.next;
    struct ex_strand *const tail = worker->local.tail;

    worker->local.tail =
        &worker->local.queue; /* before the look: one that is alone needs no jump */
    if (__builtin_expect(root != tail, 0)) {
        worker->local.tail = tail;
        worker->local.queue.next = root->next;
    }
    if (root == NULL) {
        __builtin_unreachable();
    }
    return root;
}

/* The first; NULL: nothing is ready. */
static inline struct ex_strand *ex_queue_pop(struct ex_worker *worker) {
    return ex_queue_is_empty(worker) ? NULL : ex_queue_take(worker);
}

#endif
