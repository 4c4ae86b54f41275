/* Elements in a row, of which words pass in line: the inside of a channel (ex/channel.h).
 *
 *   a ring        begin │ free │ read ──► elements │ write ──► free │ read_end = write_end
 *   that is round begin │ elements │ write ──► free │ write_end, one │ read ──► elements │ read_end
 *   blocks        read ──► elements │ read_end … block … elements │ write ──► free │ write_end
 *
 * Both ends go straight on until they come to something; what to do there is the library's affair.
 * So `write_end` is where the ring ends, or, behind its end, one element before `read` as it was at
 * the last look: who puts the last one that there is room for is the library.
 *
 * `put_thread` and `take_thread` say whose words may pass without a look at anything else: they are
 * 0 while somebody must not come first, or it is closed, or any thread's. Then
 *
 *   put_thread   take_thread
 *   thread       thread        nobody waits; read == write: it is empty
 *   thread + 1   thread        it is empty, and `receiver` waits for a word: who has one gives it
 *
 * Memory:  the channel's.
 * Threads: the one that they name.
 */
#ifndef EXECUTOR_INCLUDE_EX_RING_H
#define EXECUTOR_INCLUDE_EX_RING_H

#include <ex/plain.h>
#include <ex/wait.h>
#include <string.h>

struct ex_ring {
    uintptr_t put_thread;
    uintptr_t take_thread;
    unsigned char *read;  /* where the next element comes from, if that is neither `read_end` … */
    unsigned char *write; /* … nor `write`; where the next one goes to, if it is not `write_end` */
    unsigned char *read_end;
    unsigned char *write_end;
    unsigned char *begin;       /* NULL: blocks */
    struct ex_strand *receiver; /* that waits and was not woken; NULL: none */
    struct ex_frame *receiving; /* that waited, and has not returned */
    size_t element_size;
    struct ex_ring_block *first; /* of blocks: read from */
    struct ex_ring_block *last;  /* written to */
    struct ex_ring_block *spare; /* unused */
};

static inline bool ex_ring_can_put(const struct ex_ring *ring) {
    return __builtin_expect(ring->put_thread == ex_wait_thread(), 1) &&
           __builtin_expect(ring->write != ring->write_end, 1);
}

/* A word. */
static inline void ex_ring_put(struct ex_ring *ring, const void *element) {
    unsigned char *const at = ring->write;

    ring->write = at + sizeof(void *);
    memcpy(at, element, sizeof(void *));
}

static inline bool ex_ring_can_take(const struct ex_ring *ring) {
    return __builtin_expect(ring->take_thread == ex_wait_thread(), 1) &&
           ring->read != ring->write && __builtin_expect(ring->read != ring->read_end, 1);
}

static inline void ex_ring_take(struct ex_ring *ring, void *element) {
    unsigned char *const at = ring->read;

    ring->read = at + sizeof(void *);
    memcpy(element, at, sizeof(void *));
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

/* Nothing will come before somebody puts it, and nobody else receives. */
static inline bool ex_ring_can_wait(const struct ex_ring *ring) {
    return ring->take_thread == ex_wait_thread() && ring->read == ring->write &&
           ring->put_thread == ex_wait_thread();
}

/* For a word. */
static inline void
ex_ring_wait(struct ex_ring *ring, struct ex_frame *frame, struct ex_strand *strand) {
    ring->receiver = strand;
    ring->receiving = frame;
    ring->put_thread = ex_wait_thread() + 1;
}

#endif
