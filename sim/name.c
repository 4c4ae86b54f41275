#include "sim/name.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sim/interface.h"
#include "sim/panic.h"
#include "sim/service.h"

/* glibc accepts them still, without effect. */
#define DEPRECATED_IDN (0x100 | 0x200)
#define DEPRECATED_NAME_IDN (64 | 128)

#define IDN_FLAGS (AI_IDN | AI_CANONIDN)
#define KNOWN_FLAGS                                                                                \
    (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_ADDRCONFIG | AI_V4MAPPED | AI_ALL |           \
     AI_NUMERICSERV | IDN_FLAGS | DEPRECATED_IDN)
#define KNOWN_NAME_FLAGS                                                                           \
    (NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM | NI_IDN |               \
     DEPRECATED_NAME_IDN)

#define SCOPE_MARK '%'

/* ---- hosts ---- */

static void add(struct name_hosts *hosts, struct address address) {
    ASSERT(hosts->count < NAME_ADDRESSES_MAX);
    hosts->addresses[hosts->count++] = address;
}

/* An IPv4 address as an IPv6 socket writes it; 0.0.0.0 too becomes ::ffff:0.0.0.0. */
static struct address mapped(struct address v4) {
    v4.family = AF_INET6;
    return v4;
}

static struct address loopback_v6(void) {
    return (struct address){.bytes = {[15] = 1}, .family = AF_INET6};
}

bool name_is_v4(const char *text, uint32_t *v4) {
    struct in_addr in;
    /* inet_aton() would stop at a blank and ignore what follows. */
    if (text[strcspn(text, " \t\n\v\f\r")] != '\0' || inet_aton(text, &in) == 0) {
        return false;
    }
    *v4 = ntohl(in.s_addr);
    return true;
}

static bool number_read(const char *text, uint32_t *number) {
    char *end;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    const unsigned long value = strtoul(text, &end, 10);
    *number = (uint32_t)value;
    return *end == '\0' && value <= UINT32_MAX;
}

/* What follows the % of an IPv6 address: an interface where it matters, else a number. */
static bool scope_read(const char *text, const struct in6_addr *in6, uint32_t *scope) {
    if (IN6_IS_ADDR_LINKLOCAL(in6) || IN6_IS_ADDR_MC_LINKLOCAL(in6)) {
        *scope = interface_index(text);
        if (*scope != 0) {
            return true;
        }
    }
    return number_read(text, scope);
}

/* False when the text is no number at all; else *error says whether it will do. */
static bool
numeric_v6(const char *text, const struct addrinfo *hints, struct address *address, int *error) {
    char digits[INET6_ADDRSTRLEN];
    struct in6_addr in6;
    const size_t length = strcspn(text, "%");
    if (length >= sizeof digits) {
        return false;
    }
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (inet_pton(AF_INET6, digits, &in6) != 1) {
        return false;
    }
    *address = (struct address){.family = AF_INET6};
    memcpy(address->bytes, &in6, sizeof address->bytes);
    if (hints->ai_family == AF_INET) {
        address->family = AF_INET;
        *error = address_is_v4(address) ? 0 : EAI_ADDRFAMILY;
    }
    if (*error == 0 && text[length] == SCOPE_MARK &&
        !scope_read(text + length + 1, &in6, &address->scope)) {
        *error = EAI_NONAME;
    }
    return true;
}

/* The same for either family. */
static bool
numeric(const char *text, const struct addrinfo *hints, struct address *address, int *error) {
    uint32_t v4;
    *error = 0;
    if (!name_is_v4(text, &v4)) {
        return numeric_v6(text, hints, address, error);
    }
    *address = address_v4(AF_INET, v4, 0);
    if (hints->ai_family == AF_INET6) {
        *address = mapped(*address);
        *error = (hints->ai_flags & AI_V4MAPPED) != 0 ? 0 : EAI_ADDRFAMILY;
    }
    return true;
}

static uint32_t node_of(const struct description *description, const char *host) {
    uint32_t node = description_node_find(description, host);
    for (uint32_t i = 1; node == 0 && i <= description->node_count; i++) {
        node = strcasecmp(description->nodes[i].name, host) == 0 ? i : 0;
    }
    return node;
}

