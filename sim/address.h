/* Internet addresses in one form, IPv4 as IPv6 does it (::ffff:a.b.c.d), and what nodes have.
 *
 *   sockaddr ──address_read──► struct address ──address_write──► sockaddr
 *
 * A node has 10.0.x.y (or what the description says), fd00::<index>, 127.0.0.0/8 and ::1.
 *
 * Memory:      plain values.
 * Errors:      negative errno values, as bind() and connect() would give them.
 * Threads:     pure functions.
 * Determinism: nothing here asks the machine.
 */
#ifndef SIM_ADDRESS_H
#define SIM_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/description.h"

struct address {
    uint8_t bytes[16]; /* network order */
    uint16_t port;     /* host order */
    uint16_t family;   /* AF_INET or AF_INET6: how the program speaks of it; 0 = none */
    uint32_t scope;    /* IPv6 scope id */
};

/* From a sockaddr of the program for a socket of this family. 0, -EINVAL, -EAFNOSUPPORT. */
int address_read(struct address *address, uint16_t family, const void *sockaddr, uint32_t size);

/* The same as bind() does: IPv4 takes the unspecified address also without a family. */
int address_read_own(struct address *address, uint16_t family, const void *sockaddr, uint32_t size);

/* Into a sockaddr of the program that has room for *size bytes; *size becomes the full size, as
 * with getsockname(). An IPv4 address of an IPv6 socket is written as a mapped one. */
void address_write(const struct address *address, void *sockaddr, uint32_t *size);

/* An IPv4 address (host order) for a socket of this family. */
struct address address_v4(uint16_t family, uint32_t v4, uint16_t port);

/* The address that a node has for peers; v6: its IPv6 one. */
struct address
address_of_node(const struct description *description, uint32_t node, bool v6, uint16_t port);

/* The node that has this address as seen from node `from`; 0 = none. Loopback and the unspecified
 * address are `from` itself. */
uint32_t
address_node(const struct description *description, uint32_t from, const struct address *address);

/* True for 10.0.0.0/16 and fd00::/64, where a missing node is noticed. */
bool address_on_link(const struct address *address);

/* From where an IPv6 socket with an IPv6 address speaks to IPv4: Linux' LOOPBACK4_IPV6. */
#define ADDRESS_LOOPBACK_OF_V6 0x7f000006u

/* What a message to the unspecified address is for, sent by a socket with this local address:
 * itself, or loopback. Other addresses stay. */
void address_resolve_any(struct address *to, const struct address *local);

bool address_is_v4(const struct address *address); /* IPv4 or mapped */
bool address_is_any(const struct address *address);
bool address_is_loopback(const struct address *address);
bool address_is_multicast(const struct address *address);
bool address_is_broadcast(const struct address *address); /* 255.255.255.255 and 10.0.255.255 */
bool address_equal(const struct address *a, const struct address *b); /* without the port */

#endif
