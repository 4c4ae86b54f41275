#include "sim/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sim/panic.h"

#define BACKLOG_MAX 4096 /* net.core.somaxconn */

/* 0, or why nothing goes from here to there. */
static int choose_addresses(struct segments *segments, struct socket *socket) {
    const struct description *description = segments->sockets->network->description;
    address_resolve_any(&socket->remote, &socket->local);
    const bool v4 = address_is_v4(&socket->remote);
    const uint16_t port = socket->local.port;
    if (address_is_v4(&socket->local) && !v4) {
        return -EAFNOSUPPORT;
    }
    if (address_is_any(&socket->local)) {
        socket->local = address_is_loopback(&socket->remote)
                            ? socket->remote
                            : address_of_node(description, socket->node, !v4, 0);
        socket->local.port = port;
        socket->local.family = socket->domain;
    }
    return 0;
}

/* The socket is as before its connect, but for a port or address that the program chose. */
static void disconnect(struct segments *segments, uint32_t index, int error) {
    struct socket *socket = socket_at(segments->sockets, index);
    if (socket->state != SOCKET_CLOSED) {
        segment_kill(segments, index, error);
    }
    bytes_pull(&segments->sockets->bytes, &socket->in, NULL, socket->readable);
    socket->readable = 0;
    socket->shut = 0;
    socket->flags &=
        ~(uint32_t)(SOCKET_ATTEMPTED | SOCKET_JOINED | SOCKET_ENDED | SOCKET_FINISHED |
                    SOCKET_STARVED | SOCKET_SPENT | SOCKET_END_SENT | SOCKET_ENDS_FIRST);
    socket->remote = (struct address){.family = socket->domain};
    if ((socket->flags & SOCKET_ADDRESS_FIXED) == 0) {
        const uint16_t port = socket->local.port;
        socket->local = address_v4(socket->domain, 0, port);
    }
}

/* Gives up the other end of a connection that is over here: what comes from there is answered as a
 * closed socket does, and nothing of it arrives. 0 or -ENOBUFS. */
static int64_t part(struct segments *segments, uint32_t index, bool resets) {
    struct socket *socket = socket_at(segments->sockets, index);
    ASSERT(socket->state == SOCKET_CLOSED);
    if (socket->peer == index) {
        socket->peer = 0;
    } else if (socket->peer != 0) {
        const uint32_t stand_in = socket_part(segments->sockets, index);
        if (stand_in == 0) {
            return -ENOBUFS;
        }
        if (resets) {
            segment_send(segments, stand_in, 0, SEGMENT_RESET, NULL);
        }
        socket_release(segments->sockets, stand_in);
    }
    segment_forget(segments, index);
    return 0;
}

/* connect() to AF_UNSPEC: tcp_disconnect(). */
static int64_t connect_nobody(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    const uint32_t ends = socket->flags & (SOCKET_ENDED | SOCKET_END_SENT);
    const bool opening = socket->state == SOCKET_CONNECTING;
    const bool open = socket->state == SOCKET_CONNECTED && ends != (SOCKET_ENDED | SOCKET_END_SENT);
    if (socket->state == SOCKET_LISTENING) {
        connection_refuse_all(segments, index);
    }
    disconnect(segments, index, opening || open ? ECONNRESET : socket->error);
    return part(segments, index, opening || open);
}

/* The first call that sees the result of a connect tells it. */
static int64_t connect_result(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    if (socket->state == SOCKET_CONNECTED) {
        socket->flags = (socket->flags & ~(uint32_t)SOCKET_ATTEMPTED) | SOCKET_JOINED;
        return 0;
    }
    const int error = socket_error_take(socket);
    disconnect(segments, index, 0);
    return error != 0 ? error : -ECONNABORTED;
}

static int64_t
connect_wait(struct segments *segments, uint32_t index, const struct socket_call *call) {
    struct socket *socket = socket_at(segments->sockets, index);
    const uint64_t deadline = socket_deadline(segments->sockets, socket->send_timeout_ns);
    while (socket->state == SOCKET_CONNECTING) {
        const int ended = socket_wait(segments->sockets,
                                      &socket->writers,
                                      deadline,
                                      POINT_CONNECT,
                                      index,
                                      call->site);
        if (ended != 0 && socket->state == SOCKET_CONNECTING) {
            return ended == -EAGAIN ? -EINPROGRESS : ended;
        }
    }
    return connect_result(segments, index);
}

