#include "sim/datagram.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

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

/* The address a datagram to `to` comes from. */
static struct address
source_of(const struct packets *packets, const struct socket *socket, const struct address *to) {
    struct address from = socket->local;
    if (address_is_any(&from)) {
        from = address_is_loopback(to) ? *to
                                       : address_of_node(packets->sockets->network->description,
                                                         socket->node,
                                                         !address_is_v4(to),
                                                         0);
        from.port = socket->local.port;
        from.family = socket->domain;
    }
    return from;
}

/* A datagram to the unspecified address goes to this node. */
static void resolve_any(struct address *to) {
    if (address_is_any(to)) {
        const bool v4 = address_is_v4(to);
        const struct address loopback = {.bytes = {[15] = 1},
                                         .port = to->port,
                                         .family = to->family};
        *to = v4 ? address_v4(to->family, 0x7f000001, to->port) : loopback;
    }
}

static int64_t
connect_udp(struct packets *packets, uint32_t index, const void *sockaddr, uint32_t size) {
    struct socket *socket = socket_at(packets->sockets, index);
    struct address remote;
    const int refusal = address_read(&remote, socket->domain, sockaddr, size);
    if (refusal != 0) {
        return refusal;
    }
    if (address_is_multicast(&remote)) {
        return -ENETUNREACH;
    }
    if (address_is_broadcast(&remote) && (socket->flags & SOCKET_BROADCAST) == 0) {
        return -EACCES;
    }
    const int bound = binding_claim_any(packets->bindings, index);
    if (bound != 0) {
        return -EAGAIN;
    }
    resolve_any(&remote);
    socket->local = source_of(packets, socket, &remote);
    socket->remote = remote;
    return 0;
}

static int64_t
connect_unix(struct packets *packets, uint32_t index, const void *sockaddr, uint32_t size) {
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
    target_set(packets, index, target);
    return 0;
}

int64_t
datagram_connect(struct packets *packets, uint32_t index, const void *sockaddr, uint32_t size) {
    struct socket *socket = socket_at(packets->sockets, index);
    uint16_t family = AF_UNSPEC;
    int64_t result = -EINVAL;
    if (size >= sizeof family) {
        memcpy(&family, sockaddr, sizeof family);
        if (family == AF_UNSPEC) {
            target_set(packets, index, 0);
            socket->remote = (struct address){.family = socket->domain};
            result = 0;
        } else {
            result = socket->domain == AF_UNIX ? connect_unix(packets, index, sockaddr, size)
                                               : connect_udp(packets, index, sockaddr, size);
        }
    }
    return result;
}

void datagram_pair(struct packets *packets, uint32_t a, uint32_t b) {
    target_set(packets, a, b);
    target_set(packets, b, a);
}

/* ---- send ---- */

static void fill(struct packets *packets, uint32_t packet, const struct datagram_message *message) {
    for (uint32_t i = 0; i < message->part_count; i++) {
        bytes_push(&packets->sockets->bytes,
                   &packet_at(packets, packet)->bytes,
                   message->parts[i].iov_base,
                   (uint32_t)message->parts[i].iov_len);
    }
}

static uint64_t total_of(const struct iovec *parts, uint32_t count) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += parts[i].iov_len;
    }
    return total;
}

static int64_t send_refusal(const struct socket *socket, const struct address *to, uint64_t size) {
    if (to->port == 0) {
        return -EINVAL;
    }
    if (size > DATAGRAM_SIZE_MAX) {
        return -EMSGSIZE;
    }
    if (address_is_broadcast(to) && (socket->flags & SOCKET_BROADCAST) == 0) {
        return -EACCES;
    }
    if (address_is_multicast(to) || (socket->domain == AF_INET6 && address_is_v4(to) &&
                                     (socket->flags & SOCKET_V6_ONLY) != 0)) {
        return -ENETUNREACH;
    }
    return (socket->shut & SOCKET_SHUT_WRITE) != 0 ? -EPIPE : 0;
}

