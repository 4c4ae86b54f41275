/* Mutexes and condition variables that keep their state in the user's own object.
 *
 *   pthread_mutex_t memory:  holder | count | object | pad | kind | queue     (kind where glibc
 *                                                                             has it: offset 16)
 *
 * A statically initialised object is all zero but for its kind, and so needs no set-up; a reset of
 * the program's memory resets it too. An unlock makes every waiter ready: which of them gets the
 * lock is the scheduler's choice, and under `fifo` the one that waited longest.
 *
 * Memory:      the user's objects; nothing to free.
 * Errors:      positive errno values, as pthreads return them.
 * Threads:     the world's only.
 * Determinism: objects get display ids on first use; addresses decide nothing.
 */
#ifndef SIM_SYNC_H
#define SIM_SYNC_H

#include <stdint.h>

#include "sim/schedule.h"

#define SYNC_SPURIOUS_DENOMINATOR 64 /* one wait in so many may return without a wake */

enum sync_kind { SYNC_NORMAL = 0, SYNC_RECURSIVE = 1, SYNC_ERRORCHECK = 2, SYNC_ADAPTIVE = 3 };

struct sync_mutex {
    uint32_t holder; /* display id of a thread, 0 = free */
    uint32_t count;  /* how often a recursive holder holds it */
    uint32_t object; /* display id, 0 = not used yet */
    uint32_t unused;
    uint32_t kind; /* enum sync_kind in the low bits, as in glibc's initialisers */
    struct wait_queue queue;
};

struct sync_cond {
    uint32_t object;
    uint32_t clock; /* clockid of absolute deadlines */
    struct wait_queue queue;
    uint32_t waiters;
};

/* Sets up a mutex of a kind; the old content is ignored. */
void sync_mutex_init(struct sync_mutex *mutex, enum sync_kind kind);

/* 0, EBUSY when it is held. */
int sync_mutex_destroy(struct sync_mutex *mutex);

/* 0, EDEADLK (errorcheck), EAGAIN (too deep), ETIMEDOUT. A normal mutex locked twice waits, and
 * the run ends in a deadlock as production would. */
int sync_mutex_lock(struct schedule *schedule,
                    struct sync_mutex *mutex,
                    uint64_t deadline_ns,
                    const void *site);

/* 0, EBUSY. */
int sync_mutex_trylock(struct schedule *schedule, struct sync_mutex *mutex, const void *site);

/* 0, EPERM when another thread holds it (recursive, errorcheck). A normal one is unlocked by
 * whoever asks, as in production. */
int sync_mutex_unlock(struct schedule *schedule, struct sync_mutex *mutex, const void *site);

void sync_cond_init(struct sync_cond *cond, uint32_t clock);

/* Releases the mutex, waits, takes the mutex again. 0 or ETIMEDOUT; EPERM as unlock. May return 0
 * without a signal (a choice). */
int sync_cond_wait(struct schedule *schedule,
                   struct sync_cond *cond,
                   struct sync_mutex *mutex,
                   uint64_t deadline_ns,
                   const void *site);

int sync_cond_signal(struct schedule *schedule, struct sync_cond *cond, const void *site);
int sync_cond_broadcast(struct schedule *schedule, struct sync_cond *cond, const void *site);

#endif
