#include "sim/arena.h"

#include <string.h>

#include "sim/panic.h"

#define ARENA_ALIGNMENT 64

void arena_init(struct arena *arena, void *base, size_t size) {
    ASSERT(base != NULL);
    ASSERT((uintptr_t)base % ARENA_ALIGNMENT == 0);
    *arena = (struct arena){.base = base, .size = size, .used = 0};
}

void *arena_take(struct arena *arena, size_t size) {
    const size_t rounded = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    ASSERT(rounded >= size);
    ASSERT(rounded <= arena->size - arena->used);
    void *taken = arena->base + arena->used;
    arena->used += rounded;
    return taken;
}

void pool_init(struct pool *pool, struct arena *arena, uint32_t record_size, uint32_t capacity) {
    ASSERT(record_size >= sizeof(uint32_t));
    ASSERT(capacity > 0 && capacity < UINT32_MAX);
    *pool = (struct pool){.record_size = record_size, .capacity = capacity};
    pool->records = arena_take(arena, (size_t)record_size * ((size_t)capacity + 1));
}

void pool_reset(struct pool *pool) {
    pool->count = 0;
    pool->free = 0;
    pool->live = 0;
}

uint32_t pool_take(struct pool *pool) {
    uint32_t index = pool->free;
    if (index != 0) {
        memcpy(&pool->free, pool_at(pool, index), sizeof pool->free);
    } else if (pool->count < pool->capacity) {
        index = ++pool->count;
    } else {
        return 0;
    }
    pool->live++;
    return index;
}

void pool_give(struct pool *pool, uint32_t index) {
    ASSERT(index != 0 && index <= pool->count);
    ASSERT(pool->live > 0);
    memcpy(pool_at(pool, index), &pool->free, sizeof pool->free);
    pool->free = index;
    pool->live--;
}
