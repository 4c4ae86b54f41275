#include "sim/binding.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sim/panic.h"
#include "sim/random.h"

#define ABSTRACT_DIGITS 5 /* of names that the kernel gives */

_Static_assert(SOCKET_NAME_SIZE == sizeof(((struct sockaddr_un *)NULL)->sun_path), "a whole path");

enum score { SCORE_NONE, SCORE_ANY, SCORE_FAMILY = 1, SCORE_ADDRESS = 4, SCORE_CONNECTED = 8 };

uint64_t binding_arena_size(void) {
    return BINDING_BUCKETS * sizeof(struct binding_bucket) + 64 + lease_arena_size();
}

void binding_init(struct bindings *bindings, struct arena *arena, struct sockets *sockets) {
    *bindings = (struct bindings){.sockets = sockets};
    bindings->buckets = arena_take(arena, BINDING_BUCKETS * sizeof(struct binding_bucket));
    memset(bindings->buckets, 0, BINDING_BUCKETS * sizeof(struct binding_bucket));
    lease_init(&bindings->leases, arena, sockets);
}

void binding_begin(struct bindings *bindings) {
    bindings->run++;
    lease_begin(&bindings->leases);
    const uint32_t count = bindings->sockets->network->description->node_count;
    for (uint32_t node = 1; node <= count; node++) {
        bindings->port_next[node] = BINDING_PORT_FIRST;
    }
}

/* ---- buckets ---- */

static struct binding_bucket *bucket_at(const struct bindings *bindings, uint64_t hash) {
    struct binding_bucket *bucket = &bindings->buckets[hash % BINDING_BUCKETS];
    if (bucket->run != bindings->run) {
        *bucket = (struct binding_bucket){.run = bindings->run};
    }
    return bucket;
}

static struct binding_bucket *
port_bucket(const struct bindings *bindings, uint32_t node, uint16_t type, uint16_t port) {
    return bucket_at(bindings, random_mix(node, (uint64_t)type << 16 | port));
}

static struct binding_bucket *
name_bucket(const struct bindings *bindings, uint32_t node, const char *name, uint32_t size) {
    uint64_t hash = node;
    for (uint32_t i = 0; i < size; i++) {
        hash = random_mix(hash, (unsigned char)name[i]);
    }
    return bucket_at(bindings, hash);
}

static struct binding_bucket *bucket_of(const struct bindings *bindings,
                                        const struct socket *socket) {
    return socket->domain == AF_UNIX
               ? name_bucket(bindings, socket->node, socket->name, socket->name_size)
               : port_bucket(bindings, socket->node, socket->type, socket->local.port);
}

static void insert(struct bindings *bindings, uint32_t index) {
    struct socket *socket = socket_at(bindings->sockets, index);
    struct binding_bucket *bucket = bucket_of(bindings, socket);
    ASSERT((socket->flags & SOCKET_BOUND) == 0);
    socket->bound_next = 0;
    if (bucket->last != 0) {
        socket_at(bindings->sockets, bucket->last)->bound_next = index;
    } else {
        bucket->first = index;
    }
    bucket->last = index;
    socket->flags |= SOCKET_BOUND;
}

void binding_drop(struct bindings *bindings, uint32_t index) {
    struct socket *socket = socket_at(bindings->sockets, index);
    if ((socket->flags & SOCKET_BOUND) == 0) {
        return;
    }
    struct binding_bucket *bucket = bucket_of(bindings, socket);
    uint32_t before = 0;
    for (uint32_t i = bucket->first; i != index; i = socket_at(bindings->sockets, i)->bound_next) {
        ASSERT(i != 0);
        before = i;
    }
    if (before != 0) {
        socket_at(bindings->sockets, before)->bound_next = socket->bound_next;
    } else {
        bucket->first = socket->bound_next;
    }
    if (bucket->last == index) {
        bucket->last = before;
    }
    socket->flags &= ~(uint32_t)SOCKET_BOUND;
}

