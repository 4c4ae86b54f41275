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
 * Limits:  EX_SEMAPHORE_PERMITS_MAX; to release more panics.
 * Threads: ex/wait.h.
 */
#ifndef EXECUTOR_INCLUDE_EX_SEMAPHORE_H
#define EXECUTOR_INCLUDE_EX_SEMAPHORE_H

#include <ex/wait.h>

#define EX_SEMAPHORE_PERMITS_MAX UINT32_MAX

struct ex_semaphore {
    struct ex_wait_queue queue; /* of nodes in struct ex_semaphore_acquire */
    uint32_t permits;           /* fewer than the first in the queue wants */
    struct ex_wait_guard guard;
};

EX_PUBLIC void
ex_semaphore_init(struct ex_semaphore *semaphore, enum ex_wait_kind kind, uint32_t permits);

/* Panics when somebody waits. */
EX_PUBLIC void ex_semaphore_deinit(struct ex_semaphore *semaphore);

/* Awaitable: 0, `count` permits are the caller's; -ECANCELED. */
struct ex_semaphore_acquire {
    struct ex_frame frame;
    struct ex_semaphore *semaphore;
    uint32_t count;
    struct ex_wait_node node;
};
EX_PUBLIC struct ex_frame *ex_semaphore_acquire(struct ex_semaphore_acquire *self,
                                                struct ex_semaphore *semaphore,
                                                uint32_t count);

/* True: `count` permits are the caller's. False when there are fewer, or somebody waits. */
EX_PUBLIC bool ex_semaphore_try_acquire(struct ex_semaphore *semaphore, uint32_t count);

EX_PUBLIC void ex_semaphore_release(struct ex_semaphore *semaphore, uint32_t count);

/* Permits that nobody has. */
EX_PUBLIC uint32_t ex_semaphore_permits(struct ex_semaphore *semaphore);

#ifndef EX_SMALL
EX_PUBLIC void ex_semaphore_acquire_blocking(struct ex_semaphore *semaphore, uint32_t count);
#endif

#endif
