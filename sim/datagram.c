#include "sim/datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sim/datagram_unix.h"
#include "sim/panic.h"

/* The address a datagram to `to` comes from. */
static void source_write(const struct packets *packets,
                         const struct socket *socket,
                         const struct address *to,
                         struct address *from) {
    const uint16_t port = socket->local.port;
    *from = socket->local;
    if (address_is_any(from)) {
        *from = address_is_loopback(to) ? *to
                                        : address_of_node(packets->sockets->network->description,
                                                          socket->node,
                                                          !address_is_v4(to),
                                                          0);
        from->port = port;
        from->family = socket->domain;
    } else if (!address_is_v4(from) && address_is_v4(to)) {
        *from = address_v4(socket->domain, ADDRESS_LOOPBACK_OF_V6, port);
    }
}

static bool is_unreachable(const struct socket *socket, const struct address *to) {
    return address_is_v4(&socket->local) && !address_is_v4(to);
}

/* IPv6 sockets take IPv4 addresses as they are, too. `strict` is what they say to it when they do
 * not speak IPv4. */
static int read_remote(struct address *address,
                       const struct socket *socket,
                       const void *sockaddr,
                       uint32_t size,
                       int strict) {
    uint16_t family;
    if (size < sizeof family) {
        return -EINVAL;
    }
    memcpy(&family, sockaddr, sizeof family);
    const bool six = socket->domain == AF_INET6;
    const bool deaf = six && (socket->flags & SOCKET_V6_ONLY) != 0;
    if (six && family == AF_INET) {
        const int refusal = address_read(address, AF_INET, sockaddr, size);
        address->family = AF_INET6;
        return deaf ? strict : refusal;
    }
    const int refusal = address_read(address, socket->domain, sockaddr, size);
    return refusal == 0 && deaf && address_is_v4(address) ? -ENETUNREACH : refusal;
}

/* connect() to AF_UNSPEC: what the program did not choose itself is given back. */
static void disconnect_udp(struct packets *packets, struct socket *socket, uint32_t index) {
    socket->remote = (struct address){.family = socket->domain};
    socket->flags &= ~(uint32_t)SOCKET_JOINED;
    if ((socket->flags & SOCKET_ADDRESS_FIXED) == 0) {
        socket->local = address_v4(socket->domain, 0, socket->local.port);
    }
    if ((socket->flags & SOCKET_PORT_FIXED) == 0) {
        binding_drop(packets->bindings, index);
        socket->local.port = 0;
    }
}

static int64_t
connect_udp(struct packets *packets, uint32_t index, const void *sockaddr, uint32_t size) {
    struct socket *socket = socket_at(packets->sockets, index);
    struct address remote;
    if (binding_claim_any(packets->bindings, index) != 0) {
        return -EAGAIN;
    }
    const int refusal = read_remote(&remote, socket, sockaddr, size, -EAFNOSUPPORT);
    if (refusal != 0) {
        return refusal;
    }
    if (address_is_multicast(&remote)) {
        return -ENETUNREACH;
    }
    if (address_is_broadcast(&remote) && (socket->flags & SOCKET_BROADCAST) == 0) {
        return -EACCES;
    }
    address_resolve_any(&remote, &socket->local);
    if (is_unreachable(socket, &remote)) {
        return -EAFNOSUPPORT;
    }
    if (address_is_any(&socket->local)) {
        source_write(packets, socket, &remote, &socket->local);
    }
    socket->remote = remote;
    socket->flags |= SOCKET_JOINED;
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
            if (socket->domain == AF_UNIX) {
                datagram_unix_leave(packets, index);
            } else {
                disconnect_udp(packets, socket, index);
            }
            result = 0;
        } else {
            result = socket->domain == AF_UNIX
                         ? datagram_unix_connect(packets, index, sockaddr, size)
                         : connect_udp(packets, index, sockaddr, size);
        }
    }
    return result;
}

/* ---- send ---- */

static int64_t send_refusal(const struct socket *socket, const struct address *to, uint64_t size) {
    if (size > DATAGRAM_SIZE_MAX) {
        return -EMSGSIZE;
    }
    if (address_is_broadcast(to) && (socket->flags & SOCKET_BROADCAST) == 0) {
        return -EACCES;
    }
    if (address_is_multicast(to)) {
        return -ENETUNREACH;
    }
    return 0;
}

