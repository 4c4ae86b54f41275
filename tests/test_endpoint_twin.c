/* The same random sequence of calls on a simulated node and on the real kernel's loopback: results,
 * errno, names, bytes and readiness must be equal after every call.
 *
 *   kind    several sockets of TCP, UDP or AF_UNIX, with a few names that they share
 *   step    one call on one socket, with arguments that are mostly sensible
 *   compare the result, then what poll() and FIONREAD say of every socket
 *
 * What the model leaves out is not tried: full buffers (where the kernel counts what it allocates);
 * listening after a shutdown; what only passing time shows. Nor is where the kernel itself is at a
 * loss (an IPv6 socket that changes between IPv4 and IPv6) or differs from release to release. The
 * kernel's side has a network namespace of its own where the machine grants one.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/endpoint_twin.h"
#include "tests/suite.h"

#define SEQUENCES SUITE_SHARE(250) /* of each kind */
#define STEPS 80
#define SIZE_MAX_STEP 600
#define ATTEMPTS 3

/* ---- steps ---- */

static void step_open(struct slot *slot) {
    const bool six = twin.kind == TCP6 || twin.kind == UDP6 ||
                     ((twin.kind == TCP_BOTH || twin.kind == UDP_BOTH) && below(2) == 0);
    const bool local = twin.kind == UNIX_STREAM || twin.kind == UNIX_DATAGRAM;
    const int type = twin.stream ? SOCK_STREAM : SOCK_DGRAM;
    const uint16_t protocol = local ? 0 : twin.stream ? IPPROTO_TCP : IPPROTO_UDP;
    slot->domain = local ? AF_UNIX : six ? AF_INET6 : AF_INET;
    slot->mapped = slot->listened = false;
    note("open %u", slot->domain);
    slot->real = socket(slot->domain, type | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(slot->real, 0);
    const int64_t model = endpoint_create(&net.endpoints, slot->domain, (uint16_t)type, protocol);
    ck_assert_int_gt(model, 0);
    slot->model = (uint32_t)model;
    if (twin.stream && !local) { /* what Nagle holds back would come later than in the model */
        const int on = 1;
        setsockopt(slot->real, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        option_set(&net.endpoints.sockets, slot->model, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
}

static void step_bind(struct slot *slot) {
    struct place place;
    note("bind");
    choose_place(&place, slot->domain, slot, true);
    const int64_t real =
        result_of(bind(slot->real, (const struct sockaddr *)&place.real, place.real_size));
    const int64_t model =
        endpoint_bind(&net.endpoints, slot->model, &place.model, place.model_size);
    agree(real, model, "bind");
}

/* A socket that connects to its own port meets itself. */
static bool is_self(const struct slot *slot, const struct place *place) {
    struct sockaddr_in own;
    struct sockaddr_in other;
    socklen_t size = sizeof own;
    memcpy(&other, &place->real, sizeof other);
    return slot->domain != AF_UNIX && other.sin_port != 0 &&
           getsockname(slot->real, (struct sockaddr *)&own, &size) == 0 &&
           own.sin_port == other.sin_port;
}

/* Where the kernel itself is at a loss: an IPv6 socket that has spoken IPv4 changes to IPv6 or the
 * other way round. */
static bool is_quirk(struct slot *slot, const struct place *place) {
    const struct socket *socket = socket_at(&net.endpoints.sockets, slot->model);
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)&place->real;
    const bool used = slot->domain != AF_UNIX && slot->listened; /* the same addresses again */
    if (twin.stream && (used || (is_self(slot, place) && socket->shut != 0))) {
        return true; /* … or it ends as soon as it begins */
    }
    if (slot->domain != AF_INET6) {
        return false;
    }
    if (place->real.ss_family == AF_UNSPEC) {
        return slot->mapped;
    }
    const bool mapped = place->real.ss_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
    const bool six = !address_is_v4(&socket->local) && !address_is_any(&socket->local);
    const bool quirk = mapped ? six : twin.stream && slot->mapped;
    slot->mapped = slot->mapped || mapped;
    return quirk;
}

static void connect_to(struct slot *slot, const struct place *place) {
    if (is_quirk(slot, place)) {
        return;
    }
    const int64_t real =
        result_of(connect(slot->real, (const struct sockaddr *)&place->real, place->real_size));
    const int64_t model =
        endpoint_connect(&net.endpoints, slot->model, &place->model, place->model_size, &quick);
    agree(real, model, "connect");
}

static void step_connect(struct slot *slot) {
    struct place place;
    note("connect");
    choose_place(&place, slot->domain, slot, false);
    connect_to(slot, &place);
}

static void step_listen(struct slot *slot) {
    const bool local = slot->domain == AF_UNIX;
    if (!local && (slot->mapped || model_of(slot)->shut != 0)) {
        return; /* the kernel's children are born shut */
    }
    const int backlog = local ? (int)below(3) - 1 : 5; /* what TCP drops comes again after 1 s */
    slot->listened = true;
    note("listen %d", backlog);
    agree(result_of(listen(slot->real, backlog)),
          endpoint_listen(&net.endpoints, slot->model, backlog),
          "listen");
}

static struct slot *free_slot(void) {
    for (unsigned i = 0; i < SLOTS; i++) {
        if (twin.slots[i].real < 0) {
            return &twin.slots[i];
        }
    }
    return NULL;
}

static void step_accept(struct slot *slot) {
    struct slot *into = free_slot();
    if (into == NULL) {
        return;
    }
    note("accept");
    const int64_t real = result_of(accept4(slot->real, NULL, NULL, SOCK_NONBLOCK));
    const int64_t model = endpoint_accept(&net.endpoints, slot->model, &quick);
    agree(real > 0 ? 1 : real, model > 0 ? 1 : model, "accept");
    if (real > 0) {
        *into = (struct slot){(int)real, (uint32_t)model, slot->domain, false, false};
        note("=slot %u", (unsigned)(into - twin.slots));
        twin.accepted++;
    }
}

static uint32_t random_size(void) {
    return below(8) == 0 ? 0 : (uint32_t)below(SIZE_MAX_STEP);
}

static void step_send(struct slot *slot) {
    char bytes[SIZE_MAX_STEP];
    const uint32_t size = random_size();
    const struct iovec part = {bytes, size};
    const struct socket_call call = {.flags = MSG_NOSIGNAL, .nonblocking = true};
    struct place place;
    const bool named = below(twin.stream ? 8 : 2) == 0;
    const bool tells = model_of(slot)->error != 0 && (named || model_of(slot)->target == 0);
    if (twin.kind == UNIX_DATAGRAM && (tells || (model_of(slot)->shut & SOCKET_SHUT_WRITE) != 0)) {
        return; /* which of two errors comes first depends on the kernel's age */
    }
    note("send %u", size);
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (char)random_next(&twin.random);
    }
    if (named) {
        choose_place(&place, slot->domain, NULL, false);
        if (!twin.stream && is_quirk(slot, &place)) {
            return;
        }
    }
    const struct datagram_message message = {.parts = &part,
                                             .part_count = 1,
                                             .name = named ? &place.model : NULL,
                                             .name_size = named ? place.model_size : 0};
    const int64_t real = result_of(sendto(slot->real,
                                          bytes,
                                          size,
                                          MSG_NOSIGNAL,
                                          named ? (const struct sockaddr *)&place.real : NULL,
                                          named ? place.real_size : 0));
    agree(real, endpoint_send(&net.endpoints, slot->model, &message, &call), "send");
}

static void step_receive(struct slot *slot) {
    static const uint32_t flag_sets[] = {0, 0, 0, MSG_PEEK, MSG_WAITALL, MSG_TRUNC};
    char real_bytes[SIZE_MAX_STEP];
    char model_bytes[SIZE_MAX_STEP];
    const uint32_t size = random_size();
    const uint32_t flags = flag_sets[below(sizeof flag_sets / sizeof flag_sets[0])];
    const struct iovec part = {model_bytes, size};
    const struct socket_call call = {.flags = flags, .nonblocking = true};
    struct place place = {.real_size = sizeof place.real, .model_size = sizeof place.model};
    struct datagram_message message = {.parts = &part,
                                       .part_count = 1,
                                       .name = &place.model,
                                       .name_size = sizeof place.model};
    struct iovec real_part = {real_bytes, size};
    struct msghdr header = {.msg_name = &place.real,
                            .msg_namelen = sizeof place.real,
                            .msg_iov = &real_part,
                            .msg_iovlen = 1};
    memset(real_bytes, 0, sizeof real_bytes);
    memset(model_bytes, 0, sizeof model_bytes);
    note("receive %u flags %#x", size, flags);
    const int64_t real = result_of(recvmsg(slot->real, &header, (int)flags));
    const int64_t model = endpoint_receive(&net.endpoints, slot->model, &message, &call);
    agree(real, model, "receive");
    agree(memcmp(real_bytes, model_bytes, size), 0, "bytes");
    if (real >= 0) {
        twin.received += real > 0 ? 1 : 0;
        place.real_size = header.msg_namelen;
        place.model_size = message.name_size;
        compare_names(&place, "sender");
        agree((header.msg_flags & MSG_TRUNC) != 0, message.truncated, "truncated");
    }
}

static void step_shutdown(struct slot *slot) {
    const int how = (int)below(16) == 0 ? 3 : (int)below(3);
    note("shutdown %d", how);
    agree(result_of(shutdown(slot->real, how)),
          endpoint_shutdown(&net.endpoints, slot->model, how, NULL),
          "shutdown");
}

static void step_close(struct slot *slot) {
    note("close");
    close(slot->real);
    endpoint_close(&net.endpoints, slot->model);
    slot->real = -1;
}

static void step_names(struct slot *slot) {
    for (unsigned peer = 0; peer < 2; peer++) {
        struct place place = {.real_size = sizeof place.real, .model_size = sizeof place.model};
        struct sockaddr *into = (struct sockaddr *)&place.real;
        const int64_t real = result_of(peer ? getpeername(slot->real, into, &place.real_size)
                                            : getsockname(slot->real, into, &place.real_size));
        const int64_t model = (peer ? binding_peer_name : binding_name)(&net.endpoints.bindings,
                                                                        slot->model,
                                                                        &place.model,
                                                                        &place.model_size);
        note(peer ? "peer's name" : "name,");
        agree(real, model, peer ? "getpeername" : "getsockname");
        if (real == 0) {
            compare_names(&place, peer ? "getpeername" : "getsockname");
        }
    }
}

static const struct {
    int level, name;
} options[] = {
    {SOL_SOCKET, SO_ERROR},
    {SOL_SOCKET, SO_ERROR},
    {SOL_SOCKET, SO_ACCEPTCONN},
    {SOL_SOCKET, SO_TYPE},
    {SOL_SOCKET, SO_REUSEADDR},
    {SOL_SOCKET, SO_REUSEPORT},
    {SOL_SOCKET, SO_BROADCAST},
    {SOL_SOCKET, SO_DOMAIN},
    {SOL_SOCKET, SO_PROTOCOL},
    {SOL_SOCKET, SO_KEEPALIVE},
    {IPPROTO_IPV6, IPV6_V6ONLY},
    {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, TCP_INFO}, /* the state, and three counters that stand at zero */
    {SOL_SOCKET, SO_SNDLOWAT},
    {SOL_SOCKET, SO_COOKIE}, /* needs more room */
    {SOL_SOCKET, SO_TIMESTAMP},
    {IPPROTO_IP, IP_RECVERR},
};
#define OPTION_COUNT (sizeof options / sizeof options[0])

static void step_get(struct slot *slot) {
    const unsigned i = (unsigned)below(OPTION_COUNT);
    int real_value = 0;
    int model_value = 0;
    uint32_t real_size = sizeof real_value;
    uint32_t model_size = sizeof model_value;
    note("get option %d of %d", options[i].name, options[i].level);
    const int64_t real = result_of(
        getsockopt(slot->real, options[i].level, options[i].name, &real_value, &real_size));
    const int64_t model = option_get(&net.endpoints.sockets,
                                     slot->model,
                                     options[i].level,
                                     options[i].name,
                                     &model_value,
                                     &model_size);
    agree(real, model, "getsockopt");
    for (unsigned tries = 0;
         options[i].name == TCP_INFO && real_value != model_value && tries < PATIENCE_TRIES;
         tries++) { /* the last word is on its way */
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
        getsockopt(slot->real, options[i].level, TCP_INFO, &real_value, &real_size);
    }
    agree(real_value, model_value, "option");
}

static void step_set(struct slot *slot) {
    static const struct {
        int level, name;
    } settable[] = {{SOL_SOCKET, SO_REUSEADDR},
                    {SOL_SOCKET, SO_REUSEADDR},
                    {SOL_SOCKET, SO_REUSEPORT},
                    {SOL_SOCKET, SO_KEEPALIVE},
                    {IPPROTO_IPV6, IPV6_V6ONLY},
                    {SOL_SOCKET, SO_LINGER},
                    {SOL_SOCKET, SO_ERROR}};
    const unsigned i = (unsigned)below(sizeof settable / sizeof settable[0]);
    const struct linger linger = {.l_onoff = 1};
    const int value = below(4) != 0;
    const bool lingers = settable[i].name == SO_LINGER;
    const void *bytes = lingers ? (const void *)&linger : &value;
    const uint32_t size = below(16) == 0 ? 2 : lingers ? sizeof linger : sizeof value;
    if (settable[i].name == SO_REUSEPORT && slot->domain == AF_UNIX) {
        return; /* refused since Linux 6.12 */
    }
    note("set option %d of %d to %d, size %u", settable[i].name, settable[i].level, value, size);
    agree(result_of(setsockopt(slot->real, settable[i].level, settable[i].name, bytes, size)),
          option_set(&net.endpoints.sockets,
                     slot->model,
                     settable[i].level,
                     settable[i].name,
                     bytes,
                     size),
          "setsockopt");
}

static const struct {
    void (*step)(struct slot *slot);
    unsigned weight;
} steps[] = {
    {step_bind, 8},
    {step_connect, 12},
    {step_listen, 6},
    {step_accept, 8},
    {step_send, 14},
    {step_receive, 14},
    {step_shutdown, 3},
    {step_close, 3},
    {step_names, 3},
    {step_get, 4},
    {step_set, 3},
};

/* ---- which step ---- */

static struct slot *in_state(enum socket_state state) {
    const unsigned first = (unsigned)below(SLOTS);
    for (unsigned i = 0; i < SLOTS; i++) {
        struct slot *slot = &twin.slots[(first + i) % SLOTS];
        if (slot->real >= 0 && model_of(slot)->state == state &&
            (state != SOCKET_CLOSED || !is_used(slot))) {
            return slot;
        }
    }
    return NULL;
}

/* What brings streams together, and what they are for: chance alone seldom does it. False: nothing
 * of the kind can be done. */
static bool step_on(void) {
    struct slot *listener = in_state(SOCKET_LISTENING);
    struct slot *fresh = in_state(SOCKET_CLOSED);
    struct slot *connected = in_state(SOCKET_CONNECTED);
    if (connected != NULL && below(2) == 0) {
        note("\n  %u: ", (unsigned)(connected - twin.slots));
        (below(2) == 0 ? step_send : step_receive)(connected);
        return true;
    }
    if (listener != NULL && model_of(listener)->accept_first != 0 && free_slot() != NULL) {
        note("\n  %u: ", (unsigned)(listener - twin.slots));
        step_accept(listener);
        return true;
    }
    if (fresh == NULL || (listener == NULL && below(2) == 0)) {
        return false;
    }
    note("\n  %u: ", (unsigned)(fresh - twin.slots));
    if (listener == NULL) {
        const bool bound = (model_of(fresh)->flags & SOCKET_BOUND) != 0;
        (bound ? step_listen : step_bind)(fresh);
    } else {
        struct place place;
        note("meet ");
        name_of_slot(&place, listener);
        connect_to(fresh, &place);
    }
    return true;
}

static void step(void) {
    struct slot *slot = &twin.slots[below(SLOTS)];
    if (twin.stream && below(2) == 0 && step_on()) {
        sleep_ns(1000000);
        compare_all();
        return;
    }
    note("\n  %u: ", (unsigned)(slot - twin.slots));
    if (slot->real < 0) {
        step_open(slot);
    } else {
        unsigned total = 0;
        for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            total += steps[i].weight;
        }
        unsigned dice = (unsigned)below(total);
        unsigned i = 0;
        while (dice >= steps[i].weight) {
            dice -= steps[i++].weight;
        }
        steps[i].step(slot);
    }
    sleep_ns(1000000);
    compare_all();
}

/* One try of a sequence; false: twin.difference says where the two parted. */
static bool attempt(uint64_t number) {
    twin.logged = 0;
    random_init(&twin.random, number * KIND_COUNT + twin.kind);
    network_fixture_begin(CHOICES_ZERO, number);
    for (unsigned i = 0; i < SLOTS; i++) {
        twin.slots[i].real = -1;
    }
    if (setjmp(twin.differs) != 0) {
        for (unsigned i = 0; i < SLOTS; i++) {
            close(twin.slots[i].real);
        }
        return false;
    }
    for (unsigned i = 0; i < STEPS; i++) {
        step();
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        if (twin.slots[i].real >= 0) {
            step_close(&twin.slots[i]);
        }
    }
    settle();
    ck_assert_uint_eq(net.endpoints.sockets.table.live, 0);
    ck_assert_uint_eq(net.endpoints.sockets.bytes.chunks.live, 0);
    return true;
}

/* The kernel delivers when it finds the time, which on a busy machine is later than the sequence
 * waits for: only what differs at each attempt is a difference. */
static void sequence(enum kind kind, uint64_t number) {
    twin.kind = kind;
    twin.stream = kind <= TCP_BOTH || kind == UNIX_STREAM;
    twin.sequence = number;
    for (twin.attempt = 0; twin.attempt < ATTEMPTS; twin.attempt++) {
        if (attempt(number)) {
            return;
        }
        namespace_enter(); /* without the connections that the kernel remembers for a while */
    }
    ck_abort_msg("%s; kind %d, sequence %llu:%s",
                 twin.difference,
                 (int)kind,
                 (unsigned long long)number,
                 twin.log);
}

START_TEST(sockets_behave_as_the_kernel_s) {
    if (!kind_possible((enum kind)_i)) {
        return;
    }
    namespace_enter();
    network_fixture_open(1);
    for (uint64_t number = 0; number < SEQUENCES; number++) {
        sequence((enum kind)_i, number);
    }
    ck_assert_uint_gt(twin.received, SEQUENCES / 10);
    ck_assert(!twin.stream || twin.accepted > SEQUENCES / 10);
}
END_TEST

SUITE(endpoint_twin) {
    SUITE_LOOP(sockets_behave_as_the_kernel_s, 0, KIND_COUNT);
}