void binding_drop_given(struct bindings *bindings, uint32_t index) {
    const struct socket *socket = socket_at(bindings->sockets, index);
    if (socket->domain != AF_UNIX && (socket->flags & SOCKET_PORT_FIXED) == 0) {
        binding_drop(bindings, index);
    }
}

/* ---- internet ---- */

/* An address as IPv4 code sees it; that of IPv6 alone is nobody's. */
static struct address seen_by_v4(const struct address *address) {
    return address_is_v4(address)    ? *address
           : address_is_any(address) ? address_v4(AF_INET, INADDR_ANY, 0)
                                     : address_v4(AF_INET, ADDRESS_LOOPBACK_OF_V6, 0);
}

/* Whether a message could be for both, as Linux has it (inet_rcv_saddr_equal()): it depends on who
 * asks, since an IPv6 socket that is connected has one address of IPv6 and another one of IPv4. */
static bool overlap(const struct socket *asking, const struct socket *other) {
    const bool mapped = address_is_v4(&asking->local) || asking->domain == AF_INET;
    const bool other_mapped = address_is_v4(&other->local) || other->domain == AF_INET;
    const bool other_deaf = (other->flags & SOCKET_V6_ONLY) != 0;
    if (asking->domain == AF_INET || (mapped && other_mapped)) {
        const struct address own = seen_by_v4(&asking->local);
        const struct address its = seen_by_v4(&other->local);
        return !other_deaf &&
               (address_is_any(&own) || address_is_any(&its) || address_equal(&own, &its));
    }
    const bool any = !mapped && address_is_any(&asking->local);
    const bool other_any = !other_mapped && address_is_any(&other->local);
    return (any && (!other_mapped || (asking->flags & SOCKET_V6_ONLY) == 0)) ||
           (other_any && (!mapped || !other_deaf)) ||
           (!other_mapped && address_equal(&asking->local, &other->local));
}

static bool may_share(const struct socket *socket, const struct socket *other) {
    const uint32_t both = socket->flags & other->flags;
    return (both & SOCKET_REUSE_PORT) != 0 ||
           ((both & SOCKET_REUSE_ADDRESS) != 0 && other->state != SOCKET_LISTENING);
}

static bool conflicts(const struct socket *asking, const struct socket *other) {
    return overlap(asking, other) && !may_share(asking, other);
}

static bool taken(const struct bindings *bindings, const struct socket *socket) {
    const struct binding_bucket *bucket = bucket_of(bindings, socket);
    for (uint32_t i = bucket->first; i != 0;) {
        const struct socket *other = socket_at(bindings->sockets, i);
        if (other->domain != AF_UNIX && other != socket && other->node == socket->node &&
            other->type == socket->type && other->local.port == socket->local.port &&
            conflicts(socket, other)) {
            return true;
        }
        i = other->bound_next;
    }
    return socket->type == SOCK_STREAM &&
           lease_any(&bindings->leases, socket->node, socket->local.port, conflicts, socket);
}

bool binding_listened(const struct bindings *bindings, uint32_t index) {
    return taken(bindings, socket_at(bindings->sockets, index));
}

static int claim_ephemeral(struct bindings *bindings, struct socket *socket) {
    uint32_t *next = &bindings->port_next[socket->node];
    for (uint32_t tries = BINDING_PORT_LAST - BINDING_PORT_FIRST + 1; tries > 0; tries--) {
        socket->local.port = (uint16_t)*next;
        *next = *next == BINDING_PORT_LAST ? BINDING_PORT_FIRST : *next + 1;
        if (!taken(bindings, socket)) {
            return 0;
        }
    }
    socket->local.port = 0;
    return -EADDRINUSE;
}

