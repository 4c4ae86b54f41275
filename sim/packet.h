/* Datagrams on their way and waiting to be received.
 *
 *   packet_take ─► filled ─► packet_send ─► lost? duplicated? ─► agenda ─► cut off? whoever is
 *                              │                                 bound there then, or ECONNREFUSED
 *                              │                                 for the sender if it is connected
 *                              └─ packet_enqueue (AF_UNIX): at once
 *
 * A full receive buffer (SO_RCVBUF) drops what comes, as UDP does.
 *
 * Memory:      records in the world's arena, payload in chunks (sim/bytes.h).
 * Limits:      PACKETS_MAX at once; then the run ends with VERDICT_LIMIT.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: loss, duplicates and latency are choices of the sending socket.
 */
#ifndef SIM_PACKET_H
#define SIM_PACKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "sim/binding.h"
#include "sim/socket.h"

#define PACKETS_MAX (1u << 18)
#define PACKET_OVERHEAD 256u /* of the receive buffer, per datagram */

struct packet {
    uint32_t next; /* first: the pool's link */
    uint32_t size;
    uint32_t sender; /* counted in its entries; of UDP only while it is on its way, else 0 */
    uint32_t node;   /* UDP on its way: where to */
    bool broadcast;
    bool asked;         /* UDP: somebody stood before its read */
    uint32_t rights;    /* AF_UNIX: files that go along, 0 = none */
    uint64_t occasions; /* asked: who reads it stands before these */
    struct bytes_queue bytes;
    struct address from, to;         /* UDP; not set before */
    uint64_t earliest_ns, latest_ns; /* UDP on its way: when it may arrive */
};

struct packets {
    struct sockets *sockets;
    struct bindings *bindings;
    struct pool table;
    uint32_t handler;
};

uint64_t packet_arena_size(void);
void packet_init(struct packets *packets,
                 struct arena *arena,
                 struct sockets *sockets,
                 struct bindings *bindings);
void packet_begin(struct packets *packets);

static inline struct packet *packet_at(const struct packets *packets, uint32_t index) {
    return &((struct packet *)(void *)packets->table.records)[index];
}

/* An empty packet that is to hold `size` bytes; its addresses are the caller's to set. */
uint32_t packet_take(struct packets *packets, uint32_t size);
void packet_give(struct packets *packets, uint32_t packet);

/* Appends the bytes that it is to hold. */
void packet_fill(struct packets *packets,
                 uint32_t packet,
                 const struct iovec *parts,
                 uint32_t count);

/* How many bytes the parts have together. */
uint64_t packet_parts_size(const struct iovec *parts, uint32_t count);

/* Keeps the sender's record for as long as the packet refers to it; 0 = no longer. */
void packet_sender_set(struct packets *packets, uint32_t packet, uint32_t index);

/* Sends it from a socket to a node (0 = nobody has the address); it is no longer the caller's. */
void packet_send(struct packets *packets,
                 uint32_t index,
                 uint32_t packet,
                 uint32_t node,
                 const void *site);

/* The same to every node. */
void packet_broadcast(struct packets *packets, uint32_t index, uint32_t packet, const void *site);

/* The running thread stands before sending to a node, 0 = all. What it has looked at may be another
 * then. */
void packet_send_stand(struct packets *packets, uint32_t index, uint32_t node);

/* The same before the read of the first one that waits in a socket; false when no scenario names
 * that, or none waits. */
bool packet_read_stand(struct packets *packets, uint32_t index);

/* Puts it at the end of what waits in a socket. */
void packet_enqueue(struct packets *packets, uint32_t index, uint32_t packet);

/* Takes the first one that waits out of a socket; it must be there. The caller gives it back. */
uint32_t packet_dequeue(struct packets *packets, uint32_t index);

#endif
