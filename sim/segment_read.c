/* Messages of a stream that have arrived, by their sizes, until somebody reads them. A message is
 * what one send gave. */
#include <stddef.h>
#include <sys/socket.h>

#include "sim/panic.h"
#include "sim/segment.h"
#include "sim/segment_parts.h"

static bool is_named(const struct segments *segments, const struct socket *socket) {
    return schedule_names(segments->sockets->schedule, OCCASION_READ) && socket->domain != AF_UNIX;
}

void segment_unread_add(struct segments *segments, uint32_t index, uint32_t size, bool is_rest) {
    struct socket *socket = socket_at(segments->sockets, index);
    if (!is_named(segments, socket) || size == 0) {
        return;
    }
    const uint32_t added = pool_take(&segments->table);
    if (added == 0) {
        return; /* a million lie there: it is read without a name */
    }
    *segment_at(segments, added) =
        (struct segment){.size = size,
                         .flags = is_rest ? SEGMENT_ASKED : 0,
                         .from = socket_at(segments->sockets, socket->peer)->node};
    if (socket->unread_last != 0) {
        segment_at(segments, socket->unread_last)->next = added;
    } else {
        socket->unread_first = added;
    }
    socket->unread_last = added;
}

/* Somebody has stood before the read of the message that begins at this position of the stream. */
static void happened(struct segments *segments, const struct socket *socket, uint64_t position) {
    uint64_t at = socket->pulled;
    for (uint32_t i = socket->unread_first; i != 0 && at <= position;
         i = segment_at(segments, i)->next) {
        if (at == position) {
            segment_at(segments, i)->occasions = 0;
        }
        at += segment_at(segments, i)->size;
    }
}

/* While one stands there, another thread may come to the same message, or read it. */
bool segment_unread_stand(struct segments *segments, uint32_t index, uint32_t size) {
    const struct socket *socket = socket_at(segments->sockets, index);
    uint64_t at = socket->pulled;
    const uint64_t end = at + size;
    for (uint32_t i = socket->unread_first; i != 0 && at < end; i = segment_at(segments, i)->next) {
        struct segment *message = segment_at(segments, i);
        if ((message->flags & SEGMENT_ASKED) == 0) {
            const struct occasion fact = {.instant = OCCASION_READ,
                                          .node = socket->node,
                                          .peer = message->from};
            message->flags |= SEGMENT_ASKED;
            message->occasions = schedule_ask(segments->sockets->schedule, &fact);
        }
        if (message->occasions != 0) {
            schedule_stand(segments->sockets->schedule, message->occasions);
            happened(segments, socket, at);
            return false;
        }
        at += message->size;
    }
    return true;
}

static void drop_first(struct segments *segments, struct socket *socket) {
    const uint32_t first = socket->unread_first;
    socket->unread_first = segment_at(segments, first)->next;
    socket->unread_last = socket->unread_first == 0 ? 0 : socket->unread_last;
    pool_give(&segments->table, first);
}

void segment_unread_take(struct segments *segments, uint32_t index, uint32_t size) {
    struct socket *socket = socket_at(segments->sockets, index);
    while (socket->unread_first != 0 && size > 0) {
        struct segment *first = segment_at(segments, socket->unread_first);
        const uint32_t part = first->size < size ? first->size : size;
        first->size -= part;
        first->flags |= SEGMENT_ASKED; /* its first byte is gone */
        first->occasions = 0;
        size -= part;
        if (first->size == 0) {
            drop_first(segments, socket);
        }
    }
}

void segment_unread_drop(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    while (socket->unread_first != 0) {
        drop_first(segments, socket);
    }
}
