/* The socket calls, for every kind of socket, and all that stands behind them in one struct.
 *
 *   hook ─► endpoint_send ─► stream_send ──► segment ─┐
 *                        └─► datagram_send ─► packet ─┴─► network ─► agenda
 *
 * Calls are effects: the caller has announced the point and leaves the event (sim/descriptor.h).
 *
 * Memory:      tables in the world's arena.
 * Limits:      sim/socket.h, sim/segment.h, sim/packet.h, sim/bytes.h.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: see sim/network.h.
 */
#ifndef SIM_ENDPOINT_H
#define SIM_ENDPOINT_H

#include <stdint.h>

#include "sim/datagram.h"
#include "sim/option.h"
#include "sim/stream.h"

struct endpoints {
    struct network network;
    struct sockets sockets;
    struct bindings bindings;
    struct segments segments;
    struct packets packets;
};

uint64_t endpoint_arena_size(const struct description *description);

/* Once. */
void endpoint_init(struct endpoints *endpoints,
                   struct arena *arena,
                   struct schedule *schedule,
                   const struct description *description);

/* Starts a run. After schedule_begin. */
void endpoint_begin(struct endpoints *endpoints);

/* A node has lost its power: before its files are closed. */
void endpoint_node_crash(struct endpoints *endpoints, uint32_t node);

/* A socket of a domain and type that is known; its index, or -ENFILE. */
int64_t
endpoint_create(struct endpoints *endpoints, uint16_t domain, uint16_t type, uint16_t protocol);

/* socketpair() of AF_UNIX. 0 or -ENFILE. */
int64_t endpoint_pair(struct endpoints *endpoints, uint16_t type, uint32_t ends[2]);

int64_t
endpoint_bind(struct endpoints *endpoints, uint32_t index, const void *sockaddr, uint32_t size);
int64_t endpoint_connect(struct endpoints *endpoints,
                         uint32_t index,
                         const void *sockaddr,
                         uint32_t size,
                         const struct socket_call *call);
int64_t endpoint_listen(struct endpoints *endpoints, uint32_t index, int backlog);

/* The index of the new socket. */
int64_t
endpoint_accept(struct endpoints *endpoints, uint32_t index, const struct socket_call *call);

/* sendmsg() and recvmsg(). -EPIPE: see endpoint_raises. */
int64_t endpoint_send(struct endpoints *endpoints,
                      uint32_t index,
                      const struct datagram_message *message,
                      const struct socket_call *call);
int64_t endpoint_receive(struct endpoints *endpoints,
                         uint32_t index,
                         struct datagram_message *message,
                         const struct socket_call *call);

int64_t endpoint_shutdown(struct endpoints *endpoints, uint32_t index, int how, const void *site);

/* The last descriptor is closed. No point, no event. */
void endpoint_close(struct endpoints *endpoints, uint32_t index);

/* EPOLLIN, EPOLLOUT … as poll() sees them. */
uint32_t endpoint_events(struct endpoints *endpoints, uint32_t index);

/* ioctl(FIONREAD); ioctl(SIOCOUTQ), not of AF_UNIX. -EINVAL of a socket that listens. */
int64_t endpoint_readable(const struct endpoints *endpoints, uint32_t index);
int64_t endpoint_unsent(const struct endpoints *endpoints, uint32_t index);

/* True when calls that send (or receive) have a timeout: one that was interrupted is not taken up
 * again. */
bool endpoint_times_out(const struct endpoints *endpoints, uint32_t index, bool sends);

/* True when a result of endpoint_send is to raise SIGPIPE. */
bool endpoint_raises(const struct endpoints *endpoints,
                     uint32_t index,
                     int64_t result,
                     uint32_t flags);

#endif
