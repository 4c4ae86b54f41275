/* Mutexes and condition variables, in the program's own memory (sim/object.h).
 *
 *   pthread_mutex_t:  holder | count | object | users | kind | unused | queue
 *   pthread_cond_t:   object | waiters | queue | destroyers | unused | flags
 *                     (kind and flags where glibc has them)
 *
 * Memory:      the user's objects; nothing to free.
 * Errors:      positive errno values, as pthreads return them.
 * Threads:     the world's only.
 * Determinism: see sim/object.h.
 */
#ifndef SIM_SYNC_H
#define SIM_SYNC_H

#include <stdint.h>

#include "sim/object.h"
#include "sim/schedule.h"

#define SYNC_SPURIOUS_DENOMINATOR 64 /* one wait in so many may return without a wake */

enum sync_kind { SYNC_NORMAL = 0, SYNC_RECURSIVE = 1, SYNC_ERRORCHECK = 2, SYNC_ADAPTIVE = 3 };

#define SYNC_COND_MONOTONIC 2u /* in sync_cond.flags */

struct sync_mutex {
    uint32_t holder; /* display id of a thread, 0 = free */
    uint32_t count;  /* how often a recursive holder holds it */
    uint32_t object; /* display id, 0 = not used yet */
    uint32_t users;  /* it is held, or its holder waits on a condition variable */
    uint32_t kind;   /* enum sync_kind; any other is no mutex: EINVAL */
    uint32_t unused; /* glibc counts spins here */
    struct wait_queue queue;
};

struct sync_cond {
    uint32_t object;
    uint32_t waiters; /* threads between their entry and the last time they look at it */
    struct wait_queue queue;
    struct wait_queue destroyers;
    uint32_t unused[3];
    uint32_t flags;
};

/* Sets up a mutex of a kind; the old content is ignored. */
void sync_mutex_init(struct sync_mutex *mutex, enum sync_kind kind);

/* 0, EBUSY when it is in use. Without a new init, all calls fail with EINVAL then. */
int sync_mutex_destroy(struct sync_mutex *mutex);

/* 0, EDEADLK (errorcheck), EAGAIN (too deep), ETIMEDOUT, EINVAL. A normal mutex locked twice
 * waits, and the run ends in a deadlock as production would. */
int sync_mutex_lock(struct schedule *schedule,
                    struct sync_mutex *mutex,
                    uint64_t deadline_ns,
                    const void *site);

/* 0, EBUSY, EAGAIN, EINVAL. */
int sync_mutex_trylock(struct schedule *schedule, struct sync_mutex *mutex, const void *site);

/* 0, EINVAL, EPERM when another thread holds it (recursive, errorcheck). A normal one is unlocked
 * by whoever asks, as in production. */
int sync_mutex_unlock(struct schedule *schedule, struct sync_mutex *mutex, const void *site);

void sync_cond_init(struct sync_cond *cond, uint32_t flags);

/* Waits until woken threads have left it, as glibc does: a program may broadcast, destroy, and
 * free the memory at once. One that nobody woke makes that a deadlock, there and here. */
void sync_cond_destroy(struct schedule *schedule, struct sync_cond *cond, const void *site);

/* Releases the mutex, waits, takes the mutex again. 0 or ETIMEDOUT; EPERM and EINVAL as unlock.
 * May return 0 without a signal: a choice, or a signal handler has run. A mutex that is held more
 * than once stays held, as with glibc. */
int sync_cond_wait(struct schedule *schedule,
                   struct sync_cond *cond,
                   struct sync_mutex *mutex,
                   uint64_t deadline_ns,
                   const void *site);

int sync_cond_signal(struct schedule *schedule, struct sync_cond *cond, const void *site);
int sync_cond_broadcast(struct schedule *schedule, struct sync_cond *cond, const void *site);

#endif
