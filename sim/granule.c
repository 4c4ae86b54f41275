#include "sim/granule.h"

#include <inttypes.h>
#include <string.h>

#include "sim/panic.h"

#define SLOTS (2 * GRANULES_MAX)
#define WORD_BITS 3
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)
#define LINE_BITS 6
#define LINE_MASK ((UINT64_C(1) << LINE_BITS) - 1)
#define STEP (1u << LINE_BITS | 1u) /* odd, so that all slots are come to; of another line */

_Static_assert((SLOTS & (SLOTS - 1)) == 0, "a power of two");

uint64_t granule_arena_size(void) {
    return (uint64_t)SLOTS * sizeof(struct granule) + (uint64_t)GRANULES_MAX * sizeof(uint32_t);
}

void granules_init(struct granules *granules, struct arena *arena, struct schedule *schedule) {
    *granules = (struct granules){.schedule = schedule,
                                  .table = arena_take(arena, SLOTS * sizeof(struct granule)),
                                  .slots = arena_take(arena, GRANULES_MAX * sizeof(uint32_t))};
}

void granules_begin(struct granules *granules) {
    granules->count = 0;
    granules->generation++;
    ASSERT(granules->generation != 0);
}

/* Where a word is, or the free slot where it would be. The last bits of a slot are the word's. */
static uint32_t slot_of(const struct granules *granules, uint64_t word) {
    const uint32_t line = (uint32_t)((word >> LINE_BITS) * GOLDEN >> 32);
    uint32_t slot = (line << LINE_BITS | (uint32_t)(word & LINE_MASK)) & (SLOTS - 1);
    while (granules->table[slot].generation == granules->generation &&
           granules->table[slot].word != word) {
        slot = (slot + STEP) & (SLOTS - 1);
    }
    return slot;
}

static bool is_known(const struct granules *granules, uint32_t slot) {
    return granules->table[slot].generation == granules->generation;
}

static void add(struct granules *granules, uint32_t slot, uint64_t word) {
    if (granules->count == GRANULES_MAX) {
        verdict_set(granules->schedule->verdict,
                    VERDICT_LIMIT,
                    "more than %" PRIu32 " words of memory are accessed",
                    GRANULES_MAX);
        schedule_end(granules->schedule);
    }
    granules->table[slot] = (struct granule){.word = word, .generation = granules->generation};
    granules->slots[granules->count++] = slot;
}

struct granule *granule_at(struct granules *granules, uintptr_t address) {
    const uint64_t word = (uint64_t)address >> WORD_BITS;
    const uint32_t slot = slot_of(granules, word);
    if (!is_known(granules, slot)) {
        add(granules, slot, word);
    }
    return &granules->table[slot];
}

struct granule *granule_named(struct granules *granules, uintptr_t address) {
    struct granule *granule = granule_at(granules, address);
    if (granule->object == 0) {
        granule->object = schedule_object(granules->schedule);
    }
    return granule;
}

/* Of a large block, what is known is looked through instead. */
void granule_each(struct granules *granules,
                  const void *block,
                  uint64_t size,
                  granule_visit *visit,
                  void *context) {
    const uint64_t first = (uint64_t)(uintptr_t)block >> WORD_BITS;
    const uint64_t end = ((uint64_t)(uintptr_t)block + size + GRANULE_BYTES - 1) >> WORD_BITS;
    if (end - first <= granules->count) {
        for (uint64_t word = first; word < end; word++) {
            const uint32_t slot = slot_of(granules, word);
            if (is_known(granules, slot)) {
                visit(context, &granules->table[slot]);
            }
        }
        return;
    }
    for (uint32_t i = 0; i < granules->count; i++) {
        struct granule *granule = &granules->table[granules->slots[i]];
        if (granule->word >= first && granule->word < end) {
            visit(context, granule);
        }
    }
}

static void forget(void *context, struct granule *granule) {
    (void)context;
    granule->object = 0;
}

void granule_forget(struct granules *granules, const void *block, uint64_t size) {
    granule_each(granules, block, size, forget, NULL);
}
