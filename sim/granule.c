#include "sim/granule.h"

#include <inttypes.h>
#include <string.h>

#include "sim/panic.h"

#define SLOTS (2 * GRANULES_MAX)
#define WORD_BITS 3
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

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

/* Where a word is, or the free slot where it would be. */
static uint32_t slot_of(const struct granules *granules, uint64_t word) {
    uint32_t slot = (uint32_t)(word * GOLDEN >> 32) & (SLOTS - 1);
    while (granules->table[slot].generation == granules->generation &&
           granules->table[slot].word != word) {
        slot = (slot + 1) & (SLOTS - 1);
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

uint32_t granule_object(struct granules *granules, const volatile void *address) {
    const uint64_t word = (uint64_t)(uintptr_t)address >> WORD_BITS;
    const uint32_t slot = slot_of(granules, word);
    if (!is_known(granules, slot)) {
        add(granules, slot, word);
    }
    struct granule *granule = &granules->table[slot];
    if (granule->object == 0) {
        granule->object = schedule_object(granules->schedule);
    }
    return granule->object;
}

static void forget_words(struct granules *granules, uint64_t first, uint64_t end) {
    for (uint64_t word = first; word < end; word++) {
        const uint32_t slot = slot_of(granules, word);
        if (is_known(granules, slot)) {
            granules->table[slot].object = 0;
        }
    }
}

/* Of a large block, what is known is looked through instead. */
void granule_forget(struct granules *granules, const void *block, uint64_t size) {
    const uint64_t first = (uint64_t)(uintptr_t)block >> WORD_BITS;
    const uint64_t end = ((uint64_t)(uintptr_t)block + size + 7) >> WORD_BITS;
    if (end - first <= granules->count) {
        forget_words(granules, first, end);
        return;
    }
    for (uint32_t i = 0; i < granules->count; i++) {
        struct granule *granule = &granules->table[granules->slots[i]];
        if (granule->word >= first && granule->word < end) {
            granule->object = 0;
        }
    }
}
