/* What goes over the wire between the two ends of a stream, and what its arrival does.
 *
 *   CLOSED ─connect─► CONNECTING ──SYN──► listener: a new socket, ANSWERED
 *                         ▲                                │
 *                         ├──────────SYN and ACK───────────┘
 *                     CONNECTED ──segments: handshake, data, end, reset──► peer
 *
 * Bytes are copied once, at the sender, into the receiver's queue; a segment that arrives moves
 * the border between what is on its way and what can be read:
 *
 *   receiver's queue   [ readable │ on its way ]     segments, in order: [size, flags] …
 *
 * Each segment has its own entry in the agenda, and whichever entry of a direction fires delivers
 * that direction's first segment: a stream keeps its order, whatever latencies were drawn. AF_UNIX
 * and closed windows know no latency: AF_UNIX delivers at once, and a sender learns of room in the
 * peer's buffer by a message only when it had run out of it (what it could not tell otherwise).
 *
 * A partition holds a segment back until it heals plus a retransmission; who waits longer than
 * SEGMENT_PATIENCE_NS (or TCP_USER_TIMEOUT) gets ETIMEDOUT. A SYN that nobody answers is repeated
 * after 1, 2, 4 … s and fails after SEGMENT_CONNECT_NS.
 *
 * Memory:      segments in a pool of the world's arena.
 * Limits:      SEGMENTS_MAX on their way at once; then the run ends with VERDICT_LIMIT.
 * Units:       bytes, nanoseconds.
 * Errors:      none; they become the sockets' pending errors.
 * Threads:     the world's only.
 * Determinism: latencies are choices of the sending socket.
 */
#ifndef SIM_SEGMENT_H
#define SIM_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/binding.h"
#include "sim/socket.h"

#define SEGMENTS_MAX (1u << 20)
#define SEGMENT_SHORT_DENOMINATOR 512u
#define SEGMENT_RETRY_NS UINT64_C(200000000)
#define SEGMENT_PATIENCE_NS UINT64_C(924600000000)
#define SEGMENT_CONNECT_NS UINT64_C(127000000000)
#define SEGMENT_NO_HOST_NS UINT64_C(3070000000)

enum segment_flag {
    SEGMENT_HANDSHAKE = 1, /* completes the connect */
    SEGMENT_END = 2,       /* no more data */
    SEGMENT_RESET = 4,
    SEGMENT_REST = 8,   /* of a message whose first bytes have arrived */
    SEGMENT_ASKED = 16, /* it has arrived, and somebody stood before its read */
};

struct segments {
    struct sockets *sockets;
    struct bindings *bindings;
    struct pool table;
    uint32_t handler;
};

uint64_t segment_arena_size(void);
void segment_init(struct segments *segments,
                  struct arena *arena,
                  struct sockets *sockets,
                  struct bindings *bindings);
void segment_begin(struct segments *segments);

/* Sends the first message of a connect; the socket is CONNECTING and has both addresses. */
void segment_connect(struct segments *segments, uint32_t index, const void *site);

/* Sends to the socket's peer: `size` bytes that were already appended to the peer's queue, and
 * flags. */
void segment_send(struct segments *segments,
                  uint32_t index,
                  uint32_t size,
                  uint32_t flags,
                  const void *site);

/* Where reads are named: the running thread stands before a read of `size` bytes; false when it had
 * to wait, and must look again. Then they are read. */
bool segment_unread_stand(struct segments *segments, uint32_t index, uint32_t size);
void segment_unread_take(struct segments *segments, uint32_t index, uint32_t size);

/* The socket has read bytes, so its peer has room for more. */
void segment_credit(struct segments *segments, uint32_t index, uint32_t size);

/* A connected socket waits for its turn at a listener. */
void segment_enqueue(struct segments *segments, uint32_t listener, uint32_t index);

/* Nothing that is on its way to the socket arrives any more. */
void segment_forget(struct segments *segments, uint32_t index);

/* The connection is gone for this end, with a pending error (0 = none). */
void segment_kill(struct segments *segments, uint32_t index, int error);

/* A node has lost its power: its sockets are gone, and nobody is told. What is on its way to them
 * meets none of its connections: who sent it is reset, once there is somebody to do so. */
void segment_node_crash(struct segments *segments, uint32_t node);

/* A fault resets every connection between two nodes. */
void segment_reset(struct segments *segments, const struct description_fault *fault);

#endif
