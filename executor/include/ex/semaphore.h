/* A semaphore: so many permits; who waits is served in order, however many each wants.
 *
 *   EX_AWAIT(ex_semaphore_acquire(&self->acquire, semaphore, 3));
 *   … ex_semaphore_release(semaphore, 3);
 *
 *   permits 2 │ first wants 3 │ second wants 1        the second waits behind the first, else
 *             │               │                       small wishes would starve big ones
 *
 * Permits belong to nobody: whoever has reason to releases them, also more than there were.
 *
 * Memory:  the semaphore is its user's; nothing is allocated.
 * Errors:  -ECANCELED from ex_semaphore_acquire: no permit was taken.
 * Limits:  EX_SEMAPHORE_PERMITS_MAX; to release more panics. Who wants more than there will ever be
 *          waits for ever, and all behind it.
 * Threads: ex/wait.h.
 */
#ifndef EXECUTOR_INCLUDE_EX_SEMAPHORE_H
#define EXECUTOR_INCLUDE_EX_SEMAPHORE_H

#include <ex/plain.h>
#include <ex/wait.h>

#define EX_SEMAPHORE_PERMITS_MAX UINT32_MAX
#define EX_SEMAPHORE_WANTED (UINT64_C(1) << 63) /* beside permits: the queue may not be empty */

struct ex_semaphore {
    struct ex_wait_queue queue; /* of nodes in struct ex_semaphore_acquire */
    uint64_t permits; /* fewer than the first in the queue wants, and EX_SEMAPHORE_WANTED; of a
                         shared one: changed by compare and exchange */
    struct ex_wait_guard guard;
};

EX_PUBLIC void
ex_semaphore_init(struct ex_semaphore *semaphore, enum ex_wait_kind kind, uint32_t permits);

/* Panics when somebody waits. */
EX_PUBLIC void ex_semaphore_deinit(struct ex_semaphore *semaphore);

/* Permits more, or fewer if it is a number's complement; false: there would be too many, or too
 * few, or it is wanted, and nothing happens. By who may touch the semaphore, else false. */
static inline bool ex_semaphore_add(struct ex_semaphore *semaphore, uint64_t more) {
    if (semaphore->guard.thread == ex_wait_thread()) {
        const uint64_t permits = semaphore->permits + more;
        const bool is_possible = permits <= EX_SEMAPHORE_PERMITS_MAX;
        if (is_possible) {
            semaphore->permits = permits;
        }
        return is_possible;
    }
#ifndef EX_SMALL
    if (semaphore->guard.thread == 0) {
        uint64_t before = __atomic_load_n(&semaphore->permits, __ATOMIC_RELAXED);
        uint64_t permits;
        do {
            permits = before + more;
            if (permits > EX_SEMAPHORE_PERMITS_MAX) {
                return false;
            }
        } while (!__atomic_compare_exchange_n(&semaphore->permits,
                                              &before,
                                              permits,
                                              true,
                                              __ATOMIC_ACQ_REL,
                                              __ATOMIC_RELAXED));
        return true;
    }
#endif
    return false;
}

/* Awaitable: 0, `count` permits are the caller's; -ECANCELED. */
struct ex_semaphore_acquire {
    struct ex_frame frame;
    struct ex_semaphore *semaphore;
    uint32_t count;
    struct ex_wait_node node;
};
EX_PUBLIC ex_resume_function ex_semaphore_acquire_slowly;

static inline int64_t
ex_semaphore_acquire_plainly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_semaphore_acquire *const self = (struct ex_semaphore_acquire *)(void *)frame;

    if (ex_plain_end(frame, strand)) {
        if (ex_semaphore_add(self->semaphore, -(uint64_t)self->count)) {
            return 0;
        }
        ex_budget_left++;
    }
    return ex_plain_give_up(frame, strand, value, ex_semaphore_acquire_slowly);
}

static inline struct ex_frame *ex_semaphore_acquire(struct ex_semaphore_acquire *self,
                                                    struct ex_semaphore *semaphore,
                                                    uint32_t count) {
    self->semaphore = semaphore;
    self->count = count;
    return EX_PLAIN_FRAME(self, ex_semaphore_acquire_plainly, ex_semaphore_acquire_slowly);
}

/* True: `count` permits are the caller's. False when there are fewer, or somebody waits. */
EX_PUBLIC bool ex_semaphore_try_acquire(struct ex_semaphore *semaphore, uint32_t count);

EX_PUBLIC void ex_semaphore_release_slowly(struct ex_semaphore *semaphore, uint32_t count);

static inline void ex_semaphore_release(struct ex_semaphore *semaphore, uint32_t count) {
    if (__builtin_expect(!ex_semaphore_add(semaphore, count), 0)) {
        ex_semaphore_release_slowly(semaphore, count);
    }
}

/* Permits that nobody has. */
EX_PUBLIC uint32_t ex_semaphore_permits(struct ex_semaphore *semaphore);

#ifndef EX_SMALL
EX_PUBLIC void ex_semaphore_acquire_blocking(struct ex_semaphore *semaphore, uint32_t count);
#endif

#endif
