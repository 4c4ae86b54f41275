#include "sim/packet.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sim/panic.h"

enum message { MESSAGE_PACKET, MESSAGE_UNREACHABLE };

static void message_fire(void *context, const struct agenda_item *item);

uint64_t packet_arena_size(void) {
    return ((uint64_t)PACKETS_MAX + 1) * sizeof(struct packet) + 64;
}

void packet_init(struct packets *packets,
                 struct arena *arena,
                 struct sockets *sockets,
                 struct bindings *bindings) {
    *packets = (struct packets){.sockets = sockets, .bindings = bindings};
    pool_init(&packets->table, arena, sizeof(struct packet), PACKETS_MAX);
    packets->handler = schedule_handler_add(sockets->schedule, message_fire, packets);
}

void packet_begin(struct packets *packets) {
    pool_reset(&packets->table);
}

/* ---- records ---- */

uint32_t packet_take(struct packets *packets, uint32_t size) {
    const uint32_t index = pool_take(&packets->table);
    if (index == 0) {
        verdict_set(packets->sockets->schedule->verdict,
                    VERDICT_LIMIT,
                    "more than %u datagrams wait",
                    PACKETS_MAX);
        schedule_end(packets->sockets->schedule);
    }
    struct packet *packet = packet_at(packets, index);
    memset(packet, 0, offsetof(struct packet, name));
    packet->size = size;
    return index;
}

void packet_give(struct packets *packets, uint32_t index) {
    bytes_drop(&packets->sockets->bytes, &packet_at(packets, index)->bytes);
    pool_give(&packets->table, index);
}

static uint32_t packet_copy(struct packets *packets, uint32_t index) {
    unsigned char block[512];
    const struct packet *from = packet_at(packets, index);
    const uint32_t copy = packet_take(packets, from->size);
    struct packet *to = packet_at(packets, copy);
    to->from = from->from;
    to->to = from->to;
    to->node = from->node;
    to->broadcast = from->broadcast;
    for (uint32_t at = 0; at < from->size;) {
        const uint32_t left = from->size - at;
        const uint32_t count = left < sizeof block ? left : (uint32_t)sizeof block;
        bytes_peek(&packets->sockets->bytes, &from->bytes, at, block, count);
        bytes_push(&packets->sockets->bytes, &to->bytes, block, count);
        at += count;
    }
    return copy;
}

/* ---- arrival ---- */

void packet_enqueue(struct packets *packets, uint32_t index, uint32_t packet) {
    struct socket *socket = socket_at(packets->sockets, index);
    struct packet *record = packet_at(packets, packet);
    record->next = 0;
    if (socket->packet_last != 0) {
        packet_at(packets, socket->packet_last)->next = packet;
    } else {
        socket->packet_first = packet;
    }
    socket->packet_last = packet;
    socket->waiting++;
    socket->readable += record->size + PACKET_OVERHEAD;
    schedule_progress(packets->sockets->schedule);
    socket_notify(packets->sockets, index, EPOLLIN);
}

uint32_t packet_dequeue(struct packets *packets, uint32_t index) {
    struct socket *socket = socket_at(packets->sockets, index);
    const uint32_t packet = socket->packet_first;
    ASSERT(packet != 0);
    const struct packet *record = packet_at(packets, packet);
    socket->packet_first = record->next;
    if (record->next == 0) {
        socket->packet_last = 0;
    }
    socket->waiting--;
    socket->readable -= record->size + PACKET_OVERHEAD;
    return packet;
}

/* Puts it into the socket's buffer, or drops it when that is full. */
static void receive_udp(struct packets *packets, uint32_t index, uint32_t packet) {
    const struct socket *socket = socket_at(packets->sockets, index);
    const struct packet *record = packet_at(packets, packet);
    network_event(packets->sockets->network,
                  POINT_MESSAGE_ARRIVE,
                  socket->node,
                  socket->object,
                  record->size);
    if (socket->readable + record->size + PACKET_OVERHEAD > socket->receive_size) {
        packet_give(packets, packet);
        return;
    }
    packet_enqueue(packets, index, packet);
}

struct broadcast {
    struct packets *packets;
    uint32_t packet;
};

