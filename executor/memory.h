/* Where a scheduler's pages come from: malloc, or one block of the user's.
 *
 * Memory:  pages are aligned to their size. Out of a block of the user's nothing is
 *          ever given back before the end.
 * Errors:  NULL: none left.
 * Threads: allocate and release, any.
 */
#ifndef EXECUTOR_MEMORY_H
#define EXECUTOR_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Of task memory; a power of two. A build for a small machine may choose its own. */
#ifndef EX_MEMORY_PAGE_SIZE
#define EX_MEMORY_PAGE_SIZE 65536
#endif

struct ex_memory {
    unsigned char *next; /* of the user's block; NULL: malloc */
    unsigned char *end;
};

void ex_memory_init(struct ex_memory *memory, void *block, size_t block_size);

/* From malloc. */
static inline bool ex_memory_is_endless(const struct ex_memory *memory) {
    return memory->end == NULL;
}

/* `size` bytes aligned to the page size; uninitialised. */
void *ex_memory_allocate(struct ex_memory *memory, size_t size);

void ex_memory_release(struct ex_memory *memory, void *allocation);

#endif
