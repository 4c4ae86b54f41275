#include "sim/stream.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sim/panic.h"

static uint32_t total_of(const struct iovec *parts, uint32_t count) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += parts[i].iov_len;
    }
    return total < INT32_MAX ? (uint32_t)total : INT32_MAX;
}

/* ---- send ---- */

/* A transfer that may be short for once. */
static uint32_t
shorten(struct segments *segments, struct socket *socket, uint32_t size, const void *site) {
    struct choices *choices = segments->sockets->schedule->choices;
    if (size < 2 || socket->domain == AF_UNIX ||
        !choices_chance(choices,
                        CHOICE_SHORT,
                        socket->node,
                        &socket->decider,
                        site,
                        1,
                        SEGMENT_SHORT_DENOMINATOR)) {
        return size;
    }
    return size - 1 -
           (uint32_t)
               choices_draw(choices, CHOICE_SHORT, socket->node, &socket->decider, site, size - 1);
}

static int send_refusal(const struct segments *segments, struct socket *socket, uint32_t total) {
    if (socket->domain == AF_UNIX) {
        if (socket->state != SOCKET_CONNECTED) {
            return -ENOTCONN;
        }
        if ((socket->shut & SOCKET_SHUT_WRITE) != 0) {
            return -EPIPE;
        }
        const struct socket *peer = socket_at(segments->sockets, socket->peer);
        return (peer->shut & SOCKET_SHUT_READ) != 0 && total > 0 ? -EPIPE : 0;
    }
    if (socket->error != 0) {
        return socket_error_take(socket);
    }
    return (socket->shut & SOCKET_SHUT_WRITE) != 0 ||
                   (socket->state != SOCKET_CONNECTED && socket->state != SOCKET_CONNECTING)
               ? -EPIPE
               : 0;
}

/* Appends `size` bytes from position `from` of the parts to the peer's queue. */
static void push_parts(struct segments *segments,
                       uint32_t peer,
                       const struct iovec *parts,
                       uint32_t from,
                       uint32_t size) {
    struct socket *receiver = socket_at(segments->sockets, peer);
    for (uint64_t skip = from; size > 0; parts++) {
        if (skip >= parts->iov_len) {
            skip -= parts->iov_len;
            continue;
        }
        const uint64_t left = parts->iov_len - skip;
        const uint32_t part = left < size ? (uint32_t)left : size;
        bytes_push(&segments->sockets->bytes,
                   &receiver->in,
                   (const char *)parts->iov_base + skip,
                   part);
        size -= part;
        skip = 0;
    }
}

/* Files go along with the bytes that are appended next; of a large send with its first ones. */
static void push_rights(struct segments *segments,
                        uint32_t peer,
                        uint32_t size,
                        const struct socket_call *call) {
    struct socket *receiver = socket_at(segments->sockets, peer);
    struct rights *rights = segments->sockets->rights;
    if (call->rights == NULL || *call->rights == 0) {
        return;
    }
    struct rights_bundle *bundle = rights_at(rights, *call->rights);
    bundle->next = 0;
    bundle->position = receiver->pulled + receiver->in.size;
    bundle->extent = size < RIGHTS_EXTENT_MAX ? size : RIGHTS_EXTENT_MAX;
    if (receiver->rights_last != 0) {
        rights_at(rights, receiver->rights_last)->next = *call->rights;
    } else {
        receiver->rights_first = *call->rights;
    }
    receiver->rights_last = *call->rights;
    *call->rights = 0;
}

/* The sender stands before a message where a scenario names that; false when it does not. What it
 * has looked at may be another then. */
static bool stands(struct segments *segments, const struct socket *socket) {
    struct schedule *schedule = segments->sockets->schedule;
    if (!schedule_names(schedule, OCCASION_SENT) || socket->domain == AF_UNIX) {
        return false;
    }
    const struct occasion fact = {.instant = OCCASION_SENT,
                                  .node = socket_at(segments->sockets, socket->peer)->node,
                                  .peer = socket->node};
    schedule_stand(schedule, schedule_ask(schedule, &fact));
    return true;
}