int binding_claim_any(struct bindings *bindings, uint32_t index) {
    struct socket *socket = socket_at(bindings->sockets, index);
    if ((socket->flags & SOCKET_BOUND) != 0) {
        return 0;
    }
    if ((socket->flags & SOCKET_ADDRESS_FIXED) == 0 && address_is_any(&socket->local)) {
        socket->local = address_v4(socket->domain, 0, 0);
    }
    const int result = claim_ephemeral(bindings, socket);
    if (result == 0) {
        insert(bindings, index);
    }
    return result;
}

static bool is_local(const struct bindings *bindings,
                     const struct socket *socket,
                     const struct address *address) {
    return address_is_any(address) ||
           address_node(bindings->sockets->network->description, socket->node, address) ==
               socket->node ||
           (socket->type == SOCK_DGRAM &&
            (address_is_multicast(address) || address_is_broadcast(address)));
}

int binding_claim(struct bindings *bindings, uint32_t index, const void *sockaddr, uint32_t size) {
    struct socket *socket = socket_at(bindings->sockets, index);
    struct address address;
    const int refusal = address_read_own(&address, socket->domain, sockaddr, size);
    if (refusal != 0) {
        return refusal;
    }
    const bool six = socket->domain == AF_INET6;
    const bool mapped = six && address_is_v4(&address);
    const bool used = (socket->flags & SOCKET_BOUND) != 0 || socket->state != SOCKET_CLOSED;
    if (six && (used || (mapped && (socket->flags & SOCKET_V6_ONLY) != 0))) {
        return -EINVAL;
    }
    if (!is_local(bindings, socket, &address)) {
        return -EADDRNOTAVAIL;
    }
    if (used) {
        return -EINVAL;
    }
    const uint16_t port_before = socket->local.port; /* of a connect that failed: still told */
    const uint32_t flags_before = socket->flags;
    socket->local = address;
    if (six && !mapped && !address_is_any(&address)) {
        socket->flags |= SOCKET_V6_ONLY; /* as Linux does, and tells by getsockopt() */
    }
    const bool busy =
        address.port == 0 ? claim_ephemeral(bindings, socket) != 0 : taken(bindings, socket);
    if (busy) {
        socket->local = address_v4(socket->domain, 0, port_before);
        socket->flags = flags_before;
        return -EADDRINUSE;
    }
    socket->flags |= address.port != 0 ? SOCKET_PORT_FIXED : 0u;
    socket->flags |= address_is_any(&address) && !mapped ? 0u : SOCKET_ADDRESS_FIXED;
    insert(bindings, index);
    return 0;
}

static unsigned
score_of(const struct socket *socket, const struct address *to, const struct address *from) {
    const bool to_v4 = address_is_v4(to);
    const bool local_v4 = address_is_v4(&socket->local);
    unsigned score = to_v4 == local_v4 ? SCORE_FAMILY + 1 : SCORE_ANY;
    if (address_is_any(&socket->local)) {
        if (to_v4 != local_v4 && (local_v4 || (socket->flags & SOCKET_V6_ONLY) != 0)) {
            return SCORE_NONE;
        }
    } else if (address_equal(&socket->local, to)) {
        score += SCORE_ADDRESS;
    } else {
        return SCORE_NONE;
    }
    if ((socket->flags & SOCKET_JOINED) != 0) {
        if ((socket->remote.port != 0 && socket->remote.port != from->port) ||
            !address_equal(&socket->remote, from)) {
            return SCORE_NONE;
        }
        score += SCORE_CONNECTED;
    }
    return score;
}

