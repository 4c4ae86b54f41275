/* Sockets that exist twice, in the model and in the real kernel: how they are named, chosen and
 * compared. The calls are in tests/test_endpoint_twin.c. */
#ifndef TESTS_ENDPOINT_TWIN_H
#define TESTS_ENDPOINT_TWIN_H

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/random.h"
#include "tests/network_fixture.h"

#define SLOTS 5
#define PORTS 2
#define PATIENCE_TRIES 2000
#define PORT_FIRST 10000 /* below the ephemeral ones */
#define PORTS_OF_PROCESS 500
#define EPHEMERAL 1 /* what a port is shown as that the system chose */

enum kind { TCP4, TCP6, TCP_BOTH, UDP4, UDP6, UDP_BOTH, UNIX_STREAM, UNIX_DATAGRAM, KIND_COUNT };

struct slot {
    int real; /* -1 = empty */
    uint32_t model;
    uint16_t domain;
    bool mapped;   /* IPv6: it has tried to connect to IPv4 */
    bool listened; /* its port was in use by others */
};

/* A sockaddr for each side. */
struct place {
    struct sockaddr_storage real, model;
    uint32_t real_size, model_size;
};

static struct twin {
    enum kind kind;
    bool stream;
    unsigned accepted, received; /* calls that succeeded: the sequences reach somewhere */
    uint64_t sequence;
    uint16_t port_offset; /* where the ports of the whole machine are shared */
    unsigned attempt;
    jmp_buf differs; /* where a sequence ends in which the two were not equal */
    char difference[512];
    struct slot slots[SLOTS];
    struct random random;
    char log[32768];
    size_t logged;
} twin;

static inline uint64_t below(uint64_t limit) {
    return random_below(&twin.random, limit);
}

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length =
        vsnprintf(twin.log + twin.logged, sizeof twin.log - twin.logged, format, arguments);
    va_end(arguments);
    twin.logged += (size_t)length;
    ck_assert_uint_lt(twin.logged, sizeof twin.log);
}

static void differ(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static inline void differ(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(twin.difference, sizeof twin.difference, format, arguments);
    va_end(arguments);
    longjmp(twin.differs, 1);
}

static inline void agree(int64_t real, int64_t model, const char *what) {
    if (real != model) {
        differ("%s: real %lld, model %lld", what, (long long)real, (long long)model);
    }
}

static inline int64_t result_of(ssize_t result) {
    return result < 0 ? -errno : result;
}

/* ---- the kernel's side ---- */

static inline void namespace_enter(void) {
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        const unsigned share = (unsigned)getpid() + twin.attempt;
        twin.port_offset = (uint16_t)(share % 36 * PORTS_OF_PROCESS);
        return;
    }
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    const int any = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_eq(ioctl(any, SIOCSIFFLAGS, &request), 0);
    close(any);
}

/* A machine without IPv6 cannot be asked about it. */
static inline bool kind_possible(enum kind kind) {
    const struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    if (kind == TCP4 || kind == UDP4 || kind == UNIX_STREAM || kind == UNIX_DATAGRAM) {
        return true;
    }
    const int six = socket(AF_INET6, SOCK_STREAM, 0);
    const bool possible = six >= 0 && bind(six, (const struct sockaddr *)&name, sizeof name) == 0;
    close(six);
    return possible;
}

/* ---- names ---- */

static inline uint16_t port_of(uint64_t number) {
    return (uint16_t)(PORT_FIRST + twin.port_offset +
                      (twin.sequence * PORTS + number) % PORTS_OF_PROCESS);
}