static void broadcast_visit(void *context, uint32_t index) {
    const struct broadcast *broadcast = context;
    receive_udp(broadcast->packets, index, packet_copy(broadcast->packets, broadcast->packet));
}

static void unreachable_send(struct packets *packets, const struct packet *packet) {
    struct sockets *sockets = packets->sockets;
    struct socket *sender = socket_at(sockets, packet->sender);
    if (packet->sender == 0 || sender->remote.port == 0) {
        return;
    }
    sender->entries++;
    const uint64_t due_ns =
        network_arrival_ns(sockets->network, packet->node, sender->node, 0, &sender->decider, NULL);
    schedule_timer_start(sockets->schedule,
                         due_ns,
                         packets->handler,
                         packet->sender,
                         MESSAGE_UNREACHABLE);
}

static void arrive(struct packets *packets, uint32_t index) {
    struct sockets *sockets = packets->sockets;
    struct packet *packet = packet_at(packets, index);
    const uint32_t sender = packet->sender;
    if (packet->broadcast) {
        const struct broadcast broadcast = {packets, index};
        binding_each(packets->bindings,
                     packet->node,
                     packet->to.port,
                     broadcast_visit,
                     (void *)(uintptr_t)&broadcast);
        packet_give(packets, index);
    } else {
        const uint32_t target =
            binding_find(packets->bindings, packet->node, SOCK_DGRAM, &packet->to, &packet->from);
        if (target != 0) {
            receive_udp(packets, target, index);
        } else {
            unreachable_send(packets, packet);
            packet_give(packets, index);
        }
    }
    if (sender != 0) {
        socket_at(sockets, sender)->entries--;
        socket_release(sockets, sender);
    }
}

static void message_fire(void *context, const struct agenda_item *item) {
    struct packets *packets = context;
    if (item->value == MESSAGE_PACKET) {
        arrive(packets, item->subject);
        return;
    }
    struct socket *socket = socket_at(packets->sockets, item->subject);
    if ((socket->flags & SOCKET_GONE) == 0 && socket->remote.port != 0) {
        socket->error = ECONNREFUSED;
        network_event(packets->sockets->network,
                      POINT_MESSAGE_ARRIVE,
                      socket->node,
                      socket->object,
                      -ECONNREFUSED);
        socket_notify(packets->sockets, item->subject, EPOLLERR);
    }
    socket->entries--;
    socket_release(packets->sockets, item->subject);
}

/* ---- sending ---- */

static void launch(struct packets *packets, uint32_t index, uint32_t packet, const void *site) {
    struct sockets *sockets = packets->sockets;
    struct socket *socket = socket_at(sockets, index);
    struct packet *record = packet_at(packets, packet);
    const uint64_t due_ns = network_arrival_ns(sockets->network,
                                               socket->node,
                                               record->node,
                                               record->size,
                                               &socket->decider,
                                               site);
    record->sender = index;
    socket->entries++;
    schedule_timer_start(sockets->schedule, due_ns, packets->handler, packet, MESSAGE_PACKET);
}

/* Sends what was filled in to one node. */
void packet_send(struct packets *packets,
                 uint32_t index,
                 uint32_t packet,
                 uint32_t node,
                 const void *site) {
    struct sockets *sockets = packets->sockets;
    struct socket *socket = socket_at(sockets, index);
    packet_at(packets, packet)->node = node;
    if (node == 0 || network_lost(sockets->network, socket->node, node, &socket->decider, site)) {
        packet_give(packets, packet);
        return;
    }
    if (network_duplicated(sockets->network, socket->node, node, &socket->decider, site)) {
        launch(packets, index, packet_copy(packets, packet), site);
    }
    launch(packets, index, packet, site);
}

void packet_broadcast(struct packets *packets, uint32_t index, uint32_t packet, const void *site) {
    const uint32_t count = packets->sockets->network->description->node_count;
    packet_at(packets, packet)->broadcast = true;
    for (uint32_t node = 1; node < count; node++) {
        packet_send(packets, index, packet_copy(packets, packet), node, site);
    }
    packet_send(packets, index, packet, count, site);
}
