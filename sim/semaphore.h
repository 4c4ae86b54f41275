/* Semaphores, in the program's own memory (sim/object.h).
 *
 *   post ─► value + 1, all who wait compete        wait ─► value - 1, or waits
 *
 * Memory:      the program's sem_t; nothing to free.
 * Limits:      SEMAPHORE_VALUE_MAX, as in glibc.
 * Errors:      positive errno values.
 * Threads:     the world's only.
 * Determinism: see sim/object.h.
 */
#ifndef SIM_SEMAPHORE_H
#define SIM_SEMAPHORE_H

#include <stdint.h>

#include "sim/object.h"
#include "sim/schedule.h"

#define SEMAPHORE_VALUE_MAX 0x7fffffffu

struct semaphore {
    uint32_t value; /* where glibc has it */
    uint32_t unused[2];
    uint32_t object; /* display id, 0 = not used yet */
    struct wait_queue queue;
};

/* 0, EINVAL when the value is too high; the old content is ignored. */
int semaphore_init(struct semaphore *semaphore, uint32_t value);

/* 0, EBUSY when threads wait for it. */
int semaphore_destroy(struct semaphore *semaphore);

/* 0, ETIMEDOUT, EINTR (schedule_wait: the thread has signals to handle). */
int semaphore_wait(struct schedule *schedule,
                   struct semaphore *semaphore,
                   uint64_t deadline_ns,
                   const void *site);

/* 0, EAGAIN. */
int semaphore_try_wait(struct schedule *schedule, struct semaphore *semaphore, const void *site);

/* 0, EOVERFLOW. The semaphore may be gone once it returns: a thread that waited may destroy it. */
int semaphore_post(struct schedule *schedule, struct semaphore *semaphore, const void *site);

/* The value at this point; 0 while threads wait. */
uint32_t semaphore_value(struct schedule *schedule, struct semaphore *semaphore, const void *site);

#endif