static int64_t send_udp(struct packets *packets,
                        uint32_t index,
                        const struct datagram_message *message,
                        const struct socket_call *call) {
    struct socket *socket = socket_at(packets->sockets, index);
    const struct description *description = packets->sockets->network->description;
    struct address to = socket->remote;
    int64_t refusal = message->name == NULL && to.port == 0 ? -EDESTADDRREQ : 0;
    if (message->name != NULL) {
        refusal = address_read(&to, socket->domain, message->name, message->name_size);
    }
    const uint64_t size = total_of(message->parts, message->part_count);
    if (refusal == 0) {
        refusal = send_refusal(socket, &to, size);
    }
    if (refusal == 0 && socket->error != 0) {
        refusal = socket_error_take(socket);
    }
    if (refusal == 0 && binding_claim_any(packets->bindings, index) != 0) {
        refusal = -EAGAIN;
    }
    if (refusal != 0) {
        return refusal;
    }
    resolve_any(&to);
    const uint32_t packet = packet_take(packets, (uint32_t)size);
    struct packet *record = packet_at(packets, packet);
    record->from = source_of(packets, socket, &to);
    record->to = to;
    fill(packets, packet, message);
    if (address_is_broadcast(&to)) {
        packet_broadcast(packets, index, packet, call->site);
    } else {
        packet_send(packets,
                    index,
                    packet,
                    address_node(description, socket->node, &to),
                    call->site);
    }
    return (int64_t)size;
}

static int64_t send_unix_target(struct packets *packets,
                                uint32_t index,
                                const struct datagram_message *message,
                                uint32_t *target) {
    const struct socket *socket = socket_at(packets->sockets, index);
    *target = socket->target;
    if (message->name != NULL) {
        const int refusal = binding_find_name(packets->bindings,
                                              socket->node,
                                              message->name,
                                              message->name_size,
                                              target);
        if (refusal != 0) {
            return refusal;
        }
    }
    if (*target == 0) {
        return -ENOTCONN;
    }
    const struct socket *other = socket_at(packets->sockets, *target);
    if ((other->flags & SOCKET_GONE) != 0) {
        return -ECONNREFUSED;
    }
    if (other->type != socket->type) {
        return -EPROTOTYPE;
    }
    if (other->target != 0 && other->target != index) {
        return -EPERM;
    }
    return (other->shut & SOCKET_SHUT_READ) != 0 ? -EPIPE : 0;
}

