/* Stream sockets: TCP over IPv4 and IPv6, and AF_UNIX with paths, abstract names and pairs.
 *
 *   connected (sim/connection.h) ─► stream_send / stream_receive ─► stream_shutdown ─► stream_close
 *
 * Calls are effects: points and events are the caller's (sim/descriptor.h). What errors
 * come when is as Linux has it: a pending error is told once, received bytes can be read after a
 * reset, a reset after the peer's end of data is EPIPE.
 *
 * Memory:      sim/socket.h, sim/segment.h.
 * Limits:      the same.
 * Units:       bytes.
 * Errors:      negative errno values; -EPIPE from stream_send: the caller raises SIGPIPE.
 * Threads:     the world's only.
 * Determinism: short transfers are choices (CHOICE_SHORT), rare and for TCP only.
 */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "sim/connection.h"
#include "sim/segment.h"
#include "sim/socket.h"

/* send() and its kin: how many bytes the socket took. */
int64_t stream_send(struct segments *segments,
                    uint32_t index,
                    const struct iovec *parts,
                    uint32_t count,
                    const struct socket_call *call);

/* recv() and its kin: how many bytes came, 0 at the end. */
int64_t stream_receive(struct segments *segments,
                       uint32_t index,
                       const struct iovec *parts,
                       uint32_t count,
                       const struct socket_call *call);

/* shutdown(): how is SHUT_RD, SHUT_WR or SHUT_RDWR. */
int64_t stream_shutdown(struct segments *segments, uint32_t index, int how, const void *site);

/* The last descriptor is closed; no point and no event of its own. */
void stream_close(struct segments *segments, uint32_t index);

/* EPOLLIN, EPOLLOUT … as poll() would see them. Whoever finds no EPOLLOUT is told of it later. */
uint32_t stream_events(struct segments *segments, uint32_t index);

/* Bytes that the peer's machine has not got yet, the end of data counted as
 * one; ioctl(SIOCOUTQ). */
uint32_t stream_unsent(const struct segments *segments, uint32_t index);

/* Bytes that a read would find, for ioctl(FIONREAD). */
uint32_t stream_readable(const struct segments *segments, uint32_t index);

#endif
