/* The ready queue of a worker: intrusive, first in, first out.
 *
 * Everything in the ready queue can be stolen, and yet the owner's paths have neither a locked
 * instruction nor a fence. The owner brackets each use of the queue by enter and leave (a flag of
 * its own, plainly written; a look at the thief's flag). A thief raises its flag, makes every
 * thread of the process execute a barrier by membarrier(2), waits until the owner is outside, and
 * then owns the queue and the strands in it, until it lowers the flag. Only a strand that stands in
 * the queue may change its owner; one that runs or waits belongs to who ran it last.
 *
 * Counterexample that enter and leave answer: (1) A's task makes data for Y, which A owns and which
 * stands ready in A's queue. (2) A reads that Y is ready and does nothing. (3) Meanwhile a thief
 * had taken Y, resumed it before the data, and Y waits: the wake is lost. Inside the bracket, (2)
 * either precedes the theft, then Y sees the data; or A sees the new owner and wakes it there.
 *
 * Threads: by the owner, from enter to leave.
 * Source:  Dice, Huang and Yang, "Asymmetric Dekker Synchronization" (2001); here for a whole
 *          queue.
 */
#ifndef EXECUTOR_READY_H
#define EXECUTOR_READY_H

#include "executor/queue.h"

enum {
    EX_READY_COUNT_MAX = 1024, /* of a shared worker; half of what is more goes to all */
    EX_READY_LIFO_MAX = 3,     /* resumes in a row of what was woken last */
};

void ex_ready_enter_slowly(struct ex_worker *worker);

/* From here to leave no thief changes the queue, nor the owner of what stands in it. */
static inline void ex_ready_enter_shared(struct ex_worker *worker) {
    if (__builtin_expect(worker->needs_fence, 0)) {
        __atomic_exchange_n(&worker->busy, 1, __ATOMIC_SEQ_CST);
    } else {
        __atomic_store_n(&worker->busy, 1, __ATOMIC_RELAXED);
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (__builtin_expect(__atomic_load_n(&worker->thief, __ATOMIC_SEQ_CST), 0)) {
        ex_ready_enter_slowly(worker);
    }
}

static inline void ex_ready_enter(struct ex_worker *worker) {
    if (worker->is_shared) {
        ex_ready_enter_shared(worker);
    }
}

/* Something was queued: tells one worker that idles, if there is one. */
void ex_ready_announce(struct ex_worker *worker);

static inline void ex_ready_leave_shared(struct ex_worker *worker) {
    if (worker->has_surplus) {
        worker->has_surplus = false;
        __atomic_store_n(&worker->busy, 0, __ATOMIC_RELEASE);
        ex_ready_announce(worker);
    } else {
        __atomic_store_n(&worker->busy, 0, __ATOMIC_RELEASE);
    }
}

static inline void ex_ready_leave(struct ex_worker *worker) {
    if (worker->is_shared) {
        ex_ready_leave_shared(worker);
    }
}

/* To the place for what was woken last, if a task woke it; what stood
 * there is queued. Or to the queue at once. */
void ex_ready_offer(struct ex_worker *worker, struct ex_strand *strand);
void ex_ready_queue(struct ex_worker *worker, struct ex_strand *strand);

/* What ran and is ready once more: nobody needs to be told. */
void ex_ready_queue_again(struct ex_worker *worker, struct ex_strand *strand);

/* The next one of a shared worker. */
struct ex_strand *ex_ready_next(struct ex_worker *worker);

/* The longest ready half goes to whichever worker takes it. */
void ex_ready_overflow(struct ex_worker *worker);

/* Moves the longest ready `wanted` roots that are not pinned to a list of the caller's, linked by
 * `next`; how many there were. */
uint32_t ex_ready_split(struct ex_worker *worker, uint32_t wanted, struct ex_strand **taken);

/* The strand and all that it lies in become ready. What runs is queued again when it has to wait
 * (executor/turn.h). By the owner, inside enter and leave. */
static inline void ex_ready_wake(struct ex_worker *worker, struct ex_strand *strand) {
    while (!ex_strand_is(strand, EX_STRAND_READY | EX_STRAND_RETURNED)) {
        ex_strand_set(strand, EX_STRAND_READY);
        if (!ex_strand_is_branch(strand)) {
            if (__builtin_expect(!worker->is_plain, 0)) {
                ex_ready_offer(worker, strand);
            } else if (strand != worker->local.running) {
                ex_queue_push(worker, strand);
            }
            return;
        }
        strand = ((struct ex_branch *)(void *)strand)->parent;
    }
}

/* A root goes on before all others that are ready. By the owner, if it is local. */
void ex_ready_wake_first(struct ex_worker *worker, struct ex_strand *root);

/* Does what other threads asked of a root that the worker owns. */
void ex_ready_hear(struct ex_strand *root);

/* Takes a root off the list of what others woke. Inside the bracket of `worker`, by the owner or a
 * thief. */
void ex_ready_deliver(struct ex_worker *worker, struct ex_strand *root);

bool ex_ready_drain_slowly(struct ex_worker *worker);

/* Makes ready what others woke; true when there was any. By the owner, outside the bracket. */
static inline bool ex_ready_drain(struct ex_worker *worker) {
    return __builtin_expect(__atomic_load_n(&worker->remote, __ATOMIC_RELAXED) != NULL, 0) &&
           ex_ready_drain_slowly(worker);
}

#endif
