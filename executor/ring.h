/* A ring's ends where they come to something, and elements of any size (ex/ring.h).
 *
 * Threads: with the guard of the channel held.
 */
#ifndef EXECUTOR_RING_H
#define EXECUTOR_RING_H

#include "executor/element.h"

#include <errno.h>
#include <ex/ring.h>

/* Of so many elements, at least one, in the caller's memory. `ring` is zero. */
void ex_ring_init(struct ex_ring *ring,
                  unsigned char *memory,
                  size_t capacity,
                  size_t element_size);

#ifndef EX_SMALL
/* Of as many as there is memory for, in blocks; false: there is not even one. */
bool ex_ring_init_blocks(struct ex_ring *ring, size_t element_size);

void ex_ring_deinit(struct ex_ring *ring);
#endif

size_t ex_ring_count(const struct ex_ring *ring);

/* The elements go on at the beginning. Of blocks: there are several. */
static inline bool ex_ring_is_round(const struct ex_ring *ring) {
    return ring->write_end != ring->read_end;
}

/* Of blocks, too: where both ends are in one place, that is one block. */
static inline bool ex_ring_is_empty(const struct ex_ring *ring) {
    return ring->read == ring->write && !ex_ring_is_round(ring);
}

/* And it looks empty from where words are taken in line. Blocks are never full. */
static inline bool ex_ring_is_full(const struct ex_ring *ring) {
    return ring->read == ring->write && ex_ring_is_round(ring);
}

/* `write` stands at `write_end`; a ring is not empty. 0: it does so no more; -EAGAIN, -ENOMEM. */
int ex_ring_find_room(struct ex_ring *ring);

/* `read` stands at `read_end`, and there are elements. */
void ex_ring_turn(struct ex_ring *ring);

/* For one element: 0, -EAGAIN, -ENOMEM. A ring that is empty begins anew: from there it is longest
 * until somebody has to look again. */
static inline int ex_ring_make_room(struct ex_ring *ring) {
    if (ring->write != ring->write_end) {
        return 0;
    }
    if (ex_ring_is_empty(ring) && ring->begin != NULL) {
        ring->read = ring->write = ring->begin;
        return 0;
    }
    return ex_ring_find_room(ring);
}

/* Where room was made. */
static inline void ex_ring_insert(struct ex_ring *ring, const void *element) {
    ex_element_copy(ring->write, element, ring->element_size);
    ring->write += ring->element_size;
    if (ex_ring_is_full(ring)) {
        ring->write_end = ring->write;
    }
}

/* False: there is no element. */
static inline bool ex_ring_find_element(struct ex_ring *ring) {
    if (ex_ring_is_empty(ring)) {
        return false;
    }
    if (ring->read == ring->read_end) {
        ex_ring_turn(ring);
    }
    return true;
}

/* The one that was found. */
static inline void ex_ring_remove(struct ex_ring *ring, void *element) {
    ex_element_copy(element, ring->read, ring->element_size);
    ring->read += ring->element_size;
}

#endif
