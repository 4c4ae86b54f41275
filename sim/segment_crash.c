#include <sys/socket.h>

#include "sim/lease.h"
#include "sim/segment.h"

/* Nothing of it is sent any more; a peer that sends is reset, for nobody knows the connection. */
static void vanish(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    lease_end(&segments->bindings->leases, index);
    socket->state = SOCKET_CLOSED;
    socket->shut = SOCKET_SHUT_BOTH;
    socket->flags |= SOCKET_VANISHED;
}

/* Connections that nobody has accepted. */
static void vanish_waiting(struct segments *segments, uint32_t listener) {
    struct socket *host = socket_at(segments->sockets, listener);
    while (host->accept_first != 0) {
        const uint32_t index = host->accept_first;
        struct socket *socket = socket_at(segments->sockets, index);
        host->accept_first = socket->accept_next;
        host->waiting--;
        vanish(segments, index);
        socket->entries--; /* its place in the queue */
        socket_release(segments->sockets, index);
    }
    host->accept_last = 0;
}

/* Connections that are only answered find their listener gone, as after a close. */
void segment_node_crash(struct segments *segments, uint32_t node) {
    for (uint32_t i = 1; i <= segments->sockets->table.count; i++) {
        const struct socket *socket = socket_at(segments->sockets, i);
        const bool is_stream = (socket->domain == AF_INET || socket->domain == AF_INET6) &&
                               socket->type == SOCK_STREAM;
        if (socket->node != node || !is_stream) {
            continue;
        }
        if (socket->state == SOCKET_LISTENING) {
            vanish_waiting(segments, i);
        } else if (socket->state == SOCKET_CONNECTED) {
            vanish(segments, i);
        }
    }
    for (uint32_t i = 1; i <= segments->sockets->table.count; i++) {
        struct socket *socket = socket_at(segments->sockets, i);
        if (socket->node == node && socket->domain != AF_UNIX &&
            socket->state == SOCKET_LISTENING) {
            socket->state = SOCKET_CLOSED;
        }
    }
    lease_node_end(&segments->bindings->leases, node);
}
