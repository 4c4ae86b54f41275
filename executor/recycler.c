#include <ex/recycler.h>

#include <errno.h>
#include <stdbool.h>
#ifndef EX_SMALL
#include <stdlib.h>
#endif

enum { STEP = 16 };

_Static_assert(sizeof(struct ex_recycler_block) % STEP == 0 || sizeof(void *) < 8,
               "the memory behind it is aligned as it is");

static struct ex_recycler_block *
adopt(struct ex_recycler *self, void *memory, size_t size, bool is_lent) {
    struct ex_recycler_block *const block = memory;

    block->recycler = self;
    block->size = (uint32_t)size;
    block->is_lent = is_lent;
    self->block_count++;
    return block;
}

/* Of `size` bytes, a multiple of STEP. */
static struct ex_recycler_block *allocate(struct ex_recycler *self, size_t size) {
#ifdef EX_SMALL
    (void)self;
    (void)size;
    return NULL;
#else
    void *const memory = malloc(sizeof(struct ex_recycler_block) + size);
    return memory == NULL ? NULL : adopt(self, memory, size, false);
#endif
}

/* What it lies in is the malloc's, and nobody's list has it. */
static void release(struct ex_recycler *self, struct ex_recycler_block *block) {
    EX_ASSERT(self->block_count > 0 && !block->is_lent);
    self->block_count--;
#ifndef EX_SMALL
    free(block);
#endif
}

size_t ex_recycler_trim(struct ex_recycler *self) {
    struct ex_recycler_block **at = &self->idle;
    size_t size = 0;

    while (*at != NULL) {
        struct ex_recycler_block *const block = *at;
        if (block->is_lent) {
            at = ex_recycler_next(block);
            continue;
        }
        *at = *ex_recycler_next(block);
        size += sizeof *block + block->size;
        release(self, block);
    }
    return size;
}

void ex_recycler_deinit(struct ex_recycler *self) {
    ex_recycler_trim(self);
    for (; self->idle != NULL; self->idle = *ex_recycler_next(self->idle)) {
        self->block_count--;
    }
    EX_REQUIRE(self->block_count == 0,
               "ex_recycler_deinit: a block of it is in use; give all back first");
}

int ex_recycler_lend(struct ex_recycler *self, void *memory, size_t size) {
    if (memory == NULL || ((uintptr_t)memory & (STEP - 1)) != 0 ||
        size < sizeof(struct ex_recycler_block) + STEP) {
        return -EINVAL;
    }
    size_t usable = (size - sizeof(struct ex_recycler_block)) & ~(size_t)(STEP - 1);
    usable = usable > UINT32_MAX ? UINT32_MAX & ~(size_t)(STEP - 1) : usable;
    ex_recycler_give(adopt(self, memory, usable, true));
    return 0;
}

/* The first idle block that is big enough, taken off the list; NULL: there is none. */
static struct ex_recycler_block *take_fitting(struct ex_recycler *self, size_t size) {
    for (struct ex_recycler_block **at = &self->idle; *at != NULL; at = ex_recycler_next(*at)) {
        struct ex_recycler_block *const block = *at;
        if (block->size >= size) {
            *at = *ex_recycler_next(block);
            return block;
        }
    }
    return NULL;
}

/* One that is too small for this call was made for another: a bigger one will serve both. */
static void drop_smallest(struct ex_recycler *self) {
    struct ex_recycler_block **smallest = NULL;

    for (struct ex_recycler_block **at = &self->idle; *at != NULL; at = ex_recycler_next(*at)) {
        if (!(*at)->is_lent && (smallest == NULL || (*at)->size < (*smallest)->size)) {
            smallest = at;
        }
    }
    if (smallest != NULL) {
        struct ex_recycler_block *const block = *smallest;
        *smallest = *ex_recycler_next(block);
        release(self, block);
    }
}

void *ex_recycler_take_slowly(struct ex_recycler *self, size_t size) {
    if (size > UINT32_MAX - STEP) {
        return NULL;
    }
    const size_t rounded = size == 0 ? STEP : (size + STEP - 1) & ~(size_t)(STEP - 1);
    struct ex_recycler_block *block = take_fitting(self, rounded);
    if (block == NULL) {
        drop_smallest(self);
        block = allocate(self, rounded);
    }
    return block == NULL ? NULL : block + 1;
}