int name_hosts_find(const struct description *description,
                    const char *host,
                    int family,
                    struct name_hosts *hosts) {
    const bool local = strcasecmp(host, NAME_CANONICAL_LOCAL) == 0;
    const uint32_t node = local ? 0 : node_of(description, host);
    *hosts = (struct name_hosts){.count = 0};
    if (!local && node == 0) {
        return EAI_NONAME;
    }
    hosts->canonical = local ? NAME_CANONICAL_LOCAL : description->nodes[node].name;
    if (family != AF_INET) {
        add(hosts, local ? loopback_v6() : address_of_node(description, node, true, 0));
    }
    if (family != AF_INET6) {
        add(hosts,
            local ? address_v4(AF_INET, INADDR_LOOPBACK, 0)
                  : address_of_node(description, node, false, 0));
    }
    return 0;
}

static int find(const struct description *description,
                const char *host,
                const struct addrinfo *hints,
                struct name_hosts *hosts) {
    struct address number;
    int error;
    if (numeric(host, hints, &number, &error)) {
        *hosts = (struct name_hosts){.canonical = host};
        add(hosts, number);
        return error;
    }
    if ((hints->ai_flags & AI_NUMERICHOST) != 0) {
        return EAI_NONAME;
    }
    const bool all = hints->ai_family == AF_INET6 && (hints->ai_flags & AI_V4MAPPED) != 0 &&
                     (hints->ai_flags & AI_ALL) != 0;
    error = name_hosts_find(description, host, all ? AF_UNSPEC : hints->ai_family, hosts);
    for (uint32_t i = 0; error == 0 && all && i < hosts->count; i++) {
        hosts->addresses[i] = mapped(hosts->addresses[i]);
    }
    return error;
}

/* No host was given: this node, or all of its addresses for a server. */
static void own(const struct addrinfo *hints, struct name_hosts *hosts) {
    const bool passive = (hints->ai_flags & AI_PASSIVE) != 0;
    const struct address any_v6 = {.family = AF_INET6};
    *hosts = (struct name_hosts){.count = 0};
    if (passive && hints->ai_family != AF_INET6) {
        add(hosts, address_v4(AF_INET, INADDR_ANY, 0));
    }
    if (hints->ai_family != AF_INET) {
        add(hosts, passive ? any_v6 : loopback_v6());
    }
    if (!passive && hints->ai_family != AF_INET6) {
        add(hosts, address_v4(AF_INET, INADDR_LOOPBACK, 0));
    }
}

/* ---- services ---- */

/* In the order in which glibc looks at them. */
static const struct transport {
    int type, protocol;
    bool usual; /* given to whoever asks for no kind */
} transports[] = {
    {SOCK_STREAM, IPPROTO_TCP, true},
    {SOCK_DGRAM, IPPROTO_UDP, true},
    {SOCK_DCCP, IPPROTO_DCCP, false},
    {SOCK_DGRAM, IPPROTO_UDPLITE, false},
    {SOCK_STREAM, IPPROTO_SCTP, false},
    {SOCK_SEQPACKET, IPPROTO_SCTP, false},
    {SOCK_RAW, 0, true}, /* any protocol, and no ports */
};

#define TRANSPORT_COUNT (sizeof transports / sizeof transports[0])

static bool wanted(const struct transport *transport, const struct addrinfo *hints) {
    return (hints->ai_socktype == 0 || hints->ai_socktype == transport->type) &&
           (hints->ai_protocol == 0 || transport->type == SOCK_RAW ||
            hints->ai_protocol == transport->protocol);
}

/* Adds a kind whose port has this name or number. False: it has no such port. */
static bool add_kind(struct name_answer *answer,
                     const struct transport *transport,
                     const struct addrinfo *hints,
                     const char *service,
                     bool is_number,
                     unsigned long number) {
    int32_t port = (uint16_t)number;
    if (!is_number) {
        port = service_port(service, transport->protocol);
        if (port < 0) {
            return false;
        }
    }
    ASSERT(answer->kind_count < NAME_KINDS_MAX);
    struct name_kind *kind = &answer->kinds[answer->kind_count++];
    kind->type = transport->type;
    kind->protocol = transport->type == SOCK_RAW ? hints->ai_protocol : transport->protocol;
    kind->port = (uint16_t)port;
    return true;
}