int64_t stream_send(struct segments *segments,
                    uint32_t index,
                    const struct iovec *parts,
                    uint32_t count,
                    const struct socket_call *call) {
    struct sockets *sockets = segments->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint32_t total = total_of(parts, count);
    const uint64_t deadline = socket_deadline(sockets, socket->send_timeout_ns);
    uint32_t sent = 0;
    bool stood = false;
    for (;;) {
        const int refusal = send_refusal(segments, socket, total);
        if (refusal != 0) {
            return sent > 0 ? (int64_t)sent : refusal;
        }
        const bool connected = socket->state == SOCKET_CONNECTED;
        const uint32_t room = connected ? socket_room(segments->sockets, socket) : 0;
        uint32_t size = total - sent < room ? total - sent : room;
        if (size > 0 && !stood && stands(segments, socket)) {
            stood = true;
            continue;
        }
        if (size > 0) {
            stood = false; /* what has no room is another message */
            if (!socket_waits(call)) {
                size = shorten(segments, socket, size, call->site);
            }
            push_rights(segments, socket->peer, size, call);
            push_parts(segments, socket->peer, parts, sent, size);
            segment_send(segments, index, size, 0, call->site);
            sent += size;
            schedule_progress(sockets->schedule);
        }
        if (sent == total) {
            return sent;
        }
        socket->flags |= connected ? SOCKET_STARVED : 0u;
        if (!socket_waits(call)) {
            return sent > 0 ? (int64_t)sent : -EAGAIN;
        }
        const int ended =
            socket_wait(sockets, &socket->writers, deadline, POINT_SEND, index, call->site);
        if (ended != 0) {
            return sent > 0 ? (int64_t)sent : ended;
        }
    }
}

/* ---- receive ---- */

/* What a receive finds when there is nothing to read; 1 = it would have to wait. */
static int receive_refusal(struct socket *socket) {
    const bool local = socket->domain == AF_UNIX;
    if (local && socket->state != SOCKET_CONNECTED) {
        return -EINVAL;
    }
    if ((socket->flags & SOCKET_ENDED) != 0) {
        return 0;
    }
    if (socket->error != 0) {
        return socket_error_take(socket);
    }
    if ((socket->shut & SOCKET_SHUT_READ) != 0) {
        return 0;
    }
    return socket->state == SOCKET_CLOSED ? -ENOTCONN : 1;
}

/* Copies up to `size` bytes from position `at` on, without removing them, into the parts from
 * position `from` on. */
static void peek_parts(const struct segments *segments,
                       const struct socket *socket,
                       const struct iovec *parts,
                       uint32_t from,
                       uint32_t at,
                       uint32_t size) {
    for (uint64_t skip = from; size > 0; parts++) {
        if (skip >= parts->iov_len) {
            skip -= parts->iov_len;
            continue;
        }
        const uint64_t left = parts->iov_len - skip;
        const uint32_t part = left < size ? (uint32_t)left : size;
        bytes_peek(&segments->sockets->bytes,
                   &socket->in,
                   at,
                   (char *)parts->iov_base + skip,
                   part);
        at += part;
        size -= part;
        skip = 0;
    }
}

/* Takes what is there; returns how much. */
static uint32_t take(struct segments *segments,
                     uint32_t index,
                     const struct iovec *parts,
                     uint32_t from,
                     uint32_t size,
                     uint32_t flags) {
    struct socket *socket = socket_at(segments->sockets, index);
    const bool peeks = (flags & MSG_PEEK) != 0;
    const uint32_t at = peeks ? from : 0;
    const uint32_t there = socket->readable - at;
    const uint32_t count = there < size ? there : size;
    if (count == 0) {
        return 0;
    }
    const bool copies = (flags & MSG_TRUNC) == 0 || socket->domain == AF_UNIX;
    if (!peeks && copies && parts->iov_len - from >= count && parts->iov_len > from) {
        bytes_pull(&segments->sockets->bytes, &socket->in, (char *)parts->iov_base + from, count);
    } else {
        if (copies) {
            peek_parts(segments, socket, parts, from, at, count);
        }
        if (!peeks) {
            bytes_pull(&segments->sockets->bytes, &socket->in, NULL, count);
        }
    }
    if (!peeks) {
        if (socket->unread_first != 0) {
            segment_unread_take(segments, index, count);
        }
        socket->readable -= count;
        socket->pulled += count;
        segment_credit(segments, index, count);
        schedule_progress(segments->sockets->schedule);
    }
    return count;
}

/* How many of `size` bytes from position `at` on a receive may take: it ends where those end that
 * files came with. */
static uint32_t
reach(const struct segments *segments, const struct socket *socket, uint32_t at, uint32_t size) {
    if (socket->rights_first == 0) {
        return size;
    }
    const struct rights_bundle *bundle = rights_at(segments->sockets->rights, socket->rights_first);
    const uint64_t end = bundle->position + bundle->extent - socket->pulled - at;
    return size < end ? size : (uint32_t)end;
}

