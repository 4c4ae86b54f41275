/* What the parts of a stream's wire need of each other; everybody else uses segment.h.
 *
 *   segment.c       what is sent, and what its arrival does
 *   segment_end.c   how a connection ends
 *   segment_reset.c a fault ends many
 *
 * Memory:      as segment.h.
 * Units:       nanoseconds, bytes.
 * Threads:     the world's only.
 * Determinism: as segment.h.
 */
#ifndef SIM_SEGMENT_PARTS_H
#define SIM_SEGMENT_PARTS_H

#include <stdint.h>

struct segments;

struct segment {
    uint32_t next; /* first: the pool's link */
    uint32_t size;
    uint32_t flags;                  /* enum segment_flag */
    uint64_t earliest_ns, latest_ns; /* it arrives between these, unless a partition is between */
};

struct segment *segment_at(const struct segments *segments, uint32_t index);

/* The peer sends no more. */
void segment_end_arrive(struct segments *segments, uint32_t index);

/* The peer has reset the connection. */
void segment_reset_arrive(struct segments *segments, uint32_t index);

#endif
