#include "sim/lease.h"

#include <string.h>

#include "sim/panic.h"
#include "sim/random.h"

uint64_t lease_arena_size(void) {
    return ((uint64_t)LEASES_MAX + 1) * sizeof(struct lease) +
           LEASE_BUCKETS * sizeof(struct lease_bucket) + 128;
}

void lease_init(struct leases *leases, struct arena *arena, struct sockets *sockets) {
    *leases = (struct leases){.sockets = sockets};
    pool_init(&leases->table, arena, sizeof(struct lease), LEASES_MAX);
    leases->buckets = arena_take(arena, LEASE_BUCKETS * sizeof(struct lease_bucket));
    memset(leases->buckets, 0, LEASE_BUCKETS * sizeof(struct lease_bucket));
}

void lease_begin(struct leases *leases) {
    pool_reset(&leases->table);
    leases->run++;
    leases->serial = 0;
    leases->oldest = leases->newest = 0;
}

static struct lease *at(const struct leases *leases, uint32_t index) {
    return (struct lease *)pool_at(&leases->table, index);
}

static struct lease_bucket *bucket_of(const struct leases *leases, uint32_t node, uint16_t port) {
    struct lease_bucket *bucket = &leases->buckets[random_mix(node, port) % LEASE_BUCKETS];
    if (bucket->run != leases->run) {
        *bucket = (struct lease_bucket){.run = leases->run};
    }
    return bucket;
}

static uint64_t now_ns(const struct leases *leases) {
    return schedule_now_ns(leases->sockets->schedule);
}

static void give(struct leases *leases, uint32_t index) {
    struct lease *lease = at(leases, index);
    if (lease->previous != 0) {
        at(leases, lease->previous)->next = lease->next;
    } else {
        bucket_of(leases, lease->node, lease->port)->first = lease->next;
    }
    if (lease->next != 0) {
        at(leases, lease->next)->previous = lease->previous;
    }
    if (lease->until_ns != AGENDA_NEVER) {
        uint32_t *before = lease->older != 0 ? &at(leases, lease->older)->newer : &leases->oldest;
        uint32_t *after = lease->newer != 0 ? &at(leases, lease->newer)->older : &leases->newest;
        *before = lease->newer;
        *after = lease->older;
    }
    lease->serial = 0;
    pool_give(&leases->table, index);
}

/* A place for a new one; 0 when as many connections live. */
static uint32_t take(struct leases *leases) {
    while (leases->oldest != 0 && at(leases, leases->oldest)->until_ns <= now_ns(leases)) {
        give(leases, leases->oldest);
    }
    if (leases->table.live == LEASES_MAX && leases->oldest != 0) {
        give(leases, leases->oldest);
    }
    return pool_take(&leases->table);
}

void lease_open(struct leases *leases, uint32_t index) {
    struct socket *socket = socket_at(leases->sockets, index);
    const uint32_t added = take(leases);
    ASSERT(added != 0); /* there are twice as many as sockets */
    struct lease_bucket *bucket = bucket_of(leases, socket->node, socket->local.port);
    struct lease *lease = at(leases, added);
    *lease = (struct lease){.next = bucket->first,
                            .serial = ++leases->serial,
                            .socket = index,
                            .node = socket->node,
                            .domain = socket->domain,
                            .port = socket->local.port,
                            .local = socket->local,
                            .until_ns = AGENDA_NEVER};
    if (bucket->first != 0) {
        at(leases, bucket->first)->previous = added;
    }
    bucket->first = added;
    socket->lease = added;
    socket->lease_serial = lease->serial;
}

/* The socket's lease, 0 = it has none (any more). */
static uint32_t lease_of(const struct leases *leases, const struct socket *socket) {
    return socket->lease != 0 && at(leases, socket->lease)->serial == socket->lease_serial
               ? socket->lease
               : 0;
}

void lease_wait(struct leases *leases, uint32_t index) {
    struct socket *socket = socket_at(leases->sockets, index);
    lease_end(leases, index);
    lease_open(leases, index);
    struct lease *lease = at(leases, socket->lease);
    lease->socket = 0;
    lease->flags = socket->flags;
    lease->until_ns = now_ns(leases) + LEASE_WAIT_NS;
    lease->older = leases->newest;
    if (leases->newest != 0) {
        at(leases, leases->newest)->newer = socket->lease;
    } else {
        leases->oldest = socket->lease;
    }
    leases->newest = socket->lease;
}

void lease_end(struct leases *leases, uint32_t index) {
    struct socket *socket = socket_at(leases->sockets, index);
    const uint32_t lease = lease_of(leases, socket);
    if (lease != 0) {
        give(leases, lease);
    }
    socket->lease = 0;
}

void lease_node_end(struct leases *leases, uint32_t node) {
    for (uint32_t i = 1; i <= leases->table.count; i++) {
        if (at(leases, i)->serial != 0 && at(leases, i)->node == node) {
            give(leases, i);
        }
    }
}

bool lease_any(const struct leases *leases,
               uint32_t node,
               uint16_t port,
               bool (*conflicts)(const struct socket *asking, const struct socket *holder),
               const struct socket *asking) {
    uint32_t next;
    for (uint32_t i = bucket_of(leases, node, port)->first; i != 0; i = next) {
        const struct lease *lease = at(leases, i);
        const struct socket picture = {
            .domain = lease->domain,
            .flags = lease->socket != 0 ? socket_at(leases->sockets, lease->socket)->flags
                                        : lease->flags,
            .local = lease->local,
        };
        next = lease->next;
        if (lease->node == node && lease->port == port && lease->until_ns > now_ns(leases) &&
            conflicts(asking, &picture)) {
            return true;
        }
    }
    return false;
}