static int64_t send_unix(struct packets *packets,
                         uint32_t index,
                         const struct datagram_message *message,
                         const struct socket_call *call) {
    struct sockets *sockets = packets->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint64_t deadline = socket_deadline(sockets, socket->send_timeout_ns);
    const uint64_t size = total_of(message->parts, message->part_count);
    for (;;) {
        uint32_t target;
        const int64_t refusal = send_unix_target(packets, index, message, &target);
        if (refusal != 0) {
            return refusal;
        }
        if ((socket->shut & SOCKET_SHUT_WRITE) != 0) {
            return -EPIPE;
        }
        if (size > socket->send_size) {
            return -EMSGSIZE;
        }
        struct socket *other = socket_at(sockets, target);
        if (other->waiting <= DATAGRAM_UNIX_MAX || other->target == index) {
            const uint32_t packet = packet_take(packets, (uint32_t)size);
            struct packet *record = packet_at(packets, packet);
            record->name_size = socket->name_size;
            memcpy(record->name, socket->name, socket->name_size);
            fill(packets, packet, message);
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

int64_t datagram_send(struct packets *packets,
                      uint32_t index,
                      const struct datagram_message *message,
                      const struct socket_call *call) {
    const bool local = socket_at(packets->sockets, index)->domain == AF_UNIX;
    return local ? send_unix(packets, index, message, call)
                 : send_udp(packets, index, message, call);
}

/* ---- receive ---- */

static void
write_sender(const struct packet *packet, uint16_t domain, struct datagram_message *message) {
    if (message->name == NULL) {
        return;
    }
    if (domain == AF_UNIX) {
        binding_write_bytes(packet->name, packet->name_size, message->name, &message->name_size);
    } else {
        struct address from = packet->from;
        from.family = domain;
        address_write(&from, message->name, &message->name_size);
    }
}

static uint32_t copy_out(const struct packets *packets,
                         const struct packet *packet,
                         struct datagram_message *message) {
    uint32_t at = 0;
    for (uint32_t i = 0; i < message->part_count && at < packet->size; i++) {
        const uint32_t left = packet->size - at;
        const size_t room = message->parts[i].iov_len;
        const uint32_t count = room < left ? (uint32_t)room : left;
        bytes_peek(&packets->sockets->bytes, &packet->bytes, at, message->parts[i].iov_base, count);
        at += count;
    }
    message->truncated = at < packet->size;
    return at;
}

int64_t datagram_receive(struct packets *packets,
                         uint32_t index,
                         struct datagram_message *message,
                         const struct socket_call *call) {
    struct sockets *sockets = packets->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint64_t deadline = socket_deadline(sockets, socket->receive_timeout_ns);
    while (socket->error == 0 && socket->packet_first == 0) {
        if (!socket_waits(call)) {
            return -EAGAIN;
        }
        if ((socket->shut & SOCKET_SHUT_READ) != 0) {
            return 0;
        }
        const int ended =
            socket_wait(sockets, &socket->readers, deadline, POINT_RECEIVE, index, call->site);
        if (ended != 0 && socket->packet_first == 0) {
            return ended;
        }
    }
    if (socket->error != 0) {
        return socket_error_take(socket);
    }
    const uint32_t first = socket->packet_first;
    const struct packet *packet = packet_at(packets, first);
    const uint32_t copied = copy_out(packets, packet, message);
    const int64_t result = (call->flags & MSG_TRUNC) != 0 ? packet->size : copied;
    write_sender(packet, socket->domain, message);
    if ((call->flags & MSG_PEEK) == 0) {
        packet_dequeue(packets, index);
        packet_give(packets, first);
        schedule_progress(sockets->schedule);
        schedule_wake(sockets->schedule, &socket->writers, UINT32_MAX);
    }
    return result;
}

uint32_t datagram_readable(const struct packets *packets, uint32_t index) {
    const uint32_t first = socket_at(packets->sockets, index)->packet_first;
    return first != 0 ? packet_at(packets, first)->size : 0;
}

/* ---- ends ---- */

int64_t datagram_shutdown(struct packets *packets, uint32_t index, int how) {
    struct socket *socket = socket_at(packets->sockets, index);
    int64_t result = -EINVAL;
    if (how >= SHUT_RD && how <= SHUT_RDWR) {
        const bool connected = socket->domain == AF_UNIX || socket->remote.port != 0;
        socket->shut |= (uint8_t)(how + 1);
        socket_notify(packets->sockets, index, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
        result = connected ? 0 : -ENOTCONN;
    }
    return result;
}

void datagram_close(struct packets *packets, uint32_t index) {
    struct socket *socket = socket_at(packets->sockets, index);
    ASSERT((socket->flags & SOCKET_GONE) == 0);
    binding_drop(packets->bindings, index);
    socket->flags |= SOCKET_GONE;
    while (socket->packet_first != 0) {
        packet_give(packets, packet_dequeue(packets, index));
    }
    schedule_wake(packets->sockets->schedule, &socket->writers, UINT32_MAX);
    target_set(packets, index, 0);
    socket_release(packets->sockets, index);
}

uint32_t datagram_events(const struct packets *packets, uint32_t index) {
    const struct socket *socket = socket_at(packets->sockets, index);
    uint32_t events = socket->error != 0 ? EPOLLERR : 0u;
    if (socket->shut == SOCKET_SHUT_BOTH) {
        events |= EPOLLHUP;
    }
    if ((socket->shut & SOCKET_SHUT_READ) != 0) {
        events |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
    }
    if (socket->packet_first != 0) {
        events |= EPOLLIN | EPOLLRDNORM;
    }
    const uint32_t target = socket->domain == AF_UNIX ? socket->target : 0;
    const bool full = target != 0 && socket_at(packets->sockets, target)->target != index &&
                      socket_at(packets->sockets, target)->waiting > DATAGRAM_UNIX_MAX;
    return full ? events : events | EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
}
