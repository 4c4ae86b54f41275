/* Bytes on their way: first-in first-out queues that share one pool of chunks.
 *
 *   bytes_push ─► [chunk]─►[chunk]─►[chunk] ─► bytes_pull
 *                  ▲ offset              ▲ fill
 *
 * Memory:      chunks in the world's arena, touched as far as used; a queue is a few words and
 *              lies where its owner wants. All zero is an empty queue.
 * Limits:      BYTES_CHUNKS_MAX chunks; pushing beyond ends the run with VERDICT_LIMIT.
 * Units:       bytes.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: a function of the calls; the chunk taken is the one given back last.
 */
#ifndef SIM_BYTES_H
#define SIM_BYTES_H

#include <stdint.h>

#include "sim/arena.h"
#include "sim/schedule.h"

#define BYTES_CHUNK_SIZE 2040u /* of payload; a chunk is 2 KiB */
#define BYTES_CHUNKS_MAX (1u << 20)

struct bytes {
    struct pool chunks;
    struct schedule *schedule;
};

struct bytes_queue {
    uint32_t first, last; /* chunks, 0 = empty */
    uint32_t offset;      /* of the first byte in the first chunk */
    uint32_t fill;        /* bytes used of the last chunk */
    uint32_t size;        /* bytes in all */
};

uint64_t bytes_arena_size(void);
void bytes_init(struct bytes *bytes, struct arena *arena, struct schedule *schedule);
void bytes_begin(struct bytes *bytes);

/* Appends a copy. */
void bytes_push(struct bytes *bytes, struct bytes_queue *queue, const void *from, uint32_t size);

/* Copies `size` bytes from position `at` on; at + size must not exceed the queue's size. */
void bytes_peek(const struct bytes *bytes,
                const struct bytes_queue *queue,
                uint32_t at,
                void *to,
                uint32_t size);

/* Copies `size` bytes out and removes them; to may be NULL: only removes. */
void bytes_pull(struct bytes *bytes, struct bytes_queue *queue, void *to, uint32_t size);

/* Removes everything. */
void bytes_drop(struct bytes *bytes, struct bytes_queue *queue);

#endif
