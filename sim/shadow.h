/* Who accessed a place in memory last, and whether that is ordered: finds data races.
 *
 *   plain or atomic access ─► shadow_access ─► ordered after each one that conflicts? ─no─► verdict
 *   atomic operation       ─► shadow_atomic ─► what it hands over, and what it is handed
 *
 * Two accesses race when they are of different threads of a process, touch a byte in common, one
 * writes, not both are atomic, and neither happens before the other. All accesses are kept that may
 * still race with a later one; one goes when another covers it that is ordered after it, is as
 * strong (a write, plain), and would race whenever it did.
 *
 * Of a place that is accessed atomically, a location keeps what the last release sequence hands
 * over: a store begins one or, relaxed, ends it, unless its thread headed it; whoever reads,
 * changes and writes goes on with it. Fences as in C11, 7.17.4.
 *
 * Source:      FastTrack (Flanagan and Freund, PLDI 2009); differs in that several accesses of a
 *              word are kept in one list instead of one write and a vector of reads, since bytes
 *              of a word may be variables of their own.
 * Memory:      records of the world's arena, touched as far as used.
 * Limits:      SHADOW_ACCESSES_MAX, SHADOW_LOCATIONS_MAX; one more ends the run with a verdict.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: what is accessed decides; addresses find it, and are in no message.
 */
#ifndef SIM_SHADOW_H
#define SIM_SHADOW_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/causality.h"
#include "sim/granule.h"
#include "sim/schedule.h"

#define SHADOW_ACCESSES_MAX (1u << 21)
#define SHADOW_LOCATIONS_MAX (1u << 20)

/* What an access is. */
enum { SHADOW_WRITE = 1, SHADOW_ATOMIC = 2, SHADOW_FREE = 4 };

enum shadow_operation { SHADOW_LOAD, SHADOW_STORE, SHADOW_UPDATE };

struct shadow {
    struct schedule *schedule;
    struct causality *causality;
    struct granules *granules;
    struct pool accesses;
    struct pool locations;
};

uint64_t shadow_arena_size(void);

/* Once. */
void shadow_init(struct shadow *shadow,
                 struct arena *arena,
                 struct causality *causality,
                 struct granules *granules);

/* Starts a run. After granules_begin and causality_begin. */
void shadow_begin(struct shadow *shadow);

/* The running thread is about to access so many bytes; `flags` of the above. Ends the run when that
 * races. */
void shadow_access(struct shadow *shadow,
                   uintptr_t address,
                   uint64_t size,
                   uint32_t flags,
                   const void *site);

/* It does so atomically, with a memory order (__ATOMIC_RELAXED …) that may have further bits;
 * `granule` has the first byte. */
void shadow_atomic(struct shadow *shadow,
                   struct granule *granule,
                   uintptr_t address,
                   uint32_t size,
                   enum shadow_operation operation,
                   int order,
                   const void *site);

void shadow_fence(struct shadow *shadow, int order);

/* A block is given back by the running thread, which is an access to all of it; then it is as if
 * nobody had accessed it. */
void shadow_free(struct shadow *shadow, const void *block, uint64_t size, const void *site);

/* The latter alone: of memory that others got rid of. */
void shadow_forget(struct shadow *shadow, const void *block, uint64_t size);

#endif
