/* Memory of the simulated kernel: one block, handed out in order, never given back one by one.
 *
 *   arena_init(base, size) ─► arena_take ─► arena_take ─► … ; tables live here, linked by index
 *
 * Memory:      the block is the caller's: a private mapping for a world in one process, a shared
 *              one for several. Nothing in it points outside of it.
 * Limits:      size as given; arena_take panics beyond it, since all tables are summed up before.
 * Units:       bytes.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: offsets depend on the sequence of calls alone.
 */
#ifndef SIM_ARENA_H
#define SIM_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
    unsigned char *base;
    size_t size;
    size_t used;
};

void arena_init(struct arena *arena, void *base, size_t size);

/* Memory aligned to 64 bytes, not zeroed beyond what the block was. */
void *arena_take(struct arena *arena, size_t size);

/* A pool of equal records in an arena, named by index from 1; 0 means none. Free records are kept
 * in a list, last freed first taken. A reset costs nothing: records are set up when taken. */
struct pool {
    unsigned char *records;
    uint32_t record_size;
    uint32_t capacity;
    uint32_t count; /* records ever taken since the reset; indices 1 … count are valid */
    uint32_t free;  /* first free record, 0 = none; the link is the record's first word */
    uint32_t live;
};

void pool_init(struct pool *pool, struct arena *arena, uint32_t record_size, uint32_t capacity);
void pool_reset(struct pool *pool);

/* The index of a record with undefined content, 0 when the capacity is reached. */
uint32_t pool_take(struct pool *pool);

void pool_give(struct pool *pool, uint32_t index);

static inline void *pool_at(const struct pool *pool, uint32_t index) {
    return pool->records + (size_t)index * pool->record_size;
}

#endif
