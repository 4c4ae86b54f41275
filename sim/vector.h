/* Vector clocks of varying length, in one pool.
 *
 *   struct vector_clock   a thread's own, at full length
 *   vector handle         what an object keeps of it: as many entries as there were threads
 *
 * Entry i counts what thread lane i did that others may wait for; see sim/causality.h.
 *
 * Memory:      words of the world's arena, touched as far as used; blocks of 4, 8, 16 … entries,
 *              freed ones of a size are taken again last first. A run starts with none.
 * Limits:      VECTOR_LANES entries, VECTOR_WORDS words; one more ends the run with a verdict.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: integers alone.
 */
#ifndef SIM_VECTOR_H
#define SIM_VECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/schedule.h"

#define VECTOR_LANES 128u
#define VECTOR_WORDS (1u << 24)
#define VECTOR_SIZES 6 /* 4 … 128 */

_Static_assert(4u << (VECTOR_SIZES - 1) == VECTOR_LANES, "the largest block has all lanes");

struct vector_clock {
    uint32_t count; /* entries from here on are 0 */
    uint32_t at[VECTOR_LANES];
};

struct vectors {
    struct schedule *schedule;
    uint32_t *words;
    uint32_t used;
    uint32_t free[VECTOR_SIZES]; /* lists, linked by a block's first entry */
};

uint64_t vector_arena_size(void);

/* Once. */
void vectors_init(struct vectors *vectors, struct arena *arena, struct schedule *schedule);

/* Starts a run: all handles are void. */
void vectors_begin(struct vectors *vectors);

/* In what follows 0 is a vector of zeros that takes no memory. */

/* What was in it is replaced by the clock's entries. */
void vector_set(struct vectors *vectors, uint32_t *vector, const struct vector_clock *clock);

/* Each entry becomes the larger one of both. */
void vector_join(struct vectors *vectors, uint32_t *vector, const struct vector_clock *clock);

/* The same of two vectors; and what `to` was is replaced by what `from` is. */
void vector_merge(struct vectors *vectors, uint32_t *to, uint32_t from);
void vector_copy(struct vectors *vectors, uint32_t *to, uint32_t from);

/* Each entry of the clock becomes the larger one of both. */
void vector_read(const struct vectors *vectors, uint32_t vector, struct vector_clock *clock);

/* The same of two clocks. */
void vector_clock_join(struct vector_clock *clock, const struct vector_clock *other);

/* One entry. */
uint32_t vector_at(const struct vectors *vectors, uint32_t vector, uint32_t lane);

/* Sets an entry unless it is set. */
void vector_first(struct vectors *vectors, uint32_t *vector, uint32_t lane, uint32_t epoch);

/* Whether an entry that is set is no larger than the one beside it: of a clock, of a vector. */
bool vector_meets(const struct vectors *vectors,
                  uint32_t vector,
                  const uint32_t *clock,
                  uint32_t count);
bool vector_meets_vector(const struct vectors *vectors, uint32_t vector, uint32_t other);

/* It is 0 afterwards. */
void vector_drop(struct vectors *vectors, uint32_t *vector);

#endif
