#include "sim/packet.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sim/panic.h"

enum message { MESSAGE_PACKET, MESSAGE_UNREACHABLE };

static void message_fire(void *context, const struct agenda_item *item);
static bool message_fact(void *context, const struct agenda_item *item, struct occasion *fact);

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
    schedule_handler_describe(sockets->schedule, packets->handler, message_fact);
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
    memset(packet, 0, offsetof(struct packet, from));
    packet->size = size;
    return index;
}

void packet_sender_set(struct packets *packets, uint32_t index, uint32_t sender) {
    struct packet *packet = packet_at(packets, index);
    const uint32_t before = packet->sender;
    if (sender != 0) {
        socket_at(packets->sockets, sender)->entries++;
    }
    packet->sender = sender;
    if (before != 0) {
        socket_at(packets->sockets, before)->entries--;
        socket_release(packets->sockets, before);
    }
}

void packet_give(struct packets *packets, uint32_t index) {
    const uint32_t rights = packet_at(packets, index)->rights;
    if (rights != 0) {
        rights_drop(packets->sockets->rights, rights);
    }
    packet_sender_set(packets, index, 0);
    bytes_drop(&packets->sockets->bytes, &packet_at(packets, index)->bytes);
    pool_give(&packets->table, index);
}

uint64_t packet_parts_size(const struct iovec *parts, uint32_t count) {
    uint64_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        size += parts[i].iov_len;
    }
    return size;
}

void packet_fill(struct packets *packets,
                 uint32_t index,
                 const struct iovec *parts,
                 uint32_t count) {
    struct packet *packet = packet_at(packets, index);
    ASSERT(packet->bytes.size == 0 && packet_parts_size(parts, count) == packet->size);
    for (uint32_t i = 0; i < count; i++) {
        bytes_push(&packets->sockets->bytes,
                   &packet->bytes,
                   parts[i].iov_base,
                   (uint32_t)parts[i].iov_len);
    }
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
    socket->pulled++;
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

static void unreachable_send(struct packets *packets, uint32_t index) {
    struct sockets *sockets = packets->sockets;
    const struct packet *packet = packet_at(packets, index);
    if (packet->sender == 0 || (socket_at(sockets, packet->sender)->flags & SOCKET_GONE) != 0) {
        packet_give(packets, index);
        return;
    }
    struct socket *sender = socket_at(sockets, packet->sender);
    const struct network_passage passage =
        network_pass(sockets->network, packet->node, sender->node, 0, &sender->decider, NULL);
    schedule_timer_start(sockets->schedule,
                         passage.due_ns,
                         packets->handler,
                         index,
                         MESSAGE_UNREACHABLE);
}

/* The sender's kernel finds the socket by both addresses, and tells it only if it is connected. */
static void unreachable_arrive(struct packets *packets, uint32_t index) {
    const struct packet *packet = packet_at(packets, index);
    const uint32_t node = socket_at(packets->sockets, packet->sender)->node;
    const uint32_t found =
        binding_find(packets->bindings, node, SOCK_DGRAM, &packet->from, &packet->to);
    struct socket *socket = found != 0 ? socket_at(packets->sockets, found) : NULL;
    if (socket != NULL && (socket->flags & SOCKET_JOINED) != 0) {
        socket->error = ECONNREFUSED;
        network_event(packets->sockets->network,
                      POINT_MESSAGE_ARRIVE,
                      node,
                      socket->object,
                      -ECONNREFUSED);
        socket_notify(packets->sockets, found, EPOLLERR);
    }
    packet_give(packets, index);
}

/* Where a packet comes from, or where what is told of it does, and where it is to arrive. */
struct way {
    uint32_t from, to;
};

static struct way way_of(const struct packets *packets, uint32_t index, bool comes_back) {
    const struct packet *packet = packet_at(packets, index);
    const uint32_t sender = socket_at(packets->sockets, packet->sender)->node;
    return comes_back ? (struct way){packet->node, sender} : (struct way){sender, packet->node};
}

static bool is_cut_off(const struct packets *packets, struct way way) {
    return network_blocked_ns(packets->sockets->network, way.from, way.to) != 0;
}

/* Its link is clogged: it comes when that is over, if ever. */
static void
stand_still(struct packets *packets, const struct agenda_item *item, uint64_t until_ns) {
    struct packet *packet = packet_at(packets, item->subject);
    if (until_ns == AGENDA_NEVER) {
        packet_give(packets, item->subject);
        return;
    }
    packet->latest_ns += until_ns - packet->earliest_ns;
    packet->earliest_ns = until_ns;
    schedule_timer_start(packets->sockets->schedule,
                         until_ns,
                         packets->handler,
                         item->subject,
                         item->value);
}

static void arrive(struct packets *packets, uint32_t index) {
    struct packet *packet = packet_at(packets, index);
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
            packet_sender_set(packets, index, 0);
            receive_udp(packets, target, index);
        } else {
            unreachable_send(packets, index);
        }
    }
}