/* sendto() also takes an address without a family: IPv4 for its own, IPv6 for none. */
static int read_target(struct address *to,
                       const struct socket *socket,
                       const struct datagram_message *message,
                       bool *named) {
    struct sockaddr_in in;
    uint16_t family = AF_INET;
    if (message->name_size >= sizeof family) {
        memcpy(&family, message->name, sizeof family);
    }
    if (family != AF_UNSPEC || (socket->domain == AF_INET && message->name_size < sizeof in)) {
        return read_remote(to, socket, message->name, message->name_size, -ENETUNREACH);
    }
    if (socket->domain == AF_INET6) {
        *named = false;
        return (socket->flags & SOCKET_JOINED) == 0 ? -EDESTADDRREQ : 0;
    }
    memcpy(&in, message->name, sizeof in);
    *to = address_v4(AF_INET, ntohl(in.sin_addr.s_addr), ntohs(in.sin_port));
    return 0;
}

/* Where a datagram goes, or why it cannot. */
static int64_t aim_udp(struct packets *packets,
                       uint32_t index,
                       const struct datagram_message *message,
                       struct address *target) {
    struct socket *socket = socket_at(packets->sockets, index);
    if (binding_claim_any(packets->bindings, index) != 0) {
        return -EAGAIN;
    }
    struct address to = socket->remote;
    int64_t refusal = (socket->flags & SOCKET_JOINED) == 0 ? -EDESTADDRREQ : 0;
    bool named = message->name != NULL;
    if (named) {
        refusal = read_target(&to, socket, message, &named);
    }
    const uint64_t size = packet_parts_size(message->parts, message->part_count);
    const bool mapped = socket->domain == AF_INET6 && address_is_v4(&to);
    if (refusal == 0 && to.port == 0 && (named || mapped)) {
        refusal = -EINVAL;
    }
    if (refusal == 0) {
        refusal = send_refusal(socket, &to, size);
    }
    if (refusal == 0) {
        address_resolve_any(&to, &socket->local);
        refusal = is_unreachable(socket, &to) ? -EAFNOSUPPORT : 0;
    }
    if (refusal == 0 && socket->error != 0) {
        refusal = socket_error_take(socket);
    }
    if (refusal == 0 && (socket->shut & SOCKET_SHUT_WRITE) != 0) {
        refusal = -EPIPE;
    }
    *target = to;
    return refusal;
}

static uint32_t node_of(const struct packets *packets, uint32_t index, const struct address *to) {
    return address_node(packets->sockets->network->description,
                        socket_at(packets->sockets, index)->node,
                        to);
}

/* Where sends are named: the running thread stands before one that goes somewhere; false when it
 * did not. */
static bool stands(struct packets *packets, uint32_t index, const struct address *to) {
    if (!schedule_names(packets->sockets->schedule, OCCASION_SENT)) {
        return false;
    }
    const bool to_all = address_is_broadcast(to);
    const uint32_t node = to_all ? 0 : node_of(packets, index, to);
    if (!to_all && node == 0) {
        return false;
    }
    packet_send_stand(packets, index, node);
    return true;
}

static int64_t send_udp(struct packets *packets,
                        uint32_t index,
                        const struct datagram_message *message,
                        const struct socket_call *call) {
    const struct socket *socket = socket_at(packets->sockets, index);
    const uint64_t size = packet_parts_size(message->parts, message->part_count);
    struct address to = {.family = socket->domain};
    int64_t refusal = aim_udp(packets, index, message, &to);
    if (refusal == 0 && stands(packets, index, &to)) {
        refusal = aim_udp(packets, index, message, &to); /* it may be another by now */
    }
    if (refusal != 0) {
        return refusal;
    }
    const uint32_t packet = packet_take(packets, (uint32_t)size);
    struct packet *record = packet_at(packets, packet);
    record->to = to;
    source_write(packets, socket, &to, &record->from);
    packet_fill(packets, packet, message->parts, message->part_count);
    if (address_is_broadcast(&to)) {
        packet_broadcast(packets, index, packet, call->site);
    } else {
        packet_send(packets, index, packet, node_of(packets, index, &to), call->site);
    }
    return (int64_t)size;
}

