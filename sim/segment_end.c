#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sim/panic.h"
#include "sim/segment.h"
#include "sim/segment_parts.h"

#define ALL_EVENTS (EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLRDHUP | EPOLLERR)

void segment_forget(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    while (socket->segment_first != 0) {
        const uint32_t first = socket->segment_first;
        socket->segment_first = segment_at(segments, first)->next;
        pool_give(&segments->table, first);
    }
    socket->segment_last = 0;
    segment_unread_drop(segments, index);
    bytes_drop(&segments->sockets->bytes, &socket->in);
    socket->readable = socket->outstanding = socket->credit = 0;
    socket->life++;
}

void segment_kill(struct segments *segments, uint32_t index, int error) {
    struct socket *socket = socket_at(segments->sockets, index);
    socket->state = SOCKET_CLOSED;
    socket->shut = SOCKET_SHUT_BOTH;
    socket->error = error;
    binding_drop_given(segments->bindings, index);
    lease_end(&segments->bindings->leases, index);
    socket_notify(segments->sockets, index, ALL_EVENTS);
}

/* Both directions ended, and both ends know: the connection is no more. */
static void finish(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    if ((socket->flags & (SOCKET_ENDED | SOCKET_FINISHED)) == (SOCKET_ENDED | SOCKET_FINISHED) &&
        socket->state == SOCKET_CONNECTED) {
        socket->state = SOCKET_CLOSED;
        socket->shut = SOCKET_SHUT_BOTH;
        binding_drop_given(segments->bindings, index);
        if (socket->domain != AF_UNIX && (socket->flags & SOCKET_ENDS_FIRST) != 0) {
            lease_wait(&segments->bindings->leases, index);
        } else {
            lease_end(&segments->bindings->leases, index);
        }
        socket_notify(segments->sockets, index, ALL_EVENTS & ~(uint32_t)EPOLLERR);
    }
}

/* Not after a reset: that would read as an end that the peer told. */
void segment_end_arrive(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    socket->flags |= SOCKET_ENDED;
    socket->shut |= SOCKET_SHUT_READ;
    socket_at(segments->sockets, socket->peer)->flags |= SOCKET_FINISHED;
    socket_notify(segments->sockets, index, EPOLLIN | EPOLLRDHUP);
    finish(segments, index);
    finish(segments, socket->peer);
}

void segment_reset_arrive(struct segments *segments, uint32_t index) {
    const struct socket *socket = socket_at(segments->sockets, index);
    if (socket->state == SOCKET_CONNECTED) {
        segment_kill(segments, index, (socket->flags & SOCKET_ENDED) != 0 ? EPIPE : ECONNRESET);
    }
}