/* Whether files came with the first `end` bytes. */
static bool meets(const struct segments *segments, const struct socket *socket, uint32_t end) {
    return socket->rights_first != 0 &&
           rights_at(segments->sockets->rights, socket->rights_first)->position <
               socket->pulled + end;
}

/* The first files go to who receives, or are dropped. */
static void
hand_over(struct segments *segments, struct socket *socket, const struct socket_call *call) {
    struct rights *rights = segments->sockets->rights;
    const uint32_t first = socket->rights_first;
    if ((call->flags & MSG_PEEK) != 0) {
        if (call->rights != NULL) {
            *call->rights = rights_copy(rights, first);
        }
        return;
    }
    socket->rights_first = rights_at(rights, first)->next;
    socket->rights_last = socket->rights_first == 0 ? 0 : socket->rights_last;
    if (call->rights != NULL) {
        *call->rights = first;
    } else {
        rights_drop(rights, first);
    }
}

int64_t stream_receive(struct segments *segments,
                       uint32_t index,
                       const struct iovec *parts,
                       uint32_t count,
                       const struct socket_call *call) {
    struct sockets *sockets = segments->sockets;
    struct socket *socket = socket_at(sockets, index);
    if (socket->state == SOCKET_LISTENING) {
        return socket->domain == AF_UNIX ? -EINVAL : -ENOTCONN;
    }
    const uint32_t total = total_of(parts, count);
    const uint64_t deadline = socket_deadline(sockets, socket->receive_timeout_ns);
    uint32_t got = 0;
    for (;;) {
        const uint32_t at = (call->flags & MSG_PEEK) != 0 ? got : 0;
        const uint32_t size = reach(segments, socket, at, total - got);
        const uint32_t there = socket->readable - at;
        if (socket->unread_first != 0 && (call->flags & MSG_PEEK) == 0 &&
            !segment_unread_stand(segments, index, there < size ? there : size)) {
            continue;
        }
        const bool met = meets(segments, socket, at + (there < size ? there : size));
        got += take(segments, index, parts, got, size, call->flags);
        if (met) {
            hand_over(segments, socket, call);
            return got;
        }
        if ((got == total && (got > 0 || socket->readable > 0)) ||
            (got > 0 && (call->flags & MSG_WAITALL) == 0)) {
            return got;
        }
        const bool keeps = got > 0 && socket->error != 0 && socket->domain != AF_UNIX;
        const int refusal = keeps ? 0 : receive_refusal(socket);
        if (refusal <= 0) {
            return got > 0 ? (int64_t)got : refusal;
        }
        if (!socket_waits(call)) {
            return got > 0 ? (int64_t)got : -EAGAIN;
        }
        const int ended =
            socket_wait(sockets, &socket->readers, deadline, POINT_RECEIVE, index, call->site);
        if (ended != 0 && socket->readable == 0) {
            return got > 0 ? (int64_t)got : ended;
        }
    }
}

uint32_t stream_readable(const struct segments *segments, uint32_t index) {
    return socket_at(segments->sockets, index)->readable;
}

/* ---- ends ---- */