static void message_fire(void *context, const struct agenda_item *item) {
    struct packets *packets = context;
    const struct way way = way_of(packets, item->subject, item->value != MESSAGE_PACKET);
    const uint64_t clogged = network_clogged_ns(packets->sockets->network, way.from, way.to);
    if (is_cut_off(packets, way)) {
        packet_give(packets, item->subject);
    } else if (clogged != 0) {
        stand_still(packets, item, clogged);
    } else if (item->value == MESSAGE_PACKET) {
        arrive(packets, item->subject);
    } else {
        unreachable_arrive(packets, item->subject);
    }
}

static bool message_fact(void *context, const struct agenda_item *item, struct occasion *fact) {
    const struct packets *packets = context;
    const struct way way = way_of(packets, item->subject, false);
    if (item->value != MESSAGE_PACKET || is_cut_off(packets, way) ||
        network_clogged_ns(packets->sockets->network, way.from, way.to) != 0) {
        return false;
    }
    const struct packet *packet = packet_at(packets, item->subject);
    *fact = (struct occasion){.instant = OCCASION_ARRIVES,
                              .node = packet->node,
                              .peer = socket_at(packets->sockets, packet->sender)->node,
                              .earliest_ns = packet->earliest_ns,
                              .latest_ns = packet->latest_ns};
    return true;
}

/* ---- occasions ---- */

static void send_stand(struct packets *packets, uint32_t from, uint32_t to) {
    struct schedule *schedule = packets->sockets->schedule;
    const struct occasion fact = {.instant = OCCASION_SENT, .node = to, .peer = from};
    schedule_stand(schedule, schedule_ask(schedule, &fact));
}

void packet_send_stand(struct packets *packets, uint32_t index, uint32_t node) {
    const uint32_t from = socket_at(packets->sockets, index)->node;
    const uint32_t count = packets->sockets->network->description->node_count;
    for (uint32_t to = node == 0 ? 1 : node; to <= (node == 0 ? count : node); to++) {
        send_stand(packets, from, to);
    }
}

/* While one stands there, another thread may come to the same one, or read it. */
bool packet_read_stand(struct packets *packets, uint32_t index) {
    struct sockets *sockets = packets->sockets;
    const struct socket *socket = socket_at(sockets, index);
    const uint32_t first = socket->packet_first;
    if (!schedule_names(sockets->schedule, OCCASION_READ) || socket->domain == AF_UNIX) {
        return false;
    }
    struct packet *packet = packet_at(packets, first);
    if (!packet->asked) {
        const struct occasion fact = {
            .instant = OCCASION_READ,
            .node = socket->node,
            .peer = address_node(sockets->network->description, socket->node, &packet->from)};
        packet->asked = true;
        packet->occasions = schedule_ask(sockets->schedule, &fact);
    }
    if (packet->occasions == 0) {
        return false;
    }
    const uint64_t taken = socket->pulled;
    schedule_stand(sockets->schedule, packet->occasions);
    if (socket->pulled == taken) {
        packet->occasions = 0;
    }
    return true;
}

/* ---- sending ---- */

static void launch(struct packets *packets, uint32_t index, uint32_t packet, const void *site) {
    struct sockets *sockets = packets->sockets;
    struct socket *socket = socket_at(sockets, index);
    struct packet *record = packet_at(packets, packet);
    const struct network_passage passage = network_pass(sockets->network,
                                                        socket->node,
                                                        record->node,
                                                        record->size,
                                                        &socket->decider,
                                                        site);
    record->earliest_ns = passage.earliest_ns;
    record->latest_ns = passage.latest_ns;
    packet_sender_set(packets, packet, index);
    schedule_timer_start(sockets->schedule,
                         passage.due_ns,
                         packets->handler,
                         packet,
                         MESSAGE_PACKET);
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
    const uint32_t size = packet_at(packets, packet)->size;
    if (node == 0 ||
        network_lost(sockets->network, socket->node, node, size, &socket->decider, site)) {
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