uint32_t binding_find(const struct bindings *bindings,
                      uint32_t node,
                      uint16_t type,
                      const struct address *to,
                      const struct address *from) {
    const struct binding_bucket *bucket = port_bucket(bindings, node, type, to->port);
    unsigned best = SCORE_NONE;
    uint32_t found = 0;
    uint64_t equals = 0;
    for (uint32_t i = bucket->first; i != 0; i = socket_at(bindings->sockets, i)->bound_next) {
        const struct socket *socket = socket_at(bindings->sockets, i);
        if (socket->domain == AF_UNIX || socket->node != node || socket->type != type ||
            socket->local.port != to->port ||
            (type == SOCK_STREAM && socket->state != SOCKET_LISTENING)) {
            continue;
        }
        const unsigned score = score_of(socket, to, from);
        if (score == SCORE_NONE || score < best) {
            continue;
        }
        equals = score > best ? 1 : equals + 1;
        best = score;
        /* Of a group that shares the port the sender's port decides, n-th of n with chance 1/n;
         * otherwise the one that was bound last. */
        if (equals == 1 || (socket->flags & SOCKET_REUSE_PORT) == 0 ||
            random_mix(from->port, equals) % equals == 0) {
            found = i;
        }
    }
    return found;
}

void binding_each(const struct bindings *bindings,
                  uint32_t node,
                  uint16_t port,
                  void (*visit)(void *context, uint32_t index),
                  void *context) {
    const struct binding_bucket *bucket = port_bucket(bindings, node, SOCK_DGRAM, port);
    for (uint32_t i = bucket->first; i != 0;) {
        const struct socket *socket = socket_at(bindings->sockets, i);
        const uint32_t next = socket->bound_next;
        const bool any = address_is_any(&socket->local) || address_is_broadcast(&socket->local);
        if (socket->domain == AF_INET && socket->node == node && socket->type == SOCK_DGRAM &&
            socket->local.port == port && any && (socket->flags & SOCKET_JOINED) == 0) {
            visit(context, i);
        }
        i = next;
    }
}

/* ---- AF_UNIX ---- */

static int name_read(const void *sockaddr, uint32_t size, const char **name, uint32_t *length) {
    uint16_t family;
    if (size < sizeof family || size > sizeof(struct sockaddr_un)) {
        return -EINVAL;
    }
    memcpy(&family, sockaddr, sizeof family);
    if (family != AF_UNIX) {
        return -EINVAL;
    }
    *name = (const char *)sockaddr + sizeof family;
    *length = size - (uint32_t)sizeof family;
    if (*length > 0 && **name != '\0') {
        *length = (uint32_t)strnlen(*name, *length);
    }
    return 0;
}

static uint32_t
find_name(const struct bindings *bindings, uint32_t node, const char *name, uint32_t size) {
    const struct binding_bucket *bucket = name_bucket(bindings, node, name, size);
    for (uint32_t i = bucket->first; i != 0; i = socket_at(bindings->sockets, i)->bound_next) {
        const struct socket *socket = socket_at(bindings->sockets, i);
        if (socket->domain == AF_UNIX && socket->node == node && socket->name_size == size &&
            memcmp(socket->name, name, size) == 0) {
            return i;
        }
    }
    return 0;
}

/* A name of the kernel's choosing: NUL and five hexadecimal digits. */
static int claim_abstract(struct bindings *bindings, uint32_t index) {
    static const char digits[] = "0123456789abcdef";
    struct socket *socket = socket_at(bindings->sockets, index);
    char name[1 + ABSTRACT_DIGITS] = {0};
    uint32_t number = socket->object;
    do {
        for (unsigned i = 0; i < ABSTRACT_DIGITS; i++) {
            name[ABSTRACT_DIGITS - i] = digits[number >> (4 * i) & 15];
        }
        number++;
    } while (find_name(bindings, socket->node, name, sizeof name) != 0);
    memcpy(socket->name, name, sizeof name);
    socket->name_size = sizeof name;
    insert(bindings, index);
    return 0;
}

int binding_claim_name(struct bindings *bindings,
                       uint32_t index,
                       const void *sockaddr,
                       uint32_t size) {
    struct socket *socket = socket_at(bindings->sockets, index);
    const char *name;
    uint32_t length;
    const int refusal = name_read(sockaddr, size, &name, &length);
    if (refusal != 0) {
        return refusal;
    }
    if (length == 0) {
        return socket->name_size != 0 ? 0 : claim_abstract(bindings, index);
    }
    if (*name == '\0' && socket->name_size != 0) {
        return -EINVAL;
    }
    if (find_name(bindings, socket->node, name, length) != 0) {
        return -EADDRINUSE;
    }
    if (socket->name_size != 0) {
        return -EINVAL;
    }
    memcpy(socket->name, name, length);
    socket->name_size = length;
    insert(bindings, index);
    return 0;
}

