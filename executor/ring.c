#include "executor/ring.h"

#ifndef EX_SMALL
#include <stdlib.h>

enum { BLOCK_COUNT = 32 }; /* elements in a block */

struct ex_ring_block {
    struct ex_ring_block *next;
    unsigned char elements[];
};
#endif

void ex_ring_init(struct ex_ring *ring,
                  unsigned char *memory,
                  size_t capacity,
                  size_t element_size) {
    EX_REQUIRE(capacity > 0, "ex_channel_*: room for no element; a capacity is at least 1");
    ring->begin = ring->read = ring->write = memory;
    ring->read_end = ring->write_end = memory + capacity * element_size;
    ring->element_size = element_size;
}

/* ---- blocks ---- */

#ifndef EX_SMALL
static struct ex_ring_block *allocate_block(size_t element_size) {
    if (element_size > (SIZE_MAX - sizeof(struct ex_ring_block)) / BLOCK_COUNT) {
        return NULL;
    }
    return malloc(sizeof(struct ex_ring_block) + BLOCK_COUNT * element_size);
}

static unsigned char *block_end(const struct ex_ring *ring, struct ex_ring_block *block) {
    return block->elements + BLOCK_COUNT * ring->element_size;
}

static void begin_blocks(struct ex_ring *ring, struct ex_ring_block *block) {
    block->next = NULL;
    ring->first = ring->last = block;
    ring->read = ring->write = block->elements;
    ring->read_end = ring->write_end = block_end(ring, block);
}

static int append_block(struct ex_ring *ring) {
    struct ex_ring_block *block = ring->spare;

    if (ex_ring_is_empty(ring)) {
        begin_blocks(ring, ring->first); /* all of it was read: there is only one */
        return 0;
    }
    ring->spare = NULL;
    if (block == NULL) {
        block = allocate_block(ring->element_size);
    }
    if (block == NULL) {
        return -ENOMEM;
    }
    block->next = NULL;
    ring->last->next = block;
    ring->last = block;
    ring->write = block->elements;
    ring->write_end = block_end(ring, block);
    return 0;
}

static void release_first_block(struct ex_ring *ring) {
    struct ex_ring_block *const block = ring->first;

    EX_ASSERT(block->next != NULL);
    ring->first = block->next;
    ring->read = ring->first->elements;
    ring->read_end = block_end(ring, ring->first);
    if (ring->spare == NULL) {
        ring->spare = block;
    } else {
        free(block);
    }
}

bool ex_ring_init_blocks(struct ex_ring *ring, size_t element_size) {
    struct ex_ring_block *const block = allocate_block(element_size);

    ring->element_size = element_size;
    if (block != NULL) {
        begin_blocks(ring, block);
    }
    return block != NULL;
}

void ex_ring_deinit(struct ex_ring *ring) {
    for (struct ex_ring_block *block = ring->first; block != NULL;) {
        struct ex_ring_block *const next = block->next;
        free(block);
        block = next;
    }
    free(ring->spare);
}
#endif

/* ---- both ---- */

static void begin_again(struct ex_ring *ring) {
    ring->read = ring->begin;
    ring->write_end = ring->read_end;
}

void ex_ring_turn(struct ex_ring *ring) {
#ifndef EX_SMALL
    if (ring->begin == NULL) {
        release_first_block(ring);
        return;
    }
#endif
    begin_again(ring);
}

int ex_ring_find_room(struct ex_ring *ring) {
#ifndef EX_SMALL
    if (ring->begin == NULL) {
        return append_block(ring);
    }
#endif
    if (ex_ring_is_round(ring)) {
        if (ring->read == ring->read_end) {
            begin_again(ring);
            return 0;
        }
        if (ring->read == ring->write) {
            return -EAGAIN;
        }
    } else {
        if (ring->read == ring->begin) {
            return -EAGAIN;
        }
        ring->write = ring->begin;
    }
    ring->write_end = ring->read - ring->element_size;
    return 0;
}

size_t ex_ring_count(const struct ex_ring *ring) {
#ifndef EX_SMALL
    if (ring->begin == NULL && ring->first != ring->last) {
        size_t bytes =
            (size_t)(ring->read_end - ring->read) + (size_t)(ring->write - ring->last->elements);
        for (const struct ex_ring_block *block = ring->first->next; block != ring->last;
             block = block->next) {
            bytes += BLOCK_COUNT * ring->element_size;
        }
        return bytes / ring->element_size;
    }
#endif
    ptrdiff_t bytes = ring->write - ring->read;
    if (ex_ring_is_round(ring)) {
        bytes += ring->read_end - ring->begin;
    }
    return (size_t)bytes / ring->element_size;
}
