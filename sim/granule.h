/* What is known of places in memory: words of eight bytes.
 *
 *   access ─► granule_named(address) ─► display id: a new one at the first use in a run
 *          └► granule_at(address) ─► who accessed it (sim/shadow.h)
 *   free   ─► granule_forget(block): what is there next is something else
 *
 * Memory:      tables in the world's arena, touched as far as used; words that lie together have
 *              slots that do.
 * Limits:      GRANULES_MAX words; one more ends the run with a verdict.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: ids follow the order of first uses; addresses decide nothing.
 */
#ifndef SIM_GRANULE_H
#define SIM_GRANULE_H

#include <stdint.h>

#include "sim/arena.h"
#include "sim/schedule.h"

#define GRANULES_MAX (UINT32_C(1) << 21)
#define GRANULE_BYTES 8u

struct granule {
    uint64_t word;       /* its address / 8 */
    uint32_t generation; /* of the run that it is known in */
    uint32_t object;     /* 0 = it has none yet, or it was forgotten */
    uint32_t process;    /* of sim/shadow.h, as are the others: whose memory it is */
    uint32_t accesses;
    uint32_t locations;
};

struct granules {
    struct schedule *schedule;
    struct granule *table; /* open addressing, twice GRANULES_MAX slots */
    uint32_t *slots;       /* of those in use */
    uint32_t count;        /* in use, forgotten ones included */
    uint32_t generation;
};

uint64_t granule_arena_size(void);

/* Once. */
void granules_init(struct granules *granules, struct arena *arena, struct schedule *schedule);

/* Starts a run: no word is known. */
void granules_begin(struct granules *granules);

/* The word that this address is in. */
struct granule *granule_at(struct granules *granules, uintptr_t address);

/* The same; it has a display id then. */
struct granule *granule_named(struct granules *granules, uintptr_t address);

/* Calls a function for each known word of a block. */
typedef void granule_visit(void *context, struct granule *granule);
void granule_each(struct granules *granules,
                  const void *block,
                  uint64_t size,
                  granule_visit *visit,
                  void *context);

/* So many bytes are given back: who uses them next makes another object of them. */
void granule_forget(struct granules *granules, const void *block, uint64_t size);

#endif