int binding_find_name(const struct bindings *bindings,
                      uint32_t node,
                      const void *sockaddr,
                      uint32_t size,
                      uint32_t *index) {
    const char *name;
    uint32_t length;
    const int refusal = name_read(sockaddr, size, &name, &length);
    if (refusal != 0) {
        return refusal;
    }
    if (length == 0) {
        return -EINVAL;
    }
    *index = find_name(bindings, node, name, length);
    if (*index != 0 && (socket_at(bindings->sockets, *index)->flags & SOCKET_GONE) != 0) {
        return -ECONNREFUSED; /* a path that was left behind */
    }
    if (*index == 0) {
        return *name == '\0' ? -ECONNREFUSED : -ENOENT;
    }
    return 0;
}

void binding_close(struct bindings *bindings, uint32_t index) {
    struct socket *socket = socket_at(bindings->sockets, index);
    if (socket->domain == AF_UNIX && (socket->flags & SOCKET_BOUND) != 0 &&
        socket->name[0] != '\0') {
        socket->entries++; /* the file */
    } else {
        binding_drop(bindings, index);
    }
}

bool binding_unlink(struct bindings *bindings, uint32_t node, const char *path) {
    const uint32_t index = find_name(bindings, node, path, (uint32_t)strlen(path));
    if (index == 0) {
        return false;
    }
    struct socket *socket = socket_at(bindings->sockets, index);
    binding_drop(bindings, index);
    if ((socket->flags & SOCKET_GONE) != 0) {
        socket->entries--;
        socket_release(bindings->sockets, index);
    }
    return true;
}

/* ---- names as the program sees them ---- */

void binding_write_bytes(const char *name, uint32_t name_size, void *sockaddr, uint32_t *size) {
    struct sockaddr_un un;
    memset(&un, 0, sizeof un);
    un.sun_family = AF_UNIX;
    memcpy(un.sun_path, name, name_size);
    uint32_t full = (uint32_t)offsetof(struct sockaddr_un, sun_path) + name_size;
    if (name_size != 0 && name[0] != '\0') {
        full++; /* the terminator, even when it does not fit */
    }
    const uint32_t room = full < sizeof un ? full : (uint32_t)sizeof un;
    memcpy(sockaddr, &un, *size < room ? *size : room);
    *size = full;
}

static void write_name(const struct socket *socket, void *sockaddr, uint32_t *size) {
    binding_write_bytes(socket->name, socket->name_size, sockaddr, size);
}

int binding_name(const struct bindings *bindings, uint32_t index, void *sockaddr, uint32_t *size) {
    const struct socket *socket = socket_at(bindings->sockets, index);
    if (socket->domain == AF_UNIX) {
        write_name(socket, sockaddr, size);
    } else {
        address_write(&socket->local, sockaddr, size);
    }
    return 0;
}

int binding_peer_name(const struct bindings *bindings,
                      uint32_t index,
                      void *sockaddr,
                      uint32_t *size) {
    const struct socket *socket = socket_at(bindings->sockets, index);
    if (socket->domain == AF_UNIX) {
        const uint32_t other = socket->type == SOCK_DGRAM ? socket->target : socket->peer;
        if (other == 0) {
            return -ENOTCONN;
        }
        write_name(socket_at(bindings->sockets, other), sockaddr, size);
        return 0;
    }
    if (socket->remote.port == 0 ||
        (socket->type == SOCK_STREAM && socket->state != SOCKET_CONNECTED)) {
        return -ENOTCONN;
    }
    address_write(&socket->remote, sockaddr, size);
    return 0;
}