static void shutdown_unix(struct segments *segments, uint32_t index, uint8_t shut) {
    struct socket *socket = socket_at(segments->sockets, index);
    socket->shut |= shut;
    socket_notify(segments->sockets, index, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
    if (socket->peer != 0) {
        struct socket *peer = socket_at(segments->sockets, socket->peer);
        peer->shut |= (shut & SOCKET_SHUT_READ) != 0 ? SOCKET_SHUT_WRITE : 0;
        peer->shut |= (shut & SOCKET_SHUT_WRITE) != 0 ? SOCKET_SHUT_READ : 0;
        socket_notify(segments->sockets, socket->peer, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
    }
}

static int
shutdown_internet(struct segments *segments, uint32_t index, uint8_t shut, const void *site) {
    struct socket *socket = socket_at(segments->sockets, index);
    const bool ends = (shut & SOCKET_SHUT_WRITE) != 0 && (socket->flags & SOCKET_END_SENT) == 0;
    int result = 0;
    switch ((enum socket_state)socket->state) {
    case SOCKET_CLOSED:
        socket->shut |= shut;
        socket->flags |= (socket->flags & SOCKET_ATTEMPTED) != 0 ? SOCKET_SPENT : 0u;
        result = -ENOTCONN;
        break;
    case SOCKET_LISTENING:
        if ((shut & SOCKET_SHUT_READ) != 0) {
            connection_refuse_all(segments, index);
            connection_abandon(segments, index, socket->error);
        }
        break;
    case SOCKET_CONNECTING:
        connection_abandon(segments, index, ECONNRESET);
        break;
    case SOCKET_ANSWERED:
        UNREACHABLE();
    case SOCKET_CONNECTED:
        if ((socket->flags & SOCKET_ATTEMPTED) != 0) {
            socket->flags = (socket->flags & ~(uint32_t)SOCKET_ATTEMPTED) | SOCKET_JOINED;
        }
        socket->shut |= shut;
        if (ends) {
            segment_send(segments, index, 0, SEGMENT_END, site);
        }
        break;
    }
    socket_notify(segments->sockets, index, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
    return result;
}

int64_t stream_shutdown(struct segments *segments, uint32_t index, int how, const void *site) {
    int64_t result = -EINVAL;
    if (how >= SHUT_RD && how <= SHUT_RDWR) {
        const uint8_t shut = (uint8_t)(how + 1);
        result = 0;
        if (socket_at(segments->sockets, index)->domain == AF_UNIX) {
            shutdown_unix(segments, index, shut);
        } else {
            result = shutdown_internet(segments, index, shut, site);
        }
    }
    return result;
}

static void close_connected(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    const bool aborts = (socket->flags & SOCKET_LINGER) != 0 && socket->linger_s == 0;
    if (socket->domain == AF_UNIX) {
        struct socket *peer = socket_at(segments->sockets, socket->peer);
        socket_rights_drop(segments->sockets, index);
        peer->shut = SOCKET_SHUT_BOTH;
        peer->error = socket->readable > 0 ? ECONNRESET : peer->error;
        socket_notify(segments->sockets,
                      socket->peer,
                      EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    } else if (socket->readable > 0 || aborts) {
        socket->state = SOCKET_CLOSED;
        lease_end(&segments->bindings->leases, index);
        segment_send(segments, index, 0, SEGMENT_RESET, NULL);
    } else {
        if ((socket->flags & SOCKET_END_SENT) == 0) {
            segment_send(segments, index, 0, SEGMENT_END, NULL);
        }
        if ((socket->flags & SOCKET_ENDS_FIRST) != 0) {
            lease_wait(&segments->bindings->leases, index);
        } else {
            lease_end(&segments->bindings->leases, index);
        }
    }
    socket->shut = SOCKET_SHUT_BOTH;
}

void stream_close(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    ASSERT((socket->flags & SOCKET_GONE) == 0);
    binding_close(segments->bindings, index);
    socket->flags |= SOCKET_GONE;
    if (socket->state == SOCKET_LISTENING) {
        connection_refuse_all(segments, index);
        socket->state = SOCKET_CLOSED;
    } else if (socket->state == SOCKET_CONNECTED) {
        close_connected(segments, index);
    } else if (socket->state == SOCKET_CONNECTING) {
        socket->state = SOCKET_CLOSED;
    }
    socket_release(segments->sockets, index);
}

uint32_t stream_unsent(const struct segments *segments, uint32_t index) {
    const struct socket *socket = socket_at(segments->sockets, index);
    if (socket->state != SOCKET_CONNECTED) {
        return 0;
    }
    const struct socket *peer = socket_at(segments->sockets, socket->peer);
    const uint32_t end = socket->flags & (SOCKET_END_SENT | SOCKET_FINISHED);
    return peer->in.size - peer->readable + (end == SOCKET_END_SENT ? 1 : 0);
}

/* ---- readiness ---- */

uint32_t stream_events(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    const uint8_t shut = socket->shut;
    uint32_t events = socket->error != 0 ? EPOLLERR : 0u;
    if (socket->state == SOCKET_LISTENING && socket->domain != AF_UNIX) {
        return socket->accept_first != 0 ? EPOLLIN | EPOLLRDNORM : 0u;
    }
    if (shut == SOCKET_SHUT_BOTH || socket->state == SOCKET_CLOSED) {
        events |= EPOLLHUP;
    }
    if ((shut & SOCKET_SHUT_READ) != 0) {
        events |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
    }
    if (socket->state == SOCKET_CONNECTING) {
        return events;
    }
    if (socket->state == SOCKET_LISTENING) {
        return events | (socket->accept_first != 0 ? EPOLLIN | EPOLLRDNORM : 0u);
    }
    if (socket->readable > 0) {
        events |= EPOLLIN | EPOLLRDNORM;
    }
    const bool ends = (shut & SOCKET_SHUT_WRITE) != 0 && socket->domain != AF_UNIX;
    if (ends || socket->state != SOCKET_CONNECTED || socket_writable(segments->sockets, socket)) {
        events |= EPOLLOUT | EPOLLWRNORM;
    } else {
        socket->flags |= SOCKET_STARVED;
    }
    return events;
}
