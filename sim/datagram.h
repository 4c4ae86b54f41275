/* Datagram sockets: UDP over IPv4 and IPv6, and AF_UNIX.
 *
 *   datagram_send ─► the network (sim/packet.h) ─► datagram_receive
 *
 * Here is UDP and what both kinds share; how AF_UNIX connects and sends is in sim/datagram_unix.h.
 *
 * Memory:      sim/packet.h.
 * Limits:      the same; DATAGRAM_SIZE_MAX bytes each.
 * Units:       bytes.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: loss, duplicates and latency are choices of the sending socket.
 */
#ifndef SIM_DATAGRAM_H
#define SIM_DATAGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "sim/binding.h"
#include "sim/datagram_unix.h"
#include "sim/packet.h"
#include "sim/socket.h"

#define DATAGRAM_SIZE_MAX 65507u

/* connect(): fixes the peer; AF_UNSPEC frees it again. */
int64_t
datagram_connect(struct packets *packets, uint32_t index, const void *sockaddr, uint32_t size);

/* Sends one datagram; returns its size. */
int64_t datagram_send(struct packets *packets,
                      uint32_t index,
                      const struct datagram_message *message,
                      const struct socket_call *call);

/* Receives one; returns what was copied, or its full size with MSG_TRUNC. */
int64_t datagram_receive(struct packets *packets,
                         uint32_t index,
                         struct datagram_message *message,
                         const struct socket_call *call);

int64_t datagram_shutdown(struct packets *packets, uint32_t index, int how);

/* The last descriptor is closed; no point and no event of its own. */
void datagram_close(struct packets *packets, uint32_t index);

/* EPOLLIN, EPOLLOUT … as poll() would see them. */
uint32_t datagram_events(const struct packets *packets, uint32_t index);

/* The size of the next datagram, for ioctl(FIONREAD). */
uint32_t datagram_readable(const struct packets *packets, uint32_t index);

#endif
