#include "sim/bytes.h"

#include <string.h>

#include "sim/panic.h"

struct chunk {
    uint32_t next;
    uint32_t unused;
    unsigned char bytes[BYTES_CHUNK_SIZE];
};

_Static_assert(sizeof(struct chunk) == 2048, "chunks do not straddle pages");

static struct chunk *chunk_at(const struct bytes *bytes, uint32_t index) {
    return &((struct chunk *)(void *)bytes->chunks.records)[index];
}

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

uint64_t bytes_arena_size(void) {
    return ((uint64_t)BYTES_CHUNKS_MAX + 1) * sizeof(struct chunk) + 64;
}

void bytes_init(struct bytes *bytes, struct arena *arena, struct schedule *schedule) {
    bytes->schedule = schedule;
    pool_init(&bytes->chunks, arena, sizeof(struct chunk), BYTES_CHUNKS_MAX);
}

void bytes_begin(struct bytes *bytes) {
    pool_reset(&bytes->chunks);
}

static void chunk_append(struct bytes *bytes, struct bytes_queue *queue) {
    const uint32_t index = pool_take(&bytes->chunks);
    if (index == 0) {
        verdict_set(bytes->schedule->verdict,
                    VERDICT_LIMIT,
                    "more than %u bytes wait in sockets",
                    BYTES_CHUNKS_MAX * BYTES_CHUNK_SIZE);
        schedule_end(bytes->schedule);
    }
    chunk_at(bytes, index)->next = 0;
    if (queue->last != 0) {
        chunk_at(bytes, queue->last)->next = index;
    } else {
        queue->first = index;
        queue->offset = 0;
    }
    queue->last = index;
    queue->fill = 0;
}

void bytes_push(struct bytes *bytes, struct bytes_queue *queue, const void *from, uint32_t size) {
    const unsigned char *next = from;
    ASSERT(size <= UINT32_MAX - queue->size);
    queue->size += size;
    while (size > 0) {
        if (queue->last == 0 || queue->fill == BYTES_CHUNK_SIZE) {
            chunk_append(bytes, queue);
        }
        const uint32_t count = smaller(size, BYTES_CHUNK_SIZE - queue->fill);
        memcpy(chunk_at(bytes, queue->last)->bytes + queue->fill, next, count);
        queue->fill += count;
        next += count;
        size -= count;
    }
}

void bytes_peek(const struct bytes *bytes,
                const struct bytes_queue *queue,
                uint32_t at,
                void *to,
                uint32_t size) {
    ASSERT(at <= queue->size && size <= queue->size - at);
    unsigned char *next = to;
    uint32_t index = queue->first;
    uint32_t offset = queue->offset + at;
    while (size > 0) {
        while (offset >= BYTES_CHUNK_SIZE) {
            offset -= BYTES_CHUNK_SIZE;
            index = chunk_at(bytes, index)->next;
        }
        const uint32_t count = smaller(size, BYTES_CHUNK_SIZE - offset);
        memcpy(next, chunk_at(bytes, index)->bytes + offset, count);
        offset += count;
        next += count;
        size -= count;
    }
}

void bytes_pull(struct bytes *bytes, struct bytes_queue *queue, void *to, uint32_t size) {
    ASSERT(size <= queue->size);
    unsigned char *next = to;
    queue->size -= size;
    while (size > 0) {
        const uint32_t count = smaller(size, BYTES_CHUNK_SIZE - queue->offset);
        struct chunk *chunk = chunk_at(bytes, queue->first);
        if (next != NULL) {
            memcpy(next, chunk->bytes + queue->offset, count);
            next += count;
        }
        queue->offset += count;
        size -= count;
        if (queue->offset == BYTES_CHUNK_SIZE && queue->first != queue->last) {
            const uint32_t empty = queue->first;
            queue->first = chunk->next;
            queue->offset = 0;
            pool_give(&bytes->chunks, empty);
        }
    }
    if (queue->size == 0 && queue->first != 0) {
        ASSERT(queue->first == queue->last);
        pool_give(&bytes->chunks, queue->first);
        *queue = (struct bytes_queue){0};
    }
}

void bytes_drop(struct bytes *bytes, struct bytes_queue *queue) {
    bytes_pull(bytes, queue, NULL, queue->size);
    ASSERT(queue->first == 0);
}
