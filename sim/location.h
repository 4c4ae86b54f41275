/* What atomic variables hand over from thread to thread, and what they held.
 *
 *   store, release ─► a release sequence ─► load, acquire: the view of who stored
 *
 * A store begins such a sequence or, relaxed, ends it, unless its thread headed it; whoever reads,
 * changes and writes goes on with it. Fences as in C11, 7.17.4. Where memory is weak a load may see
 * what a variable held before (sim/past.h), and is handed what that store handed over.
 *
 * Memory:      records of the world's arena, touched as far as used; listed by word of memory.
 * Limits:      LOCATIONS_MAX, PAST_MAX; one more ends the run with a verdict. A thread that has
 *              seen LOCATION_STALE_MAX older values in a row sees the newest: its loops end.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: integers; which store is seen is a choice of the run.
 */
#ifndef SIM_LOCATION_H
#define SIM_LOCATION_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/causality.h"
#include "sim/granule.h"
#include "sim/past.h"

#define LOCATIONS_MAX (1u << 20)
#define LOCATION_STALE_MAX 8

struct location;

struct locations {
    struct schedule *schedule;
    struct causality *causality;
    struct pool table, pasts;
    bool weak; /* in this run a load may see an older store */
    uint64_t sc_time;
};

/* Which bytes of which word an operation is about, and its memory order (__ATOMIC_RELAXED …). */
struct location_operation {
    struct granule *granule;
    uint32_t bytes;
    int order;
    bool opaque;   /* values are not told: loads see the last store */
    bool compares; /* a load for a comparison, which fails with no value that was expected */
    uint64_t expected;
};

uint64_t location_arena_size(void);

/* Once. */
void locations_init(struct locations *locations, struct arena *arena, struct causality *causality);

/* Starts a run. After causality_begin. */
void locations_begin(struct locations *locations, bool weak);

/* The word's locations are of something that is gone. */
void location_clear(struct locations *locations, struct granule *granule);

/* The running thread loads where memory holds `newest`; returns what it sees. */
uint64_t location_load(struct locations *locations,
                       const struct location_operation *operation,
                       uint64_t newest,
                       const void *site);

/* It stores a value over `before`; with `updates` it has read that, too. */
void location_store(struct locations *locations,
                    const struct location_operation *operation,
                    bool updates,
                    uint64_t before,
                    uint64_t value);

/* A fence, and one of all threads at once, as the kernel can make it. */
void location_fence(struct locations *locations, int order);
void location_fence_all(struct locations *locations);

#endif