static int64_t connect_internet(struct segments *segments,
                                uint32_t index,
                                const void *sockaddr,
                                uint32_t size,
                                const struct socket_call *call) {
    struct socket *socket = socket_at(segments->sockets, index);
    uint16_t family;
    if (size < sizeof family) {
        return -EINVAL;
    }
    memcpy(&family, sockaddr, sizeof family);
    if (family == AF_UNSPEC) {
        return connect_nobody(segments, index);
    }
    if ((socket->flags & SOCKET_SPENT) != 0) {
        return -EINVAL;
    }
    if ((socket->flags & SOCKET_JOINED) != 0) {
        return -EISCONN;
    }
    if ((socket->flags & SOCKET_ATTEMPTED) != 0) {
        if (socket->state == SOCKET_CONNECTING && !socket_waits(call)) {
            return -EALREADY;
        }
        return connect_wait(segments, index, call);
    }
    if (socket->state != SOCKET_CLOSED) {
        return -EISCONN;
    }
    struct address remote;
    const int refusal = address_read(&remote, socket->domain, sockaddr, size);
    if (refusal != 0) {
        return refusal;
    }
    const bool mapped = socket->domain == AF_INET6 && address_is_v4(&remote);
    if (address_is_multicast(&remote) || address_is_broadcast(&remote) ||
        (mapped && (socket->flags & SOCKET_V6_ONLY) != 0)) {
        return -ENETUNREACH;
    }
    const int64_t refused = part(segments, index, false);
    if (refused != 0) {
        return refused;
    }
    socket->remote = remote;
    const int unreachable = choose_addresses(segments, socket);
    if (unreachable != 0 || binding_claim_any(segments->bindings, index) != 0) {
        socket->remote = (struct address){.family = socket->domain};
        return unreachable != 0 ? unreachable : -EADDRNOTAVAIL;
    }
    socket->error = 0;
    socket->state = SOCKET_CONNECTING;
    socket->flags |= SOCKET_ATTEMPTED;
    segment_connect(segments, index, call->site);
    return socket_waits(call) ? connect_wait(segments, index, call) : -EINPROGRESS;
}

static int64_t connect_unix(struct segments *segments,
                            uint32_t index,
                            const void *sockaddr,
                            uint32_t size,
                            const struct socket_call *call) {
    struct sockets *sockets = segments->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint64_t deadline = socket_deadline(sockets, socket->send_timeout_ns);
    for (;;) {
        uint32_t listener;
        const int refusal =
            binding_find_name(segments->bindings, socket->node, sockaddr, size, &listener);
        if (refusal != 0) {
            return refusal;
        }
        struct socket *host = socket_at(sockets, listener);
        if (host->type != socket->type) {
            return -EPROTOTYPE;
        }
        if (host->state != SOCKET_LISTENING || (host->shut & SOCKET_SHUT_READ) != 0) {
            return -ECONNREFUSED;
        }
        if (host->waiting <= host->backlog) {
            if (socket->state != SOCKET_CLOSED || socket->peer != 0) {
                return socket->state == SOCKET_LISTENING ? -EINVAL : -EISCONN;
            }
            const uint32_t child = socket_spawn(sockets, listener, &socket->decider);
            if (child == 0) {
                return -ENOMEM;
            }
            struct socket *answer = socket_at(sockets, child);
            memcpy(answer->name, host->name, host->name_size);
            answer->name_size = host->name_size;
            answer->flags |= SOCKET_GONE; /* until it is accepted */
            answer->entries = 1;
            connection_pair(segments, index, child);
            host->waiting++;
            segment_enqueue(segments, listener, child);
            return 0;
        }
        if (!socket_waits(call)) {
            return -EAGAIN;
        }
        const int ended =
            socket_wait(sockets, &host->writers, deadline, POINT_CONNECT, index, call->site);
        if (ended != 0) {
            return ended;
        }
    }
}

int64_t connection_connect(struct segments *segments,
                           uint32_t index,
                           const void *sockaddr,
                           uint32_t size,
                           const struct socket_call *call) {
    const bool local = socket_at(segments->sockets, index)->domain == AF_UNIX;
    return local ? connect_unix(segments, index, sockaddr, size, call)
                 : connect_internet(segments, index, sockaddr, size, call);
}

