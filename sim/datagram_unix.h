/* How datagram sockets of AF_UNIX connect and send.
 *
 * Their datagrams arrive at once, are never lost, and block the sender at DATAGRAM_UNIX_MAX.
 * Points, events and receiving are in sim/datagram.h, for both kinds.
 *
 * Memory:      sim/packet.h.
 * Limits:      DATAGRAM_UNIX_MAX datagrams wait in a socket, one more than that makes it full.
 * Units:       bytes.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: a function of the calls.
 */
#ifndef SIM_DATAGRAM_UNIX_H
#define SIM_DATAGRAM_UNIX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "sim/packet.h"
#include "sim/socket.h"

#define DATAGRAM_UNIX_MAX 10u /* net.unix.max_dgram_qlen */

/* One datagram of the program. */
struct datagram_message {
    const struct iovec *parts;
    uint32_t part_count;
    void *name;         /* sockaddr: whom to send to, or where the sender's goes; NULL = none */
    uint32_t name_size; /* receive: the room there, then the full size */
    bool truncated;     /* receive: it was longer than the parts */
};

int64_t
datagram_unix_connect(struct packets *packets, uint32_t index, const void *sockaddr, uint32_t size);

/* connect() to AF_UNSPEC: the socket has no peer any more. What waits in it is lost. */
void datagram_unix_leave(struct packets *packets, uint32_t index);

/* The socket goes away; nothing waits in it. */
void datagram_unix_close(struct packets *packets, uint32_t index);

/* Datagrams were taken out of a socket, which was full or not: senders may go on, and whoever polls
 * one that is connected to it is told. */
void datagram_unix_room(struct packets *packets, uint32_t index, bool was_full);

/* Makes two fresh sockets each other's peers. */
void datagram_unix_pair(struct packets *packets, uint32_t a, uint32_t b);

int64_t datagram_unix_send(struct packets *packets,
                           uint32_t index,
                           const struct datagram_message *message,
                           const struct socket_call *call);

#endif
