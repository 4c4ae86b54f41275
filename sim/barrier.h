/* Barriers, in the program's own memory (sim/object.h).
 *
 *   arrives ─► the last of its round? ──no──► waits for the round to end ──┬─► leaves
 *                       └─yes─► the next round begins, all are woken ──────┘
 *
 * Memory:      the program's pthread_barrier_t; nothing to free.
 * Limits:      BARRIER_COUNT_MAX, as in glibc.
 * Errors:      positive errno values, as pthreads return them.
 * Threads:     the world's only.
 * Determinism: see sim/object.h.
 */
#ifndef SIM_BARRIER_H
#define SIM_BARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/object.h"
#include "sim/schedule.h"

#define BARRIER_COUNT_MAX (UINT32_MAX / 2)

struct barrier {
    uint32_t arrived; /* threads that wait for this round to end */
    uint32_t round;
    uint32_t count; /* threads that a round is made of; where glibc has it */
    uint32_t unused;
    uint32_t inside; /* threads that have arrived and not left, of this round or an older one */
    uint32_t object; /* display id, 0 = not used yet */
    struct wait_queue queue;
};

/* 0, EINVAL when count is 0 or too high; the old content is ignored. */
int barrier_init(struct barrier *barrier, uint32_t count);

/* 0, EBUSY when a round has begun. Waits until those of older rounds have left: the first thread
 * to come out may destroy the barrier and free its memory. */
int barrier_destroy(struct schedule *schedule, struct barrier *barrier, const void *site);

/* True for one thread of the round: as in glibc, the one that came last. */
bool barrier_wait(struct schedule *schedule, struct barrier *barrier, const void *site);

#endif
