/* The list of a worker's ready roots: intrusive, and nothing but a list (executor/ready.h).
 *
 *   head ──► root ─next─► root ─next─► root ─next─► NULL
 *                                        └ next ◄── tail
 *
 * Threads: by the owner, from ex_ready_enter to ex_ready_leave; a local worker needs neither.
 */
#ifndef EXECUTOR_QUEUE_H
#define EXECUTOR_QUEUE_H

#include "executor/worker.h"

/* Queues a root behind all others. */
static inline void ex_queue_push(struct ex_worker *worker, struct ex_strand *strand) {
    strand->next = NULL;
    *worker->tail = strand;
    worker->tail = &strand->next;
}

/* Queues a root before all others. */
static inline void ex_queue_push_first(struct ex_worker *worker, struct ex_strand *strand) {
    strand->next = worker->head;
    if (worker->head == NULL) {
        worker->tail = &strand->next;
    }
    worker->head = strand;
}

/* The first; NULL: nothing is ready. */
static inline struct ex_strand *ex_queue_pop(struct ex_worker *worker) {
    struct ex_strand *const strand = worker->head;

    if (strand != NULL) {
        worker->head = strand->next;
        if (strand->next == NULL) {
            worker->tail = &worker->head;
        }
    }
    return strand;
}

#endif
