#include "sim/datagram_unix.h"

#include <errno.h>
#include <sys/epoll.h>

#include "sim/panic.h"

static void target_set(struct packets *packets, uint32_t index, uint32_t target) {
    struct socket *socket = socket_at(packets->sockets, index);
    const uint32_t before = socket->target;
    if (target != 0) {
        socket_at(packets->sockets, target)->entries++;
    }
    socket->target = target;
    if (before != 0) {
        socket_at(packets->sockets, before)->entries--;
        socket_release(packets->sockets, before);
    }
}

/* An AF_UNIX socket changes its peer. What waits in it is lost, and a peer that had it for its own
 * is told so. */
static void peer_change(struct packets *packets, uint32_t index, uint32_t target) {
    struct sockets *sockets = packets->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint32_t before = socket->target;
    if (before != 0 && before != target && socket->packet_first != 0) {
        struct socket *other = socket_at(sockets, before);
        const bool full = socket->waiting > DATAGRAM_UNIX_MAX;
        while (socket->packet_first != 0) {
            packet_give(packets, packet_dequeue(packets, index));
        }
        datagram_unix_room(packets, index, full);
        if (before != index && (other->flags & SOCKET_GONE) == 0 && other->target == index) {
            other->error = ECONNRESET;
            socket_notify(sockets, before, EPOLLERR);
        }
    }
    target_set(packets, index, target);
}

void datagram_unix_room(struct packets *packets, uint32_t index, bool was_full) {
    struct sockets *sockets = packets->sockets;
    schedule_wake(sockets->schedule, &socket_at(sockets, index)->writers, UINT32_MAX);
    if (!was_full || socket_at(sockets, index)->domain != AF_UNIX) {
        return;
    }
    for (uint32_t i = 1; i <= sockets->table.count; i++) {
        const struct socket *sender = socket_at(sockets, i);
        if (sender->domain == AF_UNIX && sender->type == SOCK_DGRAM && sender->target == index &&
            (sender->flags & SOCKET_GONE) == 0) {
            socket_notify(sockets, i, EPOLLOUT);
        }
    }
}

void datagram_unix_leave(struct packets *packets, uint32_t index) {
    peer_change(packets, index, 0);
}

void datagram_unix_close(struct packets *packets, uint32_t index) {
    ASSERT(socket_at(packets->sockets, index)->packet_first == 0);
    target_set(packets, index, 0);
}

int64_t datagram_unix_connect(struct packets *packets,
                              uint32_t index,
                              const void *sockaddr,
                              uint32_t size) {
    const struct socket *socket = socket_at(packets->sockets, index);
    uint32_t target;
    const int refusal = binding_find_name(packets->bindings, socket->node, sockaddr, size, &target);
    if (refusal != 0) {
        return refusal;
    }
    const struct socket *other = socket_at(packets->sockets, target);
    if (other->type != socket->type) {
        return -EPROTOTYPE;
    }
    if (other->target != 0 && other->target != index) {
        return -EPERM;
    }
    peer_change(packets, index, target);
    return 0;
}

void datagram_unix_pair(struct packets *packets, uint32_t a, uint32_t b) {
    target_set(packets, a, b);
    target_set(packets, b, a);
}

/* Whom a datagram is for; 0 in *target: the one the socket is connected to. */
static int64_t find_target(const struct packets *packets,
                           const struct socket *socket,
                           const struct datagram_message *message,
                           uint32_t *target) {
    *target = socket->target;
    if (message->name == NULL || message->name_size == 0) {
        return *target != 0 ? 0 : -ENOTCONN;
    }
    const int refusal = binding_find_name(packets->bindings,
                                          socket->node,
                                          message->name,
                                          message->name_size,
                                          target);
    if (refusal != 0) {
        return refusal;
    }
    return socket_at(packets->sockets, *target)->type == socket->type ? 0 : -EPROTOTYPE;
}

static int64_t refusal_of(struct packets *packets, uint32_t index, uint32_t target) {
    const struct socket *other = socket_at(packets->sockets, target);
    if ((other->flags & SOCKET_GONE) != 0) {
        peer_change(packets, index, 0); /* told once */
        return -ECONNREFUSED;
    }
    if (other->target != 0 && other->target != index) {
        return -EPERM;
    }
    return (other->shut & SOCKET_SHUT_READ) != 0 ? -EPIPE : 0;
}

/* What the sender itself is told, before its peer is looked at. */
static int64_t own_refusal(struct socket *socket, uint64_t size) {
    if (size > socket->send_size) {
        return -EMSGSIZE;
    }
    if (socket->error != 0) {
        return socket_error_take(socket);
    }
    return (socket->shut & SOCKET_SHUT_WRITE) != 0 ? -EPIPE : 0;
}

int64_t datagram_unix_send(struct packets *packets,
                           uint32_t index,
                           const struct datagram_message *message,
                           const struct socket_call *call) {
    struct sockets *sockets = packets->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint64_t deadline = socket_deadline(sockets, socket->send_timeout_ns);
    const uint64_t size = packet_parts_size(message->parts, message->part_count);
    for (;;) {
        uint32_t target;
        int64_t refusal = find_target(packets, socket, message, &target);
        refusal = refusal == 0 ? own_refusal(socket, size) : refusal;
        refusal = refusal == 0 ? refusal_of(packets, index, target) : refusal;
        if (refusal != 0) {
            return refusal;
        }
        struct socket *other = socket_at(sockets, target);
        if (other->waiting <= DATAGRAM_UNIX_MAX || other->target == index) {
            const uint32_t packet = packet_take(packets, (uint32_t)size);
            packet_sender_set(packets, packet, index);
            packet_fill(packets, packet, message->parts, message->part_count);
            if (call->rights != NULL) {
                packet_at(packets, packet)->rights = *call->rights;
                *call->rights = 0;
            }
            packet_enqueue(packets, target, packet);
            return (int64_t)size;
        }
        if (!socket_waits(call)) {
            return -EAGAIN;
        }
        const int ended =
            socket_wait(sockets, &other->writers, deadline, POINT_SEND, index, call->site);
        if (ended != 0) {
            return ended;
        }
    }
}
