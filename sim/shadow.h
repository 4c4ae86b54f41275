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
 * Source:      FastTrack (Flanagan and Freund, PLDI 2009); differs in that several accesses of a
 *              word are kept in one list instead of one write and a vector of reads, since bytes
 *              of a word may be variables of their own.
 * Memory:      records of the world's arena, touched as far as used.
 * Limits:      SHADOW_ACCESSES_MAX; one more ends the run with a verdict.
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
#include "sim/location.h"
#include "sim/schedule.h"

#define SHADOW_ACCESSES_MAX (1u << 21)

/* What an access is. */
enum { SHADOW_WRITE = 1, SHADOW_ATOMIC = 2, SHADOW_FREE = 4 };

enum shadow_kind { SHADOW_LOAD, SHADOW_STORE, SHADOW_UPDATE };

struct shadow_operation {
    struct granule *granule; /* has the first byte */
    uintptr_t address;
    uint32_t size;
    enum shadow_kind kind;
    int order;     /* __ATOMIC_RELAXED …, perhaps with further bits */
    bool opaque;   /* see sim/location.h; what is larger than a word always is */
    bool compares; /* a load: see there */
    uint64_t expected;
};

struct shadow {
    struct schedule *schedule;
    struct causality *causality;
    struct granules *granules;
    struct pool accesses;
    struct locations locations;
    bool races; /* else memory is weak, and that is all that is asked for */
};

uint64_t shadow_arena_size(void);

/* Once. */
void shadow_init(struct shadow *shadow,
                 struct arena *arena,
                 struct causality *causality,
                 struct granules *granules);

/* Starts a run. After granules_begin and causality_begin. */
void shadow_begin(struct shadow *shadow, bool races, bool weak);

/* The running thread is about to access so many bytes; `flags` of the above. Ends the run when that
 * races. */
void shadow_access(struct shadow *shadow,
                   uintptr_t address,
                   uint64_t size,
                   uint32_t flags,
                   const void *site);

/* It does so atomically, where memory held `before`. A load: returns what it sees, which may be
 * older. Else `value` is what memory holds now. */
uint64_t shadow_atomic(struct shadow *shadow,
                       const struct shadow_operation *operation,
                       uint64_t before,
                       uint64_t value,
                       const void *site);

void shadow_fence(struct shadow *shadow, int order);

/* A block is given back by the running thread, which is an access to all of it; then it is as if
 * nobody had accessed it. */
void shadow_free(struct shadow *shadow, const void *block, uint64_t size, const void *site);

/* The latter alone: of memory that others got rid of. */
void shadow_forget(struct shadow *shadow, const void *block, uint64_t size);

#endif
