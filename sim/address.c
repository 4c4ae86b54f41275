#include "sim/address.h"

#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/panic.h"

#define MAPPED UINT64_C(0xffff) /* of the lower half of an IPv4 address, above its four bytes */

/* Addresses are read and written by halves: a load of what several smaller stores have just written
 * waits until all of them have left the processor, and every message has four addresses. */
static uint64_t half(const uint8_t *bytes) {
    uint64_t half;
    memcpy(&half, bytes, sizeof half);
    return be64toh(half);
}

static uint64_t upper(const struct address *address) {
    return half(address->bytes);
}

static uint64_t lower(const struct address *address) {
    return half(address->bytes + 8);
}

static uint32_t v4_of(const struct address *address) {
    return (uint32_t)lower(address);
}

static void v4_write(struct address *address, uint16_t family, uint32_t v4, uint16_t port) {
    const bool any = v4 == 0 && family == AF_INET6;
    const uint64_t lower = htobe64(any ? 0 : MAPPED << 32 | v4);
    memset(address->bytes, 0, 8);
    memcpy(address->bytes + 8, &lower, sizeof lower);
    address->port = port;
    address->family = family;
    address->scope = 0;
}

int address_read(struct address *address, uint16_t family, const void *sockaddr, uint32_t size) {
    uint16_t given;
    if (size < sizeof given) {
        return -EINVAL;
    }
    memcpy(&given, sockaddr, sizeof given);
    if (family == AF_INET6) {
        struct sockaddr_in6 in6;
        if (size < offsetof(struct sockaddr_in6, sin6_scope_id)) {
            return -EINVAL;
        }
        if (given != AF_INET6) {
            return -EAFNOSUPPORT;
        }
        memset(&in6, 0, sizeof in6);
        memcpy(&in6, sockaddr, size < sizeof in6 ? size : sizeof in6);
        *address = (struct address){.port = ntohs(in6.sin6_port),
                                    .family = AF_INET6,
                                    .scope = in6.sin6_scope_id};
        memcpy(address->bytes, &in6.sin6_addr, sizeof address->bytes);
        return 0;
    }
    struct sockaddr_in in;
    if (size < sizeof in) {
        return -EINVAL;
    }
    memcpy(&in, sockaddr, sizeof in);
    if (given != AF_INET || family != AF_INET) {
        return -EAFNOSUPPORT;
    }
    v4_write(address, family, ntohl(in.sin_addr.s_addr), ntohs(in.sin_port));
    return 0;
}

int address_read_own(struct address *address,
                     uint16_t family,
                     const void *sockaddr,
                     uint32_t size) {
    struct sockaddr_in in;
    if (family == AF_INET && size >= sizeof in) {
        memcpy(&in, sockaddr, sizeof in);
        if (in.sin_family == AF_UNSPEC && in.sin_addr.s_addr == htonl(INADDR_ANY)) {
            *address = address_v4(AF_INET, INADDR_ANY, ntohs(in.sin_port));
            return 0;
        }
    }
    return address_read(address, family, sockaddr, size);
}

static void copy_out(void *to, uint32_t *room, const void *from, uint32_t size) {
    memcpy(to, from, *room < size ? *room : size);
    *room = size;
}

void address_write(const struct address *address, void *sockaddr, uint32_t *size) {
    if (address->family == AF_INET6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                                   .sin6_port = htons(address->port),
                                   .sin6_scope_id = address->scope};
        memcpy(&in6.sin6_addr, address->bytes, sizeof address->bytes);
        copy_out(sockaddr, size, &in6, sizeof in6);
        return;
    }
    const struct sockaddr_in in = {.sin_family = AF_INET,
                                   .sin_port = htons(address->port),
                                   .sin_addr = {htonl(v4_of(address))}};
    copy_out(sockaddr, size, &in, sizeof in);
}

struct address address_v4(uint16_t family, uint32_t v4, uint16_t port) {
    struct address address;
    v4_write(&address, family, v4, port);
    return address;
}

struct address
address_of_node(const struct description *description, uint32_t node, bool v6, uint16_t port) {
    ASSERT(node >= 1 && node <= description->node_count);
    if (!v6) {
        return address_v4(AF_INET, description->nodes[node].address, port);
    }
    struct address address = {.port = port, .family = AF_INET6};
    address.bytes[0] = 0xfd;
    address.bytes[14] = (uint8_t)(node >> 8);
    address.bytes[15] = (uint8_t)node;
    return address;
}

uint32_t
address_node(const struct description *description, uint32_t from, const struct address *address) {
    if (address_is_loopback(address) || address_is_any(address)) {
        return from;
    }
    if (address_is_v4(address)) {
        const uint32_t v4 = v4_of(address);
        const uint32_t guess = v4 - 0x0a000000u;
        if (guess >= 1 && guess <= description->node_count &&
            description->nodes[guess].address == v4) {
            return guess;
        }
        for (uint32_t i = 1; i <= description->node_count; i++) {
            if (description->nodes[i].address == v4) {
                return i;
            }
        }
        return 0;
    }
    static const uint8_t prefix[14] = {0xfd};
    const uint32_t node = (uint32_t)address->bytes[14] << 8 | address->bytes[15];
    const bool known = memcmp(address->bytes, prefix, sizeof prefix) == 0 && node >= 1 &&
                       node <= description->node_count;
    return known ? node : 0;
}

bool address_on_link(const struct address *address) {
    static const uint8_t prefix[8] = {0xfd};
    return address_is_v4(address) ? v4_of(address) >> 16 == 0x0a00u
                                  : memcmp(address->bytes, prefix, sizeof prefix) == 0;
}

void address_resolve_any(struct address *to, const struct address *local) {
    const uint16_t port = to->port;
    const uint16_t family = to->family;
    if (!address_is_any(to)) {
        return;
    }
    if (address_is_v4(to) && !address_is_any(local)) {
        *to = address_is_v4(local) ? *local : address_v4(family, ADDRESS_LOOPBACK_OF_V6, 0);
    } else if (address_is_v4(to) || address_is_v4(local)) {
        *to = address_v4(family, INADDR_LOOPBACK, 0);
    } else {
        *to = (struct address){.bytes = {[15] = 1}};
    }
    to->port = port;
    to->family = family;
}

bool address_is_v4(const struct address *address) {
    return upper(address) == 0 && lower(address) >> 32 == MAPPED;
}

bool address_is_any(const struct address *address) {
    return upper(address) == 0 && (lower(address) == 0 || lower(address) == MAPPED << 32);
}

bool address_is_loopback(const struct address *address) {
    return upper(address) == 0 &&
           (lower(address) == 1 || lower(address) >> 24 == (MAPPED << 8 | IN_LOOPBACKNET));
}

bool address_is_multicast(const struct address *address) {
    return address_is_v4(address) ? IN_MULTICAST(v4_of(address)) : address->bytes[0] == 0xff;
}

bool address_is_broadcast(const struct address *address) {
    return address_is_v4(address) &&
           (v4_of(address) == 0xffffffffu || v4_of(address) == 0x0a00ffffu);
}

bool address_equal(const struct address *a, const struct address *b) {
    return upper(a) == upper(b) && lower(a) == lower(b);
}
