/* Spin locks. A thread that would spin waits in a queue, since each turn would be a point.
 *
 *   pthread_spinlock_t:  SPIN_FREE ──first use──► SPIN_MARK | index ─► table: holder, queue
 *
 * The program's word is too small for a holder, a queue and a display id, so it names a record.
 * SPIN_FREE is what glibc's pthread_spin_init leaves on this processor, also in a constructor. Any
 * other word is a lock that nobody initialised: production finds it taken, and so do we.
 *
 * Memory:      a table in the world's arena; a record lives until its lock is destroyed.
 * Limits:      SPINS_MAX locks in use at once; then the run ends with VERDICT_LIMIT.
 * Errors:      positive errno values, as pthreads return them.
 * Threads:     the world's only.
 * Determinism: records and display ids are given out on first use.
 */
#ifndef SIM_SPIN_H
#define SIM_SPIN_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/object.h"
#include "sim/schedule.h"

#define SPINS_MAX (1u << 20)
#define SPIN_FREE 1u
#define SPIN_MARK 0x5a000000u

struct spin {
    uint32_t holder; /* display id of the thread that holds it, 0 = none or not known */
    uint32_t object;
    bool taken;
    struct wait_queue queue;
};

struct spins {
    struct pool table;
    struct schedule *schedule;
};

/* Bytes of the arena that the table takes. */
uint64_t spin_arena_size(void);

void spins_init(struct spins *spins, struct arena *arena, struct schedule *schedule);
void spins_begin(struct spins *spins);

/* The word becomes a free lock; the old content is ignored. */
void spin_init(uint32_t *word);

/* 0, EBUSY when it is held. */
int spin_destroy(struct spins *spins, uint32_t *word);

/* Who holds it already waits for itself, and the run ends in a deadlock: production spins. */
void spin_lock(struct spins *spins, uint32_t *word, const void *site);

/* 0, EBUSY. */
int spin_try_lock(struct spins *spins, uint32_t *word, const void *site);

/* Frees it, whoever asks, as in production. */
void spin_unlock(struct spins *spins, uint32_t *word, const void *site);

#endif
