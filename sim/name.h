/* Names of hosts and services: what getaddrinfo() and its kin answer.
 *
 *   host     a node's name, "localhost" or a number; nothing asks a name server
 *   service  a number, or a name from sim/service.h
 *
 * A node has an IPv4 and an IPv6 address. Results come as glibc sorts them on such a machine
 * (RFC 3484): IPv6 first, but 0.0.0.0 before ::. So a client that takes the first address only and
 * a server that listens on IPv4 only do not meet, here as in production.
 *
 * Memory:      answers borrow the strings they were asked with.
 * Errors:      EAI_…, or NAME_UNMODELLED for flags that are not simulated (AI_IDN, NI_IDN).
 * Threads:     pure functions.
 * Determinism: a function of the description; no file of the machine is read.
 */
#ifndef SIM_NAME_H
#define SIM_NAME_H

#include <netdb.h>
#include <stdint.h>

#include "sim/address.h"
#include "sim/description.h"

#define NAME_UNMODELLED 1 /* every EAI_… is negative */
#define NAME_ADDRESSES_MAX 2u
#define NAME_KINDS_MAX 3u /* stream, datagram, raw */
#define NAME_CANONICAL_LOCAL "localhost"

struct name_hosts {
    struct address addresses[NAME_ADDRESSES_MAX];
    uint32_t count;
    const char *canonical;
};

struct name_kind {
    int type, protocol;
    uint16_t port;
};

struct name_answer {
    struct name_hosts hosts;
    struct name_kind kinds[NAME_KINDS_MAX];
    uint32_t kind_count;
};

/* getaddrinfo() as node `node` sees it: each address with each kind. hints may be NULL. */
int name_resolve(const struct description *description,
                 uint32_t node,
                 const char *host,
                 const char *service,
                 const struct addrinfo *hints,
                 struct name_answer *answer);

/* The addresses of a name that is no number, of AF_INET, AF_INET6 or AF_UNSPEC. 0, EAI_NONAME. */
int name_hosts_find(const struct description *description,
                    const char *host,
                    int family,
                    struct name_hosts *hosts);

/* The name that belongs to an address, NULL = none. */
const char *name_of(const struct description *description, const struct address *address);

/* Room of the caller for a string; nothing is wanted when bytes is NULL or size is 0. */
struct name_room {
    char *bytes;
    uint32_t size;
};

/* getnameinfo() as node `node` sees it. */
int name_info(const struct description *description,
              uint32_t node,
              const void *sockaddr,
              uint32_t size,
              struct name_room host,
              struct name_room service,
              int flags);

/* True for what inet_aton() accepts to the last character; *v4 in host order. */
bool name_is_v4(const char *text, uint32_t *v4);

#endif