static inline uint32_t place_internet(struct sockaddr_storage *storage,
                                      uint16_t domain,
                                      bool any,
                                      bool mapped,
                                      uint16_t port) {
    memset(storage, 0, sizeof *storage);
    if (domain == AF_INET) {
        const struct sockaddr_in in = v4(any ? INADDR_ANY : INADDR_LOOPBACK, port);
        memcpy(storage, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    uint8_t *bytes = in6.sin6_addr.s6_addr;
    if (mapped) {
        bytes[10] = bytes[11] = 0xff;
        bytes[12] = any ? 0 : 127;
    }
    bytes[15] = any ? 0 : 1;
    memcpy(storage, &in6, sizeof in6);
    return sizeof in6;
}

static inline uint32_t place_unix(struct sockaddr_storage *storage, uint64_t number) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const int length = snprintf(name.sun_path + 1,
                                sizeof name.sun_path - 1,
                                "twin %d %u %u",
                                (int)getpid(),
                                (unsigned)twin.sequence,
                                (unsigned)number);
    memset(storage, 0, sizeof *storage);
    memcpy(storage, &name, sizeof name);
    return (uint32_t)(sizeof name.sun_family + 1) + (uint32_t)length;
}

/* What a name is compared by: ephemeral ports and given names differ. */
static inline void
show(char *text, size_t size, const struct sockaddr_storage *name, uint32_t length) {
    struct sockaddr_storage copy = *name;
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&copy;
    const bool internet = copy.ss_family == AF_INET || copy.ss_family == AF_INET6;
    if (internet && ntohs(in->sin_port) >= BINDING_PORT_FIRST) {
        in->sin_port = htons(EPHEMERAL);
    }
    if (copy.ss_family == AF_UNIX && length == sizeof(sa_family_t) + 6) {
        memset((char *)&copy + sizeof(sa_family_t), 0, 6);
    }
    int used = snprintf(text, size, "%u:", length);
    const unsigned char *bytes = (const unsigned char *)&copy;
    for (uint32_t i = 0; i < length && i < sizeof copy; i++) {
        used += snprintf(text + used, size - (size_t)used, "%02x", bytes[i]);
    }
}

static inline void compare_names(const struct place *place, const char *what) {
    char real[600];
    char model[600];
    show(real, sizeof real, &place->real, place->real_size);
    show(model, sizeof model, &place->model, place->model_size);
    if (strcmp(real, model) != 0) {
        differ("%s: real %s, model %s", what, real, model);
    }
}

static inline struct socket *model_of(const struct slot *slot) {
    return socket_at(&net.endpoints.sockets, slot->model);
}

/* A stream that is or was connected: its port may serve the same two addresses already. */
static inline bool is_used(const struct slot *slot) {
    const struct socket *socket = model_of(slot);
    return twin.stream && (socket->flags & (SOCKET_ATTEMPTED | SOCKET_JOINED)) != 0;
}

/* Connections of earlier sequences may still hold the port on the kernel's side. */
static inline bool is_ephemeral(const struct slot *slot) {
    return twin.stream && slot->domain != AF_UNIX &&
           model_of(slot)->local.port >= BINDING_PORT_FIRST;
}

static inline void name_of_slot(struct place *place, const struct slot *slot) {
    struct sockaddr *into = (struct sockaddr *)&place->real;
    memset(place, 0, sizeof *place);
    place->real_size = place->model_size = sizeof place->real;
    ck_assert_int_eq(getsockname(slot->real, into, &place->real_size), 0);
    binding_name(&net.endpoints.bindings, slot->model, &place->model, &place->model_size);
    note("(slot %u)", (unsigned)(slot - twin.slots));
}

/* Where to bind or connect to, for a socket of this domain; `self` is no candidate. */
static inline void
choose_place(struct place *place, uint16_t domain, const struct slot *self, bool binds) {
    const uint64_t dice = below(40);
    const struct slot *other = &twin.slots[below(SLOTS)];
    memset(place, 0, sizeof *place);
    if (dice < 12 && other != self && other->real >= 0 && other->domain == domain &&
        !is_used(other) && !(binds && is_ephemeral(other))) {
        name_of_slot(place, other);
        return;
    }
    const uint64_t number = below(PORTS);
    const bool any = below(4) == 0;
    const bool mapped = below(4) == 0;
    const uint16_t port = dice == 39 ? 0 : port_of(number);
    if (dice == 38) {
        domain = domain == AF_INET ? AF_INET6 : AF_INET;
    }
    place->real_size = domain == AF_UNIX ? place_unix(&place->real, number)
                                         : place_internet(&place->real, domain, any, mapped, port);
    if (dice == 37) {
        place->real_size = (uint32_t)below(place->real_size);
    } else if (dice == 36) {
        place->real.ss_family = AF_UNSPEC;
    }
    place->model = place->real;
    place->model_size = place->real_size;
    note("(family %u, port %u%s%s, size %u)",
         place->real.ss_family,
         domain == AF_UNIX ? (unsigned)number : port,
         any ? ", any" : "",
         mapped ? ", mapped" : "",
         place->real_size);
}

/* ---- what is seen of every socket ---- */

static inline bool seems_equal(const struct slot *slot, uint32_t seen[4]) {
    struct pollfd real = {.fd = slot->real, .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};
    int there = 0;
    poll(&real, 1, 0);
    const bool counts = ioctl(slot->real, FIONREAD, &there) == 0;
    seen[0] = (uint16_t)real.revents;
    seen[1] = endpoint_events(&net.endpoints, slot->model) &
              (uint32_t)(POLLIN | POLLOUT | POLLRDHUP | POLLPRI | POLLHUP | POLLERR);
    seen[2] = counts ? (uint32_t)there : (uint32_t)-errno;
    seen[3] = (uint32_t)endpoint_readable(&net.endpoints, slot->model);
    return seen[0] == seen[1] && seen[2] == seen[3];
}

/* The kernel may still have work to do; the model has none. */
static inline void compare_all(void) {
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct timespec moment = {.tv_nsec = 100000};
        uint32_t seen[4] = {0};
        for (unsigned tries = 0; twin.slots[i].real >= 0 && !seems_equal(&twin.slots[i], seen) &&
                                 tries < PATIENCE_TRIES;
             tries++) {
            nanosleep(&moment, NULL);
        }
        if (seen[0] != seen[1] || seen[2] != seen[3]) {
            differ("slot %u: real %#x and %u bytes, model %#x and %u",
                   i,
                   seen[0],
                   seen[2],
                   seen[1],
                   seen[3]);
        }
    }
}

#endif