/* One kind was asked for: the first that fits. */
static int find_kind(struct name_answer *answer,
                     const struct addrinfo *hints,
                     const char *service,
                     bool is_number,
                     unsigned long number) {
    for (size_t i = 0; i < TRANSPORT_COUNT; i++) {
        if (wanted(&transports[i], hints)) {
            const bool portless = transports[i].type == SOCK_RAW && service != NULL;
            return !portless && add_kind(answer, &transports[i], hints, service, is_number, number)
                       ? 0
                       : EAI_SERVICE;
        }
    }
    return hints->ai_socktype != 0 ? EAI_SOCKTYPE : EAI_SERVICE;
}

static int
find_kinds(struct name_answer *answer, const struct addrinfo *hints, const char *service) {
    unsigned long number = 0;
    bool is_number = service == NULL;
    if (service != NULL) {
        char *end;
        number = strtoul(service, &end, 10);
        if (*end != '\0' && (hints->ai_flags & AI_NUMERICSERV) != 0) {
            return EAI_NONAME;
        }
        is_number = *end == '\0' && (int)number >= 0;
    }
    if (hints->ai_socktype != 0 || hints->ai_protocol != 0) {
        return find_kind(answer, hints, service, is_number, number);
    }
    for (size_t i = 0; i < TRANSPORT_COUNT; i++) {
        const bool portless = transports[i].type == SOCK_RAW && !is_number;
        if (transports[i].usual && !portless) {
            add_kind(answer, &transports[i], hints, service, is_number, number);
        }
    }
    return answer->kind_count > 0 ? 0 : EAI_SERVICE;
}

static bool is_star(const char *text) {
    return text != NULL && strcmp(text, "*") == 0;
}

int name_resolve(const struct description *description,
                 uint32_t node,
                 const char *host,
                 const char *service,
                 const struct addrinfo *given,
                 struct name_answer *answer) {
    static const struct addrinfo none = {.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG};
    const struct addrinfo *hints = given != NULL ? given : &none;
    ASSERT(node >= 1 && node <= description->node_count);
    *answer = (struct name_answer){.kind_count = 0};
    host = is_star(host) ? NULL : host;
    service = is_star(service) ? NULL : service;
    if (host == NULL && service == NULL) {
        return EAI_NONAME;
    }
    if ((hints->ai_flags & ~KNOWN_FLAGS) != 0 ||
        ((hints->ai_flags & AI_CANONNAME) != 0 && host == NULL)) {
        return EAI_BADFLAGS;
    }
    if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET &&
        hints->ai_family != AF_INET6) {
        return EAI_FAMILY;
    }
    if ((hints->ai_flags & IDN_FLAGS) != 0) {
        return NAME_UNMODELLED;
    }
    service = service != NULL && *service == '\0' ? NULL : service;
    const int error = find_kinds(answer, hints, service);
    if (error != 0) {
        return error;
    }
    if (host != NULL) {
        return find(description, host, hints, &answer->hosts);
    }
    own(hints, &answer->hosts);
    return 0;
}

/* ---- from addresses to names ---- */

const char *name_of(const struct description *description, const struct address *address) {
    const struct address v4 = address_v4(AF_INET, INADDR_LOOPBACK, 0);
    const struct address v6 = loopback_v6();
    if (address_equal(address, &v4) || address_equal(address, &v6)) {
        return NAME_CANONICAL_LOCAL;
    }
    if (address_is_loopback(address) || address_is_any(address)) {
        return NULL;
    }
    const uint32_t node = address_node(description, 0, address);
    return node != 0 ? description->nodes[node].name : NULL;
}

static int copy(struct name_room room, const char *text) {
    const size_t size = strlen(text) + 1;
    if (size > room.size) {
        return EAI_OVERFLOW;
    }
    memcpy(room.bytes, text, size);
    return 0;
}

