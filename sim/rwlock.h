/* Read-write locks, in the program's own memory (sim/object.h).
 *
 *   free ──read──► readers = 1 ──read──► 2 … ──unlock──► 1 ──unlock──► free, writers compete
 *     └───write──► writer = thread ──unlock──► free, all compete
 *
 * As in glibc, a reader passes writers that wait, unless the lock prefers writers: then it waits
 * while one of them does.
 *
 * Memory:      the program's pthread_rwlock_t; nothing to free.
 * Limits:      RWLOCK_READERS_MAX, as in glibc.
 * Errors:      positive errno values, as pthreads return them.
 * Threads:     the world's only.
 * Determinism: see sim/object.h.
 */
#ifndef SIM_RWLOCK_H
#define SIM_RWLOCK_H

#include <stdint.h>

#include "sim/object.h"
#include "sim/schedule.h"

#define RWLOCK_READERS_MAX (1u << 28)
#define RWLOCK_OTHERS 3

/* What a lock prefers: glibc's numbers, and to it the first two are the same. */
enum rwlock_kind {
    RWLOCK_PREFERS_READERS = 0,
    RWLOCK_PREFERS_WRITERS_RECURSIVE = 1,
    RWLOCK_PREFERS_WRITERS = 2,
};

struct rwlock {
    uint32_t writer; /* display id of the thread that holds it for writing, 0 = none */
    uint32_t readers;
    uint32_t writers_waiting;
    uint32_t holder; /* one of the threads that hold it, 0 = none or not known */
    uint32_t object; /* display id; 0: the fields above and below are not set up yet */
    struct wait_queue read_queue;
    struct wait_queue write_queue;
    uint32_t others[RWLOCK_OTHERS]; /* further readers: the holder once that one has left */
    uint32_t kind;                  /* where glibc's initialisers put it */
};

void rwlock_init(struct rwlock *lock, enum rwlock_kind kind);

/* 0, EBUSY when it is held or waited for. */
int rwlock_destroy(struct rwlock *lock);

/* 0, EDEADLK (the caller writes), ETIMEDOUT, EAGAIN (too many readers). Who reads and asks to
 * write waits for itself, and the run ends in a deadlock as production would. */
int rwlock_read(struct schedule *schedule,
                struct rwlock *lock,
                uint64_t deadline_ns,
                const void *site);
int rwlock_write(struct schedule *schedule,
                 struct rwlock *lock,
                 uint64_t deadline_ns,
                 const void *site);

/* 0, EBUSY, EAGAIN. */
int rwlock_try_read(struct schedule *schedule, struct rwlock *lock, const void *site);
int rwlock_try_write(struct schedule *schedule, struct rwlock *lock, const void *site);

/* 0, EPERM when nobody holds it or another thread writes: glibc would lose count here. */
int rwlock_unlock(struct schedule *schedule, struct rwlock *lock, const void *site);

#endif
