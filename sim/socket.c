#include "sim/socket.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>

#include "sim/identity.h"
#include "sim/panic.h"

uint64_t socket_arena_size(void) {
    return ((uint64_t)SOCKETS_MAX + 1) * sizeof(struct socket) + 64 + bytes_arena_size();
}

void socket_init(struct sockets *sockets,
                 struct arena *arena,
                 struct schedule *schedule,
                 struct network *network) {
    *sockets = (struct sockets){.schedule = schedule, .network = network};
    pool_init(&sockets->table, arena, sizeof(struct socket), SOCKETS_MAX);
    bytes_init(&sockets->bytes, arena, schedule);
}

void socket_begin(struct sockets *sockets) {
    pool_reset(&sockets->table);
    bytes_begin(&sockets->bytes);
}

static uint32_t
take(struct sockets *sockets, uint32_t node, uint16_t domain, uint16_t type, uint16_t protocol) {
    const uint32_t index = pool_take(&sockets->table);
    if (index == 0) {
        return 0;
    }
    struct socket *socket = socket_at(sockets, index);
    memset(socket, 0, offsetof(struct socket, name));
    socket->node = node;
    socket->domain = domain;
    socket->type = type;
    socket->protocol = protocol;
    const bool tcp = domain != AF_UNIX && type == SOCK_STREAM;
    socket->send_size = tcp ? SOCKET_TCP_SEND_DEFAULT : SOCKET_BUFFER_DEFAULT;
    socket->receive_size = tcp ? SOCKET_TCP_RECEIVE_DEFAULT : SOCKET_BUFFER_DEFAULT;
    socket->local.family = socket->remote.family = domain;
    return index;
}

uint32_t socket_create(struct sockets *sockets, uint16_t domain, uint16_t type, uint16_t protocol) {
    struct agent *self = schedule_running(sockets->schedule);
    const uint32_t index = take(sockets, self->node, domain, type, protocol);
    if (index != 0) {
        struct socket *socket = socket_at(sockets, index);
        socket->object = schedule_object(sockets->schedule);
        socket->decider.identity =
            identity_make(IDENTITY_OBJECT, self->decider.identity, self->creations);
    }
    return index;
}

uint32_t socket_spawn(struct sockets *sockets, uint32_t parent, const struct decider *creator) {
    const struct socket *from = socket_at(sockets, parent);
    const uint32_t index = take(sockets, from->node, from->domain, from->type, from->protocol);
    if (index != 0) {
        struct socket *socket = socket_at(sockets, index);
        socket->decider.identity =
            identity_make(IDENTITY_OBJECT, creator->identity, creator->choices);
        if (from->domain == AF_UNIX) {
            return index; /* inherits nothing */
        }
        socket->flags =
            from->flags & (SOCKET_ADDRESS_FIXED | SOCKET_REUSE_ADDRESS | SOCKET_REUSE_PORT |
                           SOCKET_V6_ONLY | SOCKET_KEEPALIVE | SOCKET_NO_DELAY | SOCKET_LINGER);
        socket->send_size = from->send_size;
        socket->receive_size = from->receive_size;
        socket->linger_s = from->linger_s;
        memcpy(socket->kept, from->kept, sizeof socket->kept);
    }
    return index;
}

uint32_t socket_part(struct sockets *sockets, uint32_t index) {
    struct socket *socket = socket_at(sockets, index);
    ASSERT(socket->peer != 0 && socket->peer != index);
    const uint32_t stand_in =
        take(sockets, socket->node, socket->domain, socket->type, socket->protocol);
    if (stand_in != 0) {
        struct socket *other = socket_at(sockets, stand_in);
        other->decider.identity =
            identity_make(IDENTITY_OBJECT, socket->decider.identity, socket->decider.choices);
        other->flags = SOCKET_GONE;
        other->shut = SOCKET_SHUT_BOTH;
        other->outstanding = socket->outstanding;
        other->peer = socket->peer;
        socket_at(sockets, socket->peer)->peer = stand_in;
        socket->peer = 0;
    }
    return stand_in;
}