int64_t datagram_send(struct packets *packets,
                      uint32_t index,
                      const struct datagram_message *message,
                      const struct socket_call *call) {
    const bool local = socket_at(packets->sockets, index)->domain == AF_UNIX;
    return local ? datagram_unix_send(packets, index, message, call)
                 : send_udp(packets, index, message, call);
}

/* ---- receive ---- */

static void write_sender(const struct packets *packets,
                         const struct packet *packet,
                         uint16_t domain,
                         struct datagram_message *message) {
    if (message->name == NULL) {
        return;
    }
    if (domain == AF_UNIX) {
        /* As it is called now: it may have been given its name after it sent this. */
        const struct socket *sender = socket_at(packets->sockets, packet->sender);
        binding_write_bytes(sender->name, sender->name_size, message->name, &message->name_size);
        message->name_size = sender->name_size == 0 ? 0 : message->name_size;
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

/* 1 when there is one to read, else what the receive returns. */
static int64_t await_packet(struct packets *packets,
                            uint32_t index,
                            uint64_t deadline,
                            const struct socket_call *call) {
    struct socket *socket = socket_at(packets->sockets, index);
    while (socket->error == 0 && socket->packet_first == 0) {
        if (!socket_waits(call)) {
            return -EAGAIN;
        }
        if ((socket->shut & SOCKET_SHUT_READ) != 0) {
            return 0;
        }
        const int ended = socket_wait(packets->sockets,
                                      &socket->readers,
                                      deadline,
                                      POINT_RECEIVE,
                                      index,
                                      call->site);
        if (ended != 0 && socket->packet_first == 0) {
            return ended;
        }
    }
    return socket->error != 0 ? socket_error_take(socket) : 1;
}

int64_t datagram_receive(struct packets *packets,
                         uint32_t index,
                         struct datagram_message *message,
                         const struct socket_call *call) {
    struct sockets *sockets = packets->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint64_t deadline = socket_deadline(sockets, socket->receive_timeout_ns);
    const bool takes = (call->flags & MSG_PEEK) == 0;
    do {
        const int64_t refusal = await_packet(packets, index, deadline, call);
        if (refusal <= 0) {
            return refusal;
        }
    } while (takes && packet_read_stand(packets, index));
    const uint32_t first = socket->packet_first;
    struct packet *packet = packet_at(packets, first);
    const uint32_t copied = copy_out(packets, packet, message);
    const int64_t result = (call->flags & MSG_TRUNC) != 0 ? packet->size : copied;
    write_sender(packets, packet, socket->domain, message);
    if (packet->rights != 0 && call->rights != NULL) {
        const bool peeks = (call->flags & MSG_PEEK) != 0;
        *call->rights = peeks ? rights_copy(sockets->rights, packet->rights) : packet->rights;
        packet->rights = peeks ? packet->rights : 0;
    }
    if ((call->flags & MSG_PEEK) == 0) {
        const bool full = socket->waiting > DATAGRAM_UNIX_MAX;
        packet_dequeue(packets, index);
        packet_give(packets, first);
        schedule_progress(sockets->schedule);
        datagram_unix_room(packets, index, full);
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
        const bool connected = socket->domain == AF_UNIX || (socket->flags & SOCKET_JOINED) != 0;
        socket->shut |= (uint8_t)(how + 1);
        socket_notify(packets->sockets, index, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
        result = connected ? 0 : -ENOTCONN;
    }
    return result;
}

void datagram_close(struct packets *packets, uint32_t index) {
    struct socket *socket = socket_at(packets->sockets, index);
    ASSERT((socket->flags & SOCKET_GONE) == 0);
    binding_close(packets->bindings, index);
    const bool full = socket->waiting > DATAGRAM_UNIX_MAX;
    while (socket->packet_first != 0) {
        packet_give(packets, packet_dequeue(packets, index));
    }
    datagram_unix_room(packets, index, full);
    datagram_unix_close(packets, index);
    socket->flags |= SOCKET_GONE; /* not before: it may have sent to itself */
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
