/* Which socket answers to which name: internet ports and AF_UNIX names of each node.
 *
 *   bucket[hash of node, type, port] ─► bound socket ─► bound socket …      (internet)
 *   bucket[hash of node, name]       ─► bound socket …                      (AF_UNIX)
 *
 * Memory:      buckets in the world's arena; a run forgets them by a stamp.
 * Limits:      those of sim/socket.h; a node has 28,232 ephemeral ports.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: ephemeral ports are counted per node; buckets keep the order of binding.
 */
#ifndef SIM_BINDING_H
#define SIM_BINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/address.h"
#include "sim/arena.h"
#include "sim/description.h"
#include "sim/lease.h"
#include "sim/socket.h"

#define BINDING_BUCKETS 4096u
#define BINDING_PORT_FIRST 32768u /* ephemeral ports */
#define BINDING_PORT_LAST 60999u

struct binding_bucket {
    uint64_t run; /* valid in this run */
    uint32_t first, last;
};

struct bindings {
    struct sockets *sockets;
    struct binding_bucket *buckets;
    struct leases leases;
    uint64_t run;
    uint32_t port_next[DESCRIPTION_NODES_MAX + 1];
};

uint64_t binding_arena_size(void);
void binding_init(struct bindings *bindings, struct arena *arena, struct sockets *sockets);
void binding_begin(struct bindings *bindings);

/* bind() to an internet address. */
int binding_claim(struct bindings *bindings, uint32_t index, const void *sockaddr, uint32_t size);

/* bind() to an AF_UNIX name. */
int binding_claim_name(struct bindings *bindings,
                       uint32_t index,
                       const void *sockaddr,
                       uint32_t size);

/* Gives an internet socket a port if it has none. 0, -EADDRINUSE (all are taken). */
int binding_claim_any(struct bindings *bindings, uint32_t index);

/* True when another socket listens where this one is about to. */
bool binding_listened(const struct bindings *bindings, uint32_t index);

/* The socket answers to its name no longer. Harmless when it did not. */
void binding_drop(struct bindings *bindings, uint32_t index);

/* The same for a port that the program did not choose itself: its connection is over. */
void binding_drop_given(struct bindings *bindings, uint32_t index);

/* The socket is closed. A path outlives it, as the file that it is, until it is removed: who
 * connects to it is refused, and nobody else can bind to it. */
void binding_close(struct bindings *bindings, uint32_t index);

/* The path of an AF_UNIX socket was removed: others may bind to it. False when it was none. */
bool binding_unlink(struct bindings *bindings, uint32_t node, const char *path);

/* The socket at a node that a message from `from` to `to` is for: a listener of TCP, or a socket
 * of UDP. 0 = none. */
uint32_t binding_find(const struct bindings *bindings,
                      uint32_t node,
                      uint16_t type,
                      const struct address *to,
                      const struct address *from);

/* The AF_UNIX socket that a sockaddr_un names. 0, or -EINVAL, -ECONNREFUSED, -ENOENT. */
int binding_find_name(const struct bindings *bindings,
                      uint32_t node,
                      const void *sockaddr,
                      uint32_t size,
                      uint32_t *index);

/* Calls `visit` for every UDP socket at a node that a broadcast to this port is for. */
void binding_each(const struct bindings *bindings,
                  uint32_t node,
                  uint16_t port,
                  void (*visit)(void *context, uint32_t index),
                  void *context);

/* getsockname() and getpeername(). 0, -ENOTCONN. */
int binding_name(const struct bindings *bindings, uint32_t index, void *sockaddr, uint32_t *size);
int binding_peer_name(const struct bindings *bindings,
                      uint32_t index,
                      void *sockaddr,
                      uint32_t *size);

/* A name of AF_UNIX as a sockaddr_un. */
void binding_write_bytes(const char *name, uint32_t name_size, void *sockaddr, uint32_t *size);

#endif
