/* Ports of TCP in use by connections that nobody bound: accepted ones, and ended ones whose
 * messages might still be on their way (FIN_WAIT, TIME_WAIT).
 *
 *   lease_open (accepted) ─► lease_wait (it ended first: another LEASE_WAIT_NS) ─► free
 *                        └─► lease_end (it ended second, or by a reset) ─► free
 *
 * So a server that restarts without SO_REUSEADDR meets EADDRINUSE here as in production.
 *
 * Memory:      a pool and buckets in the world's arena.
 * Limits:      LEASES_MAX; the oldest ended connection is forgotten for a new one, as in Linux.
 * Units:       nanoseconds.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: a function of the calls and of virtual time; nothing waits in the agenda.
 */
#ifndef SIM_LEASE_H
#define SIM_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/address.h"
#include "sim/arena.h"
#include "sim/socket.h"

#define LEASES_MAX (2 * SOCKETS_MAX)
#define LEASE_BUCKETS 4096u
#define LEASE_WAIT_NS UINT64_C(60000000000)

struct lease {
    uint32_t next; /* first: the pool's link; then in its bucket */
    uint32_t previous;
    uint32_t older, newer; /* among those that wait, in the order in which they end */
    uint32_t serial;       /* which lease of this place it is; a socket remembers it */
    uint32_t socket;       /* whose flags count, 0 = those below */
    uint32_t node, flags;
    uint16_t domain, port;
    struct address local;
    uint64_t until_ns; /* AGENDA_NEVER: until lease_wait or lease_end */
};

struct lease_bucket {
    uint64_t run; /* valid in this run */
    uint32_t first;
};

struct leases {
    struct sockets *sockets;
    struct pool table;
    struct lease_bucket *buckets;
    uint64_t run;
    uint32_t serial;
    uint32_t oldest, newest;
};

uint64_t lease_arena_size(void);
void lease_init(struct leases *leases, struct arena *arena, struct sockets *sockets);
void lease_begin(struct leases *leases);

/* The socket's local port is in use as long as it is connected. */
void lease_open(struct leases *leases, uint32_t index);

/* The socket's connection is over for it, but its port is not free yet. */
void lease_wait(struct leases *leases, uint32_t index);

/* The port is free. Harmless when the socket has no lease. */
void lease_end(struct leases *leases, uint32_t index);

/* A node has lost its power: all its ports are free. */
void lease_node_end(struct leases *leases, uint32_t node);

/* Calls `conflicts` for each lease of a port until it says true; returns whether it did. The
 * socket that it is given is a picture of who has the port: its address, domain and flags. */
bool lease_any(const struct leases *leases,
               uint32_t node,
               uint16_t port,
               bool (*conflicts)(const struct socket *asking, const struct socket *holder),
               const struct socket *asking);

#endif
