/* How the two ends of a stream come together: connect, listen, accept, pairs.
 *
 *   connection_listen ─► connection_accept ──────────┐
 *   connection_connect (blocks, or EINPROGRESS) ─────┼─► connected: sim/stream.h
 *   connection_pair ─────────────────────────────────┘
 *
 * Calls are effects: points and events are the caller's (sim/descriptor.h). What errors
 * come when is as Linux has it: the result of a connect is told once, by the next connect or by
 * SO_ERROR.
 *
 * Memory:      sim/socket.h, sim/segment.h.
 * Limits:      the same; a backlog is at most 4096.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: connections are accepted in the order in which they were completed.
 */
#ifndef SIM_CONNECTION_H
#define SIM_CONNECTION_H

#include <stdint.h>

#include "sim/segment.h"
#include "sim/socket.h"

/* connect(). 0, -EINPROGRESS, -EALREADY, -EISCONN, -ECONNREFUSED … */
int64_t connection_connect(struct segments *segments,
                           uint32_t index,
                           const void *sockaddr,
                           uint32_t size,
                           const struct socket_call *call);

/* listen(). 0, -EADDRINUSE, -EINVAL. */
int64_t connection_listen(struct segments *segments, uint32_t index, int backlog);

/* accept(): the index of the connected socket, which the caller now owns; -EAGAIN, -EINVAL … */
int64_t
connection_accept(struct segments *segments, uint32_t index, const struct socket_call *call);

/* Makes two fresh AF_UNIX sockets each other's peers. */
void connection_pair(struct segments *segments, uint32_t a, uint32_t b);

/* What shutdown() makes of a connect that was not told yet: the socket is as before it. */
void connection_abandon(struct segments *segments, uint32_t index, int error);

/* A listener goes away: resets what waits to be accepted. */
void connection_refuse_all(struct segments *segments, uint32_t listener);

#endif