static int numeric_host(const struct address *address, struct name_room room) {
    char text[INET6_ADDRSTRLEN + 32];
    const bool v4 = address->family == AF_INET;
    if (inet_ntop(address->family, address->bytes + (v4 ? 12 : 0), text, INET6_ADDRSTRLEN) ==
        NULL) {
        return EAI_OVERFLOW;
    }
    if (!v4 && address->scope != 0) {
        struct in6_addr in6;
        memcpy(&in6, address->bytes, sizeof in6);
        const bool matters = IN6_IS_ADDR_LINKLOCAL(&in6) || IN6_IS_ADDR_MC_LINKLOCAL(&in6);
        const char *name = matters ? interface_name(address->scope) : NULL;
        char *end = text + strlen(text);
        const size_t left = sizeof text - (size_t)(end - text);
        if (name != NULL) {
            snprintf(end, left, "%c%s", SCOPE_MARK, name);
        } else {
            snprintf(end, left, "%c%u", SCOPE_MARK, address->scope);
        }
    }
    return copy(room, text);
}

static int internet_host(const struct description *description,
                         const struct address *address,
                         struct name_room room,
                         int flags) {
    const char *name = (flags & NI_NUMERICHOST) != 0 ? NULL : name_of(description, address);
    if (name != NULL) {
        return copy(room, name);
    }
    return (flags & NI_NAMEREQD) != 0 ? EAI_NONAME : numeric_host(address, room);
}

static int internet_service(uint16_t port, struct name_room room, int flags) {
    const int protocol = (flags & NI_DGRAM) != 0 ? IPPROTO_UDP : IPPROTO_TCP;
    const char *name = (flags & NI_NUMERICSERV) != 0 ? NULL : service_name(port, protocol);
    char number[8];
    snprintf(number, sizeof number, "%u", port);
    return copy(room, name != NULL ? name : number);
}

static int local_info(const struct description *description,
                      uint32_t node,
                      const void *sockaddr,
                      uint32_t size,
                      const struct name_room rooms[2],
                      int flags) {
    struct sockaddr_un un;
    memset(&un, 0, sizeof un);
    memcpy(&un, sockaddr, size < sizeof un ? size : sizeof un);
    un.sun_path[sizeof un.sun_path - 1] = '\0';
    int error = 0;
    if (rooms[0].size != 0) {
        const bool numbers = (flags & NI_NUMERICHOST) != 0;
        error = numbers && (flags & NI_NAMEREQD) != 0 ? EAI_NONAME
                : numbers                             ? copy(rooms[0], NAME_CANONICAL_LOCAL)
                          : copy(rooms[0], description->nodes[node].name);
    }
    return error == 0 && rooms[1].size != 0 ? copy(rooms[1], un.sun_path) : error;
}

int name_info(const struct description *description,
              uint32_t node,
              const void *sockaddr,
              uint32_t size,
              struct name_room host,
              struct name_room service,
              int flags) {
    uint16_t family;
    ASSERT(node >= 1 && node <= description->node_count);
    if ((flags & ~KNOWN_NAME_FLAGS) != 0) {
        return EAI_BADFLAGS;
    }
    if ((flags & NI_IDN) != 0) {
        return NAME_UNMODELLED;
    }
    if (sockaddr == NULL || size < sizeof family) {
        return EAI_FAMILY;
    }
    if ((flags & NI_NAMEREQD) != 0 && host.bytes == NULL && service.bytes == NULL) {
        return EAI_NONAME;
    }
    host.size = host.bytes != NULL ? host.size : 0;
    service.size = service.bytes != NULL ? service.size : 0;
    memcpy(&family, sockaddr, sizeof family);
    if (family == AF_UNIX) {
        const struct name_room rooms[2] = {host, service};
        return local_info(description, node, sockaddr, size, rooms, flags);
    }
    struct address address;
    if ((family != AF_INET && family != AF_INET6) ||
        (family == AF_INET6 && size < sizeof(struct sockaddr_in6)) ||
        address_read(&address, family, sockaddr, size) != 0) {
        return EAI_FAMILY;
    }
    int error = host.size != 0 ? internet_host(description, &address, host, flags) : 0;
    if (error == 0 && service.size != 0) {
        error = internet_service(address.port, service, flags);
    }
    return error;
}
