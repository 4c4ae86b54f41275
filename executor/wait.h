/* Waiting in a queue, from inside an operation (ex/wait.h has the rules).
 *
 *   EX_RESUME(operation) {
 *       EX_BEGIN(operation);
 *       EX_WAIT_BEGIN();                          // budget; a cancel that is due
 *       value = begin(self, strand);              // enter; take it, or ex_wait_push; leave
 *       while (value == EX_PENDING) {
 *           EX_SUSPEND();
 *           value = ex_wait_go_on(guard, queue, node, strand);
 *       }
 *       EX_RETURN(value);
 *       EX_END();
 *   }
 *
 * Threads: what takes a queue or a node, between ex_wait_enter and ex_wait_leave.
 */
#ifndef EXECUTOR_WAIT_H
#define EXECUTOR_WAIT_H

#include "executor/worker.h"

#include <errno.h>
#include <ex/budget.h>
#include <ex/wait.h>
#include <ex/waker.h>

void ex_wait_guard_init_slowly(struct ex_wait_guard *guard, enum ex_wait_kind kind);
void ex_wait_guard_deinit_slowly(struct ex_wait_guard *guard);
void ex_wait_enter_slowly(struct ex_wait_guard *guard);
void ex_wait_wake_slowly(struct ex_strand *strand);

static inline void ex_wait_guard_init(struct ex_wait_guard *guard, enum ex_wait_kind kind) {
    guard->thread = ex_wait_thread();
    if (kind != EX_WAIT_LOCAL) {
        ex_wait_guard_init_slowly(guard, kind);
    }
}

/* Outside of enter and leave; nobody else uses the object any more. */
static inline void ex_wait_guard_deinit(struct ex_wait_guard *guard) {
    if (guard->thread == 0) {
        ex_wait_guard_deinit_slowly(guard);
    }
    guard->thread = EX_WAIT_DESTROYED;
}

/* Panics on the wrong thread. */
void ex_wait_require_thread(const struct ex_wait_guard *guard);

/* Until the matching leave, nobody else changes the object. Panics on the wrong thread. */
static inline void ex_wait_enter(struct ex_wait_guard *guard) {
    if (__builtin_expect(guard->thread != ex_wait_thread(), 0)) {
        ex_wait_enter_slowly(guard);
    }
}

static inline void ex_wait_leave(struct ex_wait_guard *guard) {
#ifdef EX_SMALL
    (void)guard;
#else
    if (__builtin_expect(guard->thread == 0, 0)) {
        pthread_mutex_unlock(&guard->mutex);
    }
#endif
}

static inline void
ex_wait_push(struct ex_wait_queue *queue, struct ex_wait_node *node, struct ex_strand *strand) {
    node->strand = strand;
    node->value = EX_PENDING;
    node->next = NULL;
    node->previous = queue->last;
    if (queue->last != NULL) {
        queue->last->next = node;
    } else {
        queue->first = node;
    }
    queue->last = node;
}

static inline void ex_wait_remove(struct ex_wait_queue *queue, struct ex_wait_node *node) {
    if (node->previous != NULL) {
        node->previous->next = node->next;
    } else {
        queue->first = node->next;
    }
    if (node->next != NULL) {
        node->next->previous = node->previous;
    } else {
        queue->last = node->previous;
    }
}

/* Resumes an operation that waits on this object. */
static inline void ex_wait_wake(const struct ex_wait_guard *guard, struct ex_strand *strand) {
    if (__builtin_expect(guard->thread == 0, 0)) {
        ex_wait_wake_slowly(strand);
    } else {
        ex_waker_wake_strand(strand);
    }
}

/* The operation of `node` returns `value`. */
static inline void ex_wait_end(const struct ex_wait_guard *guard,
                               struct ex_wait_queue *queue,
                               struct ex_wait_node *node,
                               int64_t value) {
    ex_wait_remove(queue, node);
    node->value = value;
    ex_wait_wake(guard, node->strand);
}

/* All that wait return `value`, in their order. */
void ex_wait_end_all(const struct ex_wait_guard *guard, struct ex_wait_queue *queue, int64_t value);

/* What a resumed operation returns, EX_PENDING: nothing yet. When it is cancelled, it leaves the
 * queue. Outside of enter and leave. */
static inline int64_t ex_wait_go_on(struct ex_wait_guard *guard,
                                    struct ex_wait_queue *queue,
                                    struct ex_wait_node *node,
                                    struct ex_strand *strand) {
    ex_wait_enter(guard);
    int64_t value = node->value;
    if (value == EX_PENDING && ex_strand_take_cancel(strand)) {
        ex_wait_remove(queue, node);
        value = -ECANCELED;
    }
    ex_wait_leave(guard);
    return value;
}

/* Opens an operation, inside its resume function. */
#define EX_WAIT_BEGIN()                                                                            \
    do {                                                                                           \
        if (__builtin_expect(!ex_budget_spend(), 0)) {                                             \
            EX_YIELD();                                                                            \
        }                                                                                          \
        if (__builtin_expect(ex_strand_take_cancel(strand), 0)) {                                  \
            EX_RETURN(-ECANCELED);                                                                 \
        }                                                                                          \
    } while (0)

#ifndef EX_SMALL
/* Runs an operation of one frame on a thread that runs no tasks, and waits until it returns. */
int64_t ex_wait_block(const struct ex_wait_guard *guard, struct ex_frame *operation);
#endif

#endif
