#include "sim/vector.h"

#include <string.h>

#define SMALLEST 4u

/* A block: which size it has, then its entries. A handle is the place of the first word. */
static uint32_t block_words(uint32_t size) {
    return 1 + (SMALLEST << size);
}

uint64_t vector_arena_size(void) {
    return (uint64_t)VECTOR_WORDS * sizeof(uint32_t);
}

void vectors_init(struct vectors *vectors, struct arena *arena, struct schedule *schedule) {
    vectors->schedule = schedule;
    vectors->words = arena_take(arena, vector_arena_size());
}

void vectors_begin(struct vectors *vectors) {
    vectors->used = 1;
    memset(vectors->free, 0, sizeof vectors->free);
}

static uint32_t *entries(const struct vectors *vectors, uint32_t vector) {
    return &vectors->words[vector + 1];
}

static uint32_t entry_count(const struct vectors *vectors, uint32_t vector) {
    return vector == 0 ? 0 : SMALLEST << vectors->words[vector];
}

/* Room for so many entries, all 0. */
static uint32_t take(struct vectors *vectors, uint32_t count) {
    uint32_t size = 0;
    while (SMALLEST << size < count) {
        size++;
    }
    uint32_t vector = vectors->free[size];
    if (vector != 0) {
        vectors->free[size] = *entries(vectors, vector);
    } else {
        if (vectors->used + block_words(size) > VECTOR_WORDS) {
            verdict_set(
                vectors->schedule->verdict,
                VERDICT_LIMIT,
                "more than %u words of vector clocks: search with --races off and --memory sc",
                VECTOR_WORDS);
            schedule_end(vectors->schedule);
        }
        vector = vectors->used;
        vectors->used += block_words(size);
        vectors->words[vector] = size;
    }
    memset(entries(vectors, vector), 0, (SMALLEST << size) * sizeof(uint32_t));
    return vector;
}

void vector_drop(struct vectors *vectors, uint32_t *vector) {
    if (*vector != 0) {
        const uint32_t size = vectors->words[*vector];
        *entries(vectors, *vector) = vectors->free[size];
        vectors->free[size] = *vector;
        *vector = 0;
    }
}

/* Makes room for so many entries; the old ones stay. */
static uint32_t *grow(struct vectors *vectors, uint32_t *vector, uint32_t wanted) {
    const uint32_t count = entry_count(vectors, *vector);
    if (wanted > count) {
        const uint32_t larger = take(vectors, wanted);
        for (uint32_t i = 0; i < count; i++) {
            entries(vectors, larger)[i] = entries(vectors, *vector)[i];
        }
        vector_drop(vectors, vector);
        *vector = larger;
    }
    return entries(vectors, *vector);
}

static void join(uint32_t *to, const uint32_t *from, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        to[i] = to[i] > from[i] ? to[i] : from[i];
    }
}

void vector_set(struct vectors *vectors, uint32_t *vector, const struct vector_clock *clock) {
    uint32_t *at = grow(vectors, vector, clock->count);
    const uint32_t count = entry_count(vectors, *vector);
    for (uint32_t i = 0; i < count; i++) {
        at[i] = i < clock->count ? clock->at[i] : 0;
    }
}

void vector_join(struct vectors *vectors, uint32_t *vector, const struct vector_clock *clock) {
    join(grow(vectors, vector, clock->count), clock->at, clock->count);
}

void vector_merge(struct vectors *vectors, uint32_t *to, uint32_t from) {
    const uint32_t count = entry_count(vectors, from);
    join(grow(vectors, to, count), entries(vectors, from), count);
}

void vector_copy(struct vectors *vectors, uint32_t *to, uint32_t from) {
    vector_drop(vectors, to);
    vector_merge(vectors, to, from);
}

void vector_read(const struct vectors *vectors, uint32_t vector, struct vector_clock *clock) {
    uint32_t count = entry_count(vectors, vector);
    const uint32_t *at = entries(vectors, vector);
    while (count > clock->count && at[count - 1] == 0) {
        count--;
    }
    join(clock->at, at, count);
    clock->count = clock->count > count ? clock->count : count;
}

void vector_clock_join(struct vector_clock *clock, const struct vector_clock *other) {
    join(clock->at, other->at, other->count);
    clock->count = clock->count > other->count ? clock->count : other->count;
}

uint32_t vector_at(const struct vectors *vectors, uint32_t vector, uint32_t lane) {
    return lane < entry_count(vectors, vector) ? entries(vectors, vector)[lane] : 0;
}

void vector_first(struct vectors *vectors, uint32_t *vector, uint32_t lane, uint32_t epoch) {
    uint32_t *at = grow(vectors, vector, lane + 1);
    at[lane] = at[lane] == 0 ? epoch : at[lane];
}

bool vector_meets(const struct vectors *vectors,
                  uint32_t vector,
                  const uint32_t *clock,
                  uint32_t count) {
    const uint32_t *at = entries(vectors, vector);
    const uint32_t own = entry_count(vectors, vector);
    for (uint32_t i = 0; i < own && i < count; i++) {
        if (at[i] != 0 && at[i] <= clock[i]) {
            return true;
        }
    }
    return false;
}

bool vector_meets_vector(const struct vectors *vectors, uint32_t vector, uint32_t other) {
    return vector_meets(vectors, vector, entries(vectors, other), entry_count(vectors, other));
}
