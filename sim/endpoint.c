#include "sim/endpoint.h"

#include <errno.h>
#include <sys/socket.h>

#include "sim/panic.h"

uint64_t endpoint_arena_size(const struct description *description) {
    return network_arena_size(description) + socket_arena_size() + binding_arena_size() +
           segment_arena_size() + packet_arena_size();
}

void endpoint_init(struct endpoints *endpoints,
                   struct arena *arena,
                   struct schedule *schedule,
                   const struct description *description) {
    network_init(&endpoints->network, arena, schedule, description);
    socket_init(&endpoints->sockets, arena, schedule, &endpoints->network);
    binding_init(&endpoints->bindings, arena, &endpoints->sockets);
    segment_init(&endpoints->segments, arena, &endpoints->sockets, &endpoints->bindings);
    packet_init(&endpoints->packets, arena, &endpoints->sockets, &endpoints->bindings);
}

void endpoint_begin(struct endpoints *endpoints) {
    network_begin(&endpoints->network);
    socket_begin(&endpoints->sockets);
    binding_begin(&endpoints->bindings);
    segment_begin(&endpoints->segments);
    packet_begin(&endpoints->packets);
}

static const struct socket *at(const struct endpoints *endpoints, uint32_t index) {
    return socket_at(&endpoints->sockets, index);
}

void endpoint_node_crash(struct endpoints *endpoints, uint32_t node) {
    segment_node_crash(&endpoints->segments, node);
}

static bool is_stream(const struct endpoints *endpoints, uint32_t index) {
    return at(endpoints, index)->type == SOCK_STREAM;
}

/* What a call drops of other sockets' files is closed after it. */
static void hold(struct endpoints *endpoints) {
    if (endpoints->sockets.rights != NULL) {
        rights_hold(endpoints->sockets.rights);
    }
}

static void release(struct endpoints *endpoints) {
    if (endpoints->sockets.rights != NULL) {
        rights_release(endpoints->sockets.rights);
    }
}

/* ---- birth ---- */

int64_t
endpoint_create(struct endpoints *endpoints, uint16_t domain, uint16_t type, uint16_t protocol) {
    ASSERT(domain == AF_UNIX || domain == AF_INET || domain == AF_INET6);
    const uint32_t index = socket_create(&endpoints->sockets, domain, type, protocol);
    return index == 0 ? -ENFILE : (int64_t)index;
}

int64_t endpoint_pair(struct endpoints *endpoints, uint16_t type, uint32_t ends[2]) {
    for (unsigned i = 0; i < 2; i++) {
        ends[i] = socket_create(&endpoints->sockets, AF_UNIX, type, 0);
        if (ends[i] == 0) {
            if (i == 1) {
                endpoint_close(endpoints, ends[0]);
            }
            return -ENFILE;
        }
    }
    if (type == SOCK_STREAM) {
        connection_pair(&endpoints->segments, ends[0], ends[1]);
    } else {
        datagram_unix_pair(&endpoints->packets, ends[0], ends[1]);
    }
    return 0;
}

/* ---- names and connections ---- */

int64_t
endpoint_bind(struct endpoints *endpoints, uint32_t index, const void *sockaddr, uint32_t size) {
    const bool local = at(endpoints, index)->domain == AF_UNIX;
    return local ? binding_claim_name(&endpoints->bindings, index, sockaddr, size)
                 : binding_claim(&endpoints->bindings, index, sockaddr, size);
}

int64_t endpoint_connect(struct endpoints *endpoints,
                         uint32_t index,
                         const void *sockaddr,
                         uint32_t size,
                         const struct socket_call *call) {
    if (is_stream(endpoints, index)) {
        return connection_connect(&endpoints->segments, index, sockaddr, size, call);
    }
    hold(endpoints);
    const int64_t result = datagram_connect(&endpoints->packets, index, sockaddr, size);
    release(endpoints);
    return result;
}

