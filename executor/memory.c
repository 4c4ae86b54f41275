#include "executor/memory.h"

#include <stdint.h>
#ifndef EX_SMALL
#include <stdlib.h>
#endif

_Static_assert((EX_MEMORY_PAGE_SIZE & (EX_MEMORY_PAGE_SIZE - 1)) == 0, "a power of two");

void ex_memory_init(struct ex_memory *memory, void *block, size_t block_size) {
    memory->next = block;
    memory->end = block == NULL ? NULL : memory->next + block_size;
}

/* The first address from `next` on at which `size` bytes begin a page; NULL: the block is too
 * small. */
static unsigned char *place(const struct ex_memory *memory, unsigned char *next, size_t size) {
    const size_t past = (uintptr_t)next & ((size_t)EX_MEMORY_PAGE_SIZE - 1);
    const size_t skip = past == 0 ? 0 : (size_t)EX_MEMORY_PAGE_SIZE - past;
    const size_t left = (size_t)(memory->end - next);

    return skip > left || size > left - skip ? NULL : next + skip;
}

/* The worker's own slab and that of other threads' tasks take from one block, under different
 * locks. */
static void *allocate_from_block(struct ex_memory *memory, size_t size) {
    unsigned char *next = __atomic_load_n(&memory->next, __ATOMIC_RELAXED);
    unsigned char *allocation;

    do {
        allocation = place(memory, next, size);
    } while (allocation != NULL && !__atomic_compare_exchange_n(&memory->next,
                                                                &next,
                                                                allocation + size,
                                                                false,
                                                                __ATOMIC_RELAXED,
                                                                __ATOMIC_RELAXED));
    return allocation;
}

void *ex_memory_allocate(struct ex_memory *memory, size_t size) {
    if (!ex_memory_is_endless(memory)) {
        return allocate_from_block(memory, size);
    }
#ifdef EX_SMALL
    return NULL;
#else
    const size_t rounded =
        (size + (size_t)EX_MEMORY_PAGE_SIZE - 1) & ~((size_t)EX_MEMORY_PAGE_SIZE - 1);
    return rounded < size ? NULL : aligned_alloc((size_t)EX_MEMORY_PAGE_SIZE, rounded);
#endif
}

void ex_memory_release(struct ex_memory *memory, void *allocation) {
#ifndef EX_SMALL
    if (ex_memory_is_endless(memory)) {
        free(allocation);
    }
#endif
    (void)memory;
    (void)allocation;
}
