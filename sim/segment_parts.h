/* What the parts of a stream's wire need of each other; everybody else uses segment.h.
 *
 *   segment.c       what is sent, and what its arrival does
 *   segment_end.c   how a connection ends
 *   segment_read.c  which messages a read takes
 *   segment_reset.c a fault ends many
 *
 * Memory:      as segment.h.
 * Units:       nanoseconds, bytes.
 * Threads:     the world's only.
 * Determinism: as segment.h.
 */
#ifndef SIM_SEGMENT_PARTS_H
#define SIM_SEGMENT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

struct segments;

struct segment {
    uint32_t next; /* first: the pool's link */
    uint32_t size;
    uint32_t flags; /* enum segment_flag */
    uint32_t from;  /* node; once it has arrived */
    union {
        uint64_t earliest_ns; /* it arrives between these, unless a partition is between */
        uint64_t occasions;   /* SEGMENT_ASKED: who reads it stands before these */
    };
    uint64_t latest_ns;
};

/* Bytes have arrived: remembered as a message until they are read, where a scenario names that.
 * is_rest: they are of the same message as those that arrived before. */
void segment_unread_add(struct segments *segments, uint32_t index, uint32_t size, bool is_rest);
void segment_unread_drop(struct segments *segments, uint32_t index);

struct segment *segment_at(const struct segments *segments, uint32_t index);

/* The peer sends no more. */
void segment_end_arrive(struct segments *segments, uint32_t index);

/* The peer has reset the connection. */
void segment_reset_arrive(struct segments *segments, uint32_t index);

#endif