int64_t endpoint_listen(struct endpoints *endpoints, uint32_t index, int backlog) {
    return is_stream(endpoints, index) ? connection_listen(&endpoints->segments, index, backlog)
                                       : -EOPNOTSUPP;
}

int64_t
endpoint_accept(struct endpoints *endpoints, uint32_t index, const struct socket_call *call) {
    return is_stream(endpoints, index) ? connection_accept(&endpoints->segments, index, call)
                                       : -EOPNOTSUPP;
}

/* ---- bytes ---- */

int64_t endpoint_send(struct endpoints *endpoints,
                      uint32_t index,
                      const struct datagram_message *message,
                      const struct socket_call *call) {
    if (!is_stream(endpoints, index)) {
        return datagram_send(&endpoints->packets, index, message, call);
    }
    const struct socket *socket = at(endpoints, index);
    if (message->name != NULL && message->name_size != 0 && socket->domain == AF_UNIX) {
        const bool connected = socket->state == SOCKET_CONNECTED;
        return connected ? -EISCONN : -EOPNOTSUPP;
    }
    return stream_send(&endpoints->segments, index, message->parts, message->part_count, call);
}

int64_t endpoint_receive(struct endpoints *endpoints,
                         uint32_t index,
                         struct datagram_message *message,
                         const struct socket_call *call) {
    message->truncated = false;
    if (!is_stream(endpoints, index)) {
        return datagram_receive(&endpoints->packets, index, message, call);
    }
    const struct socket *socket = at(endpoints, index);
    const bool there = socket->readable > 0;
    const int64_t result =
        stream_receive(&endpoints->segments, index, message->parts, message->part_count, call);
    const bool named = socket->domain == AF_UNIX && (result > 0 || (result == 0 && there)) &&
                       socket_at(&endpoints->sockets, socket->peer)->name_size != 0;
    if (message->name != NULL && named) {
        binding_peer_name(&endpoints->bindings, index, message->name, &message->name_size);
    } else {
        message->name_size = 0;
    }
    return result;
}

bool endpoint_times_out(const struct endpoints *endpoints, uint32_t index, bool sends) {
    const struct socket *socket = at(endpoints, index);
    return (sends ? socket->send_timeout_ns : socket->receive_timeout_ns) != 0;
}

bool endpoint_raises(const struct endpoints *endpoints,
                     uint32_t index,
                     int64_t result,
                     uint32_t flags) {
    return result == -EPIPE && (flags & MSG_NOSIGNAL) == 0 && is_stream(endpoints, index);
}

int64_t endpoint_readable(const struct endpoints *endpoints, uint32_t index) {
    if (at(endpoints, index)->state == SOCKET_LISTENING) {
        return -EINVAL;
    }
    return is_stream(endpoints, index) ? stream_readable(&endpoints->segments, index)
                                       : datagram_readable(&endpoints->packets, index);
}

int64_t endpoint_unsent(const struct endpoints *endpoints, uint32_t index) {
    if (at(endpoints, index)->state == SOCKET_LISTENING) {
        return -EINVAL;
    }
    return is_stream(endpoints, index) ? stream_unsent(&endpoints->segments, index) : 0;
}

uint32_t endpoint_events(struct endpoints *endpoints, uint32_t index) {
    return is_stream(endpoints, index) ? stream_events(&endpoints->segments, index)
                                       : datagram_events(&endpoints->packets, index);
}

/* ---- ends ---- */

int64_t endpoint_shutdown(struct endpoints *endpoints, uint32_t index, int how, const void *site) {
    return is_stream(endpoints, index) ? stream_shutdown(&endpoints->segments, index, how, site)
                                       : datagram_shutdown(&endpoints->packets, index, how);
}

void endpoint_close(struct endpoints *endpoints, uint32_t index) {
    hold(endpoints);
    if (is_stream(endpoints, index)) {
        stream_close(&endpoints->segments, index);
    } else {
        datagram_close(&endpoints->packets, index);
    }
    release(endpoints);
}