void connection_pair(struct segments *segments, uint32_t a, uint32_t b) {
    struct socket *first = socket_at(segments->sockets, a);
    struct socket *second = socket_at(segments->sockets, b);
    ASSERT(first->peer == 0 && second->peer == 0);
    first->peer = b;
    second->peer = a;
    first->state = second->state = SOCKET_CONNECTED;
}

/* ---- listen and accept ---- */

int64_t connection_listen(struct segments *segments, uint32_t index, int backlog) {
    struct socket *socket = socket_at(segments->sockets, index);
    const bool bound = (socket->flags & SOCKET_BOUND) != 0;
    const bool used = (socket->flags & (SOCKET_ATTEMPTED | SOCKET_JOINED | SOCKET_SPENT)) != 0;
    if (socket->state != SOCKET_CLOSED && socket->state != SOCKET_LISTENING) {
        return -EINVAL;
    }
    const bool local = socket->domain == AF_UNIX;
    if (used || (local && (socket->peer != 0 || socket->name_size == 0))) {
        return -EINVAL;
    }
    if (!local && socket->state == SOCKET_CLOSED && part(segments, index, false) != 0) {
        return -ENOBUFS;
    }
    if (socket->state == SOCKET_CLOSED) {
        if (socket->domain != AF_UNIX && !bound &&
            binding_claim_any(segments->bindings, index) != 0) {
            return -EADDRINUSE;
        }
        if (socket->domain != AF_UNIX && binding_listened(segments->bindings, index)) {
            return -EADDRINUSE;
        }
        socket->state = SOCKET_LISTENING;
        socket->shut = socket->domain == AF_UNIX ? socket->shut : 0;
    }
    socket->backlog =
        backlog < 0 || backlog > BACKLOG_MAX ? (uint32_t)BACKLOG_MAX : (uint32_t)backlog;
    return 0;
}

int64_t
connection_accept(struct segments *segments, uint32_t index, const struct socket_call *call) {
    struct sockets *sockets = segments->sockets;
    struct socket *host = socket_at(sockets, index);
    const uint64_t deadline = socket_deadline(sockets, host->receive_timeout_ns);
    while (host->accept_first == 0) {
        if (host->state != SOCKET_LISTENING) {
            return -EINVAL;
        }
        if (!socket_waits(call)) {
            return -EAGAIN;
        }
        if ((host->shut & SOCKET_SHUT_READ) != 0) {
            return -EINVAL;
        }
        const int ended =
            socket_wait(sockets, &host->readers, deadline, POINT_ACCEPT, index, call->site);
        if (ended != 0 && host->accept_first == 0) {
            return ended;
        }
    }
    const uint32_t child = host->accept_first;
    struct socket *socket = socket_at(sockets, child);
    host->accept_first = socket->accept_next;
    if (host->accept_first == 0) {
        host->accept_last = 0;
    }
    host->waiting--;
    schedule_wake(sockets->schedule, &host->writers, 1);
    socket->object = schedule_object(sockets->schedule);
    socket->flags = (socket->flags & ~(uint32_t)SOCKET_GONE) | SOCKET_JOINED;
    socket->entries--;
    schedule_progress(sockets->schedule);
    return child;
}

void connection_abandon(struct segments *segments, uint32_t index, int error) {
    disconnect(segments, index, error);
}

void connection_refuse_all(struct segments *segments, uint32_t listener) {
    struct sockets *sockets = segments->sockets;
    struct socket *host = socket_at(sockets, listener);
    while (host->accept_first != 0) {
        const uint32_t index = host->accept_first;
        struct socket *socket = socket_at(sockets, index);
        host->accept_first = socket->accept_next;
        host->waiting--;
        if (socket->domain == AF_UNIX) {
            struct socket *peer = socket_at(sockets, socket->peer);
            socket_rights_drop(sockets, index);
            peer->shut = SOCKET_SHUT_BOTH;
            peer->error = ECONNRESET;
            socket_notify(sockets, socket->peer, EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLERR);
        } else if (socket->state == SOCKET_CONNECTED) {
            segment_send(segments, index, 0, SEGMENT_RESET, NULL);
        }
        lease_end(&segments->bindings->leases, index);
        socket->state = SOCKET_CLOSED;
        socket->shut = SOCKET_SHUT_BOTH;
        socket->entries--;
        socket_release(sockets, index);
    }
    host->accept_last = 0;
    schedule_wake(sockets->schedule, &host->writers, UINT32_MAX);
}
