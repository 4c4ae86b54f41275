/* Which place in memory an access is about: words of eight bytes, with display ids.
 *
 *   access ─► granule_object(address) ─► id: a new one at the first use in a run
 *   free   ─► granule_forget(block): what is there next is something else
 *
 * Memory:      tables in the world's arena, touched as far as used.
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

#define GRANULES_MAX (UINT32_C(1) << 19)

struct granule {
    uint64_t word;       /* its address / 8 */
    uint32_t generation; /* of the run that it is known in */
    uint32_t object;     /* 0 = it was forgotten */
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

/* The display id of the word that this address is in. */
uint32_t granule_object(struct granules *granules, const volatile void *address);

/* So many bytes are given back: who uses them next makes another object of them. */
void granule_forget(struct granules *granules, const void *block, uint64_t size);

#endif
