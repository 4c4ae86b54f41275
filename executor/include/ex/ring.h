/* A ring of elements, of which words pass in line: the inside of a channel (ex/channel.h).
 *
 *   begin │ free │ read ──► elements │ write ──► free │ end
 *
 * `put_thread` and `take_thread` say whose words may pass without a look at anything else: they are
 * 0 while somebody has to be woken, or must not come first, or it is closed, or any thread's.
 * In an unbounded channel, whose blocks are no ring, they stay so.
 *
 * Memory:  the channel's.
 * Threads: the one that they name.
 */
#ifndef EXECUTOR_INCLUDE_EX_RING_H
#define EXECUTOR_INCLUDE_EX_RING_H

#include <ex/wait.h>
#include <string.h>

struct ex_ring {
    uintptr_t put_thread;
    uintptr_t take_thread;
    size_t count; /* elements inside */
    size_t capacity;
    unsigned char *read;     /* where the next element comes from */
    unsigned char *write;    /* where the next element goes to */
    unsigned char *read_end; /* there, in blocks, `read` is the next one's first */
    unsigned char *write_end;
    unsigned char *begin; /* NULL: blocks */
};

static inline bool ex_ring_can_put(const struct ex_ring *ring) {
    return ring->put_thread == ex_wait_thread() && ring->count != ring->capacity;
}

/* A word. */
static inline void ex_ring_put(struct ex_ring *ring, const void *element) {
    unsigned char *const at = ring->write;
    unsigned char *const next = at + sizeof(void *);

    ring->write = next == ring->write_end ? ring->begin : next;
    memcpy(at, element, sizeof(void *));
    ring->count++;
}

static inline bool ex_ring_can_take(const struct ex_ring *ring) {
    return ring->take_thread == ex_wait_thread() && ring->count != 0;
}

static inline void ex_ring_take(struct ex_ring *ring, void *element) {
    unsigned char *const at = ring->read;
    unsigned char *const next = at + sizeof(void *);

    ring->read = next == ring->read_end ? ring->begin : next;
    memcpy(element, at, sizeof(void *));
    ring->count--;
}

static inline bool ex_ring_try_put(struct ex_ring *ring, const void *element) {
    const bool can_put = ex_ring_can_put(ring);

    if (can_put) {
        ex_ring_put(ring, element);
    }
    return can_put;
}

static inline bool ex_ring_try_take(struct ex_ring *ring, void *element) {
    const bool can_take = ex_ring_can_take(ring);

    if (can_take) {
        ex_ring_take(ring, element);
    }
    return can_take;
}

#endif