static bool needed(const struct socket *socket) {
    return (socket->flags & SOCKET_GONE) == 0 || socket->entries != 0;
}

void socket_rights_drop(struct sockets *sockets, uint32_t index) {
    struct socket *socket = socket_at(sockets, index);
    while (socket->rights_first != 0) {
        const uint32_t first = socket->rights_first;
        socket->rights_first = rights_at(sockets->rights, first)->next;
        rights_drop(sockets->rights, first);
    }
    socket->rights_last = 0;
}

static void give(struct sockets *sockets, uint32_t index) {
    struct socket *socket = socket_at(sockets, index);
    ASSERT(socket->rights_first == 0);
    ASSERT((socket->flags & SOCKET_BOUND) == 0);
    bytes_drop(&sockets->bytes, &socket->in);
    socket->domain = 0;
    pool_give(&sockets->table, index);
}

void socket_release(struct sockets *sockets, uint32_t index) {
    struct socket *socket = socket_at(sockets, index);
    const uint32_t peer = socket->peer;
    if (needed(socket) || (peer != 0 && needed(socket_at(sockets, peer)))) {
        return;
    }
    give(sockets, index);
    if (peer != 0 && peer != index) {
        ASSERT(socket_at(sockets, peer)->peer == index);
        give(sockets, peer);
    }
}

int socket_error_take(struct socket *socket) {
    const int error = -socket->error;
    socket->error = 0;
    return error;
}

uint64_t socket_deadline(const struct sockets *sockets, uint64_t timeout_ns) {
    return timeout_ns == 0 ? AGENDA_NEVER
                           : vclock_after_ns(&sockets->schedule->clock,
                                             schedule_running(sockets->schedule)->node,
                                             timeout_ns);
}

int socket_wait(struct sockets *sockets,
                struct wait_queue *queue,
                uint64_t deadline_ns,
                enum point_kind kind,
                uint32_t index,
                const void *site) {
    const struct wait_cause cause = {.kind = (uint16_t)kind,
                                     .object = socket_at(sockets, index)->object,
                                     .site = site};
    switch (schedule_wait(sockets->schedule, queue, deadline_ns, &cause)) {
    case WAKE_TIMEOUT:
        return -EAGAIN;
    case WAKE_INTERRUPTED:
        return -EINTR;
    case WAKE_SIGNALLED:
        break;
    }
    return 0;
}

void socket_notify(struct sockets *sockets, uint32_t index, uint32_t events) {
    struct socket *socket = socket_at(sockets, index);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && socket->readers.first != 0) {
        schedule_wake(sockets->schedule, &socket->readers, UINT32_MAX);
    }
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && socket->writers.first != 0) {
        schedule_wake(sockets->schedule, &socket->writers, UINT32_MAX);
    }
    if (sockets->changed != NULL && (socket->flags & SOCKET_GONE) == 0) {
        sockets->changed(sockets->changed_context, index, events);
    }
}

uint32_t socket_capacity(const struct sockets *sockets, const struct socket *socket) {
    return socket->domain == AF_UNIX
               ? socket->send_size
               : socket->send_size + socket_at(sockets, socket->peer)->receive_size;
}

uint32_t socket_room(const struct sockets *sockets, const struct socket *socket) {
    const uint32_t capacity = socket_capacity(sockets, socket);
    return capacity > socket->outstanding ? capacity - socket->outstanding : 0;
}

bool socket_writable(const struct sockets *sockets, const struct socket *socket) {
    const uint64_t capacity = socket_capacity(sockets, socket);
    return socket->domain == AF_UNIX ? (uint64_t)socket->outstanding * 4 <= capacity
                                     : (uint64_t)socket->outstanding * 3 <= capacity * 2;
}
