#include "sim/segment.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sim/panic.h"
#include "sim/segment_parts.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

/* The entry's value: what it is, how often it was tried, which connection it is of, a number. */
enum message { MESSAGE_SYN, MESSAGE_ANSWER, MESSAGE_REFUSAL, MESSAGE_SEGMENT, MESSAGE_CREDIT };

static void message_fire(void *context, const struct agenda_item *item);
static bool message_fact(void *context, const struct agenda_item *item, struct occasion *fact);

static uint64_t value_of(enum message message, uint32_t tries, uint32_t number) {
    return (uint64_t)number << 32 | tries << 8 | message;
}

struct segment *segment_at(const struct segments *segments, uint32_t index) {
    return (struct segment *)pool_at(&segments->table, index);
}

uint64_t segment_arena_size(void) {
    return ((uint64_t)SEGMENTS_MAX + 1) * sizeof(struct segment) + 64;
}

void segment_init(struct segments *segments,
                  struct arena *arena,
                  struct sockets *sockets,
                  struct bindings *bindings) {
    *segments = (struct segments){.sockets = sockets, .bindings = bindings};
    pool_init(&segments->table, arena, sizeof(struct segment), SEGMENTS_MAX);
    segments->handler = schedule_handler_add(sockets->schedule, message_fire, segments);
    schedule_handler_describe(sockets->schedule, segments->handler, message_fact);
}

void segment_begin(struct segments *segments) {
    pool_reset(&segments->table);
}

/* ---- sending ---- */

static void
entry_start(struct segments *segments, uint32_t index, uint64_t due_ns, uint64_t value) {
    struct socket *socket = socket_at(segments->sockets, index);
    socket->entries++;
    value |= (uint64_t)socket->life << 16;
    schedule_timer_start(segments->sockets->schedule, due_ns, segments->handler, index, value);
}

/* A message from one node's socket to another socket, which may still be on its way into being. */
static struct network_passage message_send(struct segments *segments,
                                           uint32_t from,
                                           uint32_t to,
                                           uint32_t size,
                                           uint64_t value,
                                           const void *site) {
    struct socket *sender = socket_at(segments->sockets, from);
    const uint32_t target = socket_at(segments->sockets, to)->node;
    const struct network_passage passage = network_pass(segments->sockets->network,
                                                        sender->node,
                                                        target,
                                                        size,
                                                        &sender->decider,
                                                        site);
    entry_start(segments, to, passage.due_ns, value);
    return passage;
}

/* Bytes on their way to a socket; those of the segment or of what is left of it. */
static void segment_launch(struct segments *segments,
                           struct segment *segment,
                           uint32_t from,
                           uint32_t to,
                           uint32_t size,
                           const void *site) {
    const struct network_passage passage =
        message_send(segments, from, to, size, value_of(MESSAGE_SEGMENT, 0, 0), site);
    segment->earliest_ns = passage.earliest_ns;
    segment->latest_ns = passage.latest_ns;
}

void segment_connect(struct segments *segments, uint32_t index, const void *site) {
    struct sockets *sockets = segments->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint32_t node =
        address_node(sockets->network->description, socket->node, &socket->remote);
    socket->connect_ns = schedule_now_ns(sockets->schedule);
    if (node == 0) {
        const bool noticed = address_on_link(&socket->remote);
        entry_start(segments,
                    index,
                    socket->connect_ns + (noticed ? SEGMENT_NO_HOST_NS : SEGMENT_CONNECT_NS),
                    value_of(MESSAGE_REFUSAL, 0, noticed ? EHOSTUNREACH : ETIMEDOUT));
        return;
    }
    const struct network_passage passage =
        network_pass(sockets->network, socket->node, node, 0, &socket->decider, site);
    entry_start(segments, index, passage.due_ns, value_of(MESSAGE_SYN, 0, node));
}

static void deliver(struct segments *segments, uint32_t index);

void segment_send(struct segments *segments,
                  uint32_t index,
                  uint32_t size,
                  uint32_t flags,
                  const void *site) {
    struct sockets *sockets = segments->sockets;
    struct socket *sender = socket_at(sockets, index);
    const uint32_t peer = sender->peer;
    if ((flags & SEGMENT_END) != 0) {
        sender->flags |= SOCKET_END_SENT;
        sender->flags |= (sender->flags & SOCKET_ENDED) == 0 ? SOCKET_ENDS_FIRST : 0u;
    }
    struct socket *receiver = socket_at(sockets, peer);
    const uint32_t added = pool_take(&segments->table);
    if (added == 0) {
        verdict_set(sockets->schedule->verdict,
                    VERDICT_LIMIT,
                    "more than %u segments are on their way",
                    SEGMENTS_MAX);
        schedule_end(sockets->schedule);
    }
    struct segment *segment = segment_at(segments, added);
    segment->next = 0;
    segment->size = size;
    segment->flags = flags;
    if (receiver->segment_last != 0) {
        segment_at(segments, receiver->segment_last)->next = added;
    } else {
        receiver->segment_first = added;
    }
    receiver->segment_last = added;
    socket_at(sockets, index)->outstanding += size;
    if (receiver->domain == AF_UNIX) {
        deliver(segments, peer);
    } else {
        segment_launch(segments, segment, index, peer, size, site);
    }
}

/* ---- room ---- */

/* The sender learns that `size` bytes were read. */
static void credit_arrive(struct segments *segments, uint32_t index, uint32_t size) {
    struct socket *socket = socket_at(segments->sockets, index);
    ASSERT(socket->outstanding >= size);
    socket->outstanding -= size;
    if ((socket->flags & SOCKET_STARVED) != 0 && socket_writable(segments->sockets, socket)) {
        socket->flags &= ~(uint32_t)SOCKET_STARVED;
        socket_notify(segments->sockets, index, EPOLLOUT);
    }
}

void segment_credit(struct segments *segments, uint32_t index, uint32_t size) {
    struct socket *socket = socket_at(segments->sockets, index);
    const uint32_t peer = socket->peer;
    struct socket *sender = socket_at(segments->sockets, peer);
    if ((sender->flags & SOCKET_STARVED) == 0 || socket->domain == AF_UNIX) {
        credit_arrive(segments, peer, size);
        return;
    }
    socket->credit += size;
    if (socket->readable == 0 || socket->credit >= socket_capacity(segments->sockets, sender) / 3) {
        message_send(segments, index, peer, 0, value_of(MESSAGE_CREDIT, 0, socket->credit), NULL);
        socket->credit = 0;
    }
}

/* ---- arrival ---- */

void segment_enqueue(struct segments *segments, uint32_t listener, uint32_t index) {
    struct sockets *sockets = segments->sockets;
    struct socket *host = socket_at(sockets, listener);
    if (host->accept_last != 0) {
        socket_at(sockets, host->accept_last)->accept_next = index;
    } else {
        host->accept_first = index;
    }
    host->accept_last = index;
    socket_at(sockets, index)->accept_next = 0;
    socket_notify(sockets, listener, EPOLLIN);
}

/* The listener's side of a connect has heard from the other one again. */
static void handshake_arrive(struct segments *segments, uint32_t index, bool reset) {
    struct sockets *sockets = segments->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint32_t listener = socket->target;
    struct socket *host = socket_at(sockets, listener);
    const bool listens = host->state == SOCKET_LISTENING;
    socket->target = 0;
    if (listens && !reset) {
        socket->state = SOCKET_CONNECTED;
        segment_enqueue(segments, listener, index);
    } else {
        host->waiting -= listens ? 1 : 0;
        lease_end(&segments->bindings->leases, index);
        socket->state = SOCKET_CLOSED;
        socket->shut = SOCKET_SHUT_BOTH;
        socket->entries--; /* its place in the queue; the message itself is still counted */
        if (!reset) {
            segment_send(segments, index, 0, SEGMENT_RESET, NULL);
        }
    }
    host->entries--;
    socket_release(sockets, listener);
}

static bool orphaned(const struct socket *socket) {
    return (socket->flags & SOCKET_GONE) != 0 && socket->object != 0;
}

/* Bytes for a socket that reads; for one that never will again they are answered by a reset. */
static void data_arrive(struct segments *segments, uint32_t index, uint32_t size, bool is_rest) {
    struct sockets *sockets = segments->sockets;
    struct socket *socket = socket_at(sockets, index);
    const bool connected = socket->state == SOCKET_CONNECTED;
    const bool deaf = socket->domain != AF_UNIX && socket->shut == SOCKET_SHUT_BOTH &&
                      (socket->flags & SOCKET_END_SENT) != 0;
    if (connected && !orphaned(socket) && !deaf) {
        segment_unread_add(segments, index, size, is_rest);
        socket->readable += size;
        socket_notify(sockets, index, EPOLLIN);
        return;
    }
    if (connected && deaf) {
        segment_kill(segments, index, ECONNRESET);
    }
    lease_end(&segments->bindings->leases, index);
    if ((connected || (socket->flags & SOCKET_GONE) != 0) &&
        socket_at(sockets, socket->peer)->state == SOCKET_CONNECTED) {
        segment_send(segments, index, 0, SEGMENT_RESET, NULL);
    }
}

/* A router may cut a segment in two: the first part arrives now, the other on its own. So a read
 * that comes short is followed by more readiness, as users of edge-triggered epoll rely on. */
static bool split(struct segments *segments, uint32_t index, uint32_t first) {
    struct sockets *sockets = segments->sockets;
    struct socket *socket = socket_at(sockets, index);
    struct segment *segment = segment_at(segments, first);
    struct socket *sender = socket_at(sockets, socket->peer);
    struct choices *choices = sockets->schedule->choices;
    if (segment->size < 2 || socket->domain == AF_UNIX || socket->state != SOCKET_CONNECTED ||
        !choices_chance(choices,
                        CHOICE_SHORT,
                        sender->node,
                        &sender->decider,
                        NULL,
                        1,
                        SEGMENT_SHORT_DENOMINATOR)) {
        return false;
    }
    const uint32_t part = segment->size - 1 -
                          (uint32_t)choices_draw(choices,
                                                 CHOICE_SHORT,
                                                 sender->node,
                                                 &sender->decider,
                                                 NULL,
                                                 segment->size - 1);
    segment->size -= part;
    if (!orphaned(socket)) {
        segment_unread_add(segments, index, part, (segment->flags & SEGMENT_REST) != 0);
        socket->readable += part;
        socket_notify(sockets, index, EPOLLIN);
    }
    segment->flags |= SEGMENT_REST;
    segment_launch(segments, segment, socket->peer, index, 0, NULL);
    return true;
}

/* Delivers the first segment on its way to a socket. */
static void deliver(struct segments *segments, uint32_t index) {
    struct sockets *sockets = segments->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint32_t first = socket->segment_first;
    if (first == 0 || split(segments, index, first)) {
        return;
    }
    const struct segment segment = *segment_at(segments, first);
    socket->segment_first = segment.next;
    if (segment.next == 0) {
        socket->segment_last = 0;
    }
    pool_give(&segments->table, first);
    schedule_progress(sockets->schedule);
    if (socket->state == SOCKET_ANSWERED) {
        handshake_arrive(segments, index, (segment.flags & SEGMENT_RESET) != 0);
    } else if ((segment.flags & SEGMENT_RESET) != 0) {
        segment_reset_arrive(segments, index);
    }
    if (segment.size > 0 || (socket->flags & SOCKET_VANISHED) != 0) {
        data_arrive(segments, index, segment.size, (segment.flags & SEGMENT_REST) != 0);
    }
    if ((segment.flags & SEGMENT_END) != 0 && socket->state == SOCKET_CONNECTED) {
        segment_end_arrive(segments, index);
    }
}

/* Who connects to its own port, where nobody listens, opens from both sides at once. */
static bool is_itself(const struct socket *socket, uint32_t node) {
    return node == socket->node && socket->remote.port == socket->local.port &&
           address_equal(&socket->remote, &socket->local);
}

static void syn_arrive(struct segments *segments, uint32_t index, const struct agenda_item *item) {
    struct sockets *sockets = segments->sockets;
    struct socket *socket = socket_at(sockets, index);
    const uint32_t node = (uint32_t)(item->value >> 32);
    const uint32_t tries = (uint32_t)item->value >> 8 & 0xff;
    if (socket->state != SOCKET_CONNECTING) {
        return; /* it was closed meanwhile */
    }
    const uint32_t listener =
        binding_find(segments->bindings, node, SOCK_STREAM, &socket->remote, &socket->local);
    const uint64_t blocked = network_blocked_ns(sockets->network, socket->node, node);
    const bool refused = network_refuses(sockets->network, node);
    struct socket *host = listener != 0 && !refused ? socket_at(sockets, listener) : NULL;
    if (blocked != 0 || (host != NULL && host->waiting > host->backlog)) {
        const uint64_t due_ns = socket->connect_ns + ((UINT64_C(2) << tries) - 1) * NS_PER_S;
        const uint64_t last_ns = socket->connect_ns + SEGMENT_CONNECT_NS;
        entry_start(segments,
                    index,
                    due_ns < last_ns ? due_ns : last_ns,
                    due_ns < last_ns ? value_of(MESSAGE_SYN, tries + 1, node)
                                     : value_of(MESSAGE_REFUSAL, 0, ETIMEDOUT));
        return;
    }
    if (host == NULL && is_itself(socket, node)) {
        socket->peer = index;
        socket->state = SOCKET_CONNECTED;
        socket_notify(sockets, index, EPOLLOUT);
        return;
    }
    const uint32_t child = host != NULL ? socket_spawn(sockets, listener, &socket->decider) : 0;
    if (child == 0) {
        const struct network_passage passage =
            network_pass(sockets->network, node, socket->node, 0, &socket->decider, NULL);
        entry_start(segments, index, passage.due_ns, value_of(MESSAGE_REFUSAL, 0, ECONNREFUSED));
        return;
    }
    struct socket *answer = socket_at(sockets, child);
    answer->local = socket->remote;
    answer->remote = socket->local;
    answer->local.family = answer->remote.family = answer->domain;
    answer->state = SOCKET_ANSWERED;
    answer->flags |= SOCKET_GONE; /* until it is accepted */
    answer->entries = 1;          /* its place in the queue */
    answer->peer = index;
    answer->target = listener;
    lease_open(&segments->bindings->leases, child);
    socket->peer = child;
    host->entries++;
    host->waiting++;
    message_send(segments, child, index, 0, value_of(MESSAGE_ANSWER, 0, 0), NULL);
}

static void answer_arrive(struct segments *segments, uint32_t index) {
    struct socket *socket = socket_at(segments->sockets, index);
    if (socket->state != SOCKET_CONNECTING) {
        segment_send(segments, index, 0, SEGMENT_RESET, NULL);
        return;
    }
    socket->state = SOCKET_CONNECTED;
    segment_send(segments, index, 0, SEGMENT_HANDSHAKE, NULL);
    socket_notify(segments->sockets, index, EPOLLOUT);
}

/* Something stands between: the message comes when it is over, and so long later. */
static void hold_back(struct segments *segments,
                      uint32_t index,
                      uint64_t until_ns,
                      uint64_t retry_ns,
                      uint64_t value) {
    struct socket *socket = socket_at(segments->sockets, index);
    const uint64_t now = schedule_now_ns(segments->sockets->schedule);
    const struct socket *sender = socket_at(segments->sockets, socket->peer);
    const uint64_t patience =
        sender->user_timeout_ms != 0 ? sender->user_timeout_ms * NS_PER_MS : SEGMENT_PATIENCE_NS;
    if (until_ns - now <= patience - retry_ns) {
        entry_start(segments, index, until_ns + retry_ns, value);
        return;
    }
    entry_start(segments, socket->peer, now + patience, value_of(MESSAGE_REFUSAL, 0, ETIMEDOUT));
}

/* A message whose link is clogged has not arrived yet. */
static bool stands_still(struct segments *segments, const struct agenda_item *item) {
    const uint32_t index = item->subject;
    const struct socket *socket = socket_at(segments->sockets, index);
    const enum message message = (enum message)(item->value & 0xff);
    const bool is_syn = message == MESSAGE_SYN && socket->state == SOCKET_CONNECTING;
    if (message == MESSAGE_REFUSAL || (message == MESSAGE_SYN && !is_syn) ||
        (uint16_t)(item->value >> 16) != socket->life) {
        return false;
    }
    const uint32_t there =
        is_syn ? (uint32_t)(item->value >> 32) : socket_at(segments->sockets, socket->peer)->node;
    const uint64_t until_ns = network_clogged_ns(segments->sockets->network,
                                                 is_syn ? socket->node : there,
                                                 is_syn ? there : socket->node);
    const uint64_t last_ns = socket->connect_ns + SEGMENT_CONNECT_NS;
    if (until_ns != 0 && is_syn) {
        entry_start(segments,
                    index,
                    until_ns < last_ns ? until_ns : last_ns,
                    until_ns < last_ns ? item->value : value_of(MESSAGE_REFUSAL, 0, ETIMEDOUT));
    } else if (until_ns != 0) {
        hold_back(segments, index, until_ns, 0, item->value);
    }
    return until_ns != 0;
}

static void message_arrive(struct segments *segments, const struct agenda_item *item) {
    const uint32_t index = item->subject;
    struct socket *socket = socket_at(segments->sockets, index);
    const enum message message = (enum message)(item->value & 0xff);
    const uint32_t number = (uint32_t)(item->value >> 32);
    if (message == MESSAGE_SYN) {
        syn_arrive(segments, index, item);
        return;
    }
    if (message == MESSAGE_REFUSAL) {
        if (socket->state == SOCKET_CONNECTING || socket->state == SOCKET_CONNECTED) {
            segment_kill(segments, index, (int)number);
        }
        return;
    }
    const uint32_t from = socket_at(segments->sockets, socket->peer)->node;
    const uint64_t blocked = network_blocked_ns(segments->sockets->network, from, socket->node);
    if (blocked != 0) {
        hold_back(segments, index, blocked, SEGMENT_RETRY_NS, item->value);
    } else if (message == MESSAGE_ANSWER) {
        answer_arrive(segments, index);
    } else if (message == MESSAGE_CREDIT) {
        credit_arrive(segments, index, number);
    } else {
        deliver(segments, index);
    }
}

static void message_fire(void *context, const struct agenda_item *item) {
    struct segments *segments = context;
    struct socket *socket = socket_at(segments->sockets, item->subject);
    const uint32_t object = socket->object != 0 ? socket->object
                            : socket->target != 0
                                ? socket_at(segments->sockets, socket->target)->object
                                : 0;
    const bool bytes = (item->value & 0xff) == MESSAGE_SEGMENT && socket->segment_first != 0;
    if (!stands_still(segments, item)) {
        network_event(segments->sockets->network,
                      POINT_MESSAGE_ARRIVE,
                      socket->node,
                      object,
                      bytes ? segment_at(segments, socket->segment_first)->size : 0);
        if ((uint16_t)(item->value >> 16) == socket->life) {
            message_arrive(segments, item);
        }
    }
    ASSERT(socket->entries > 0);
    socket->entries--;
    socket_release(segments->sockets, item->subject);
}

/* Those with a name have bytes, the first ones of a message, and no partition sends them back. One
 * that was held up by a partition takes as long as its link allows once more. */
static bool message_fact(void *context, const struct agenda_item *item, struct occasion *fact) {
    const struct segments *segments = context;
    const struct socket *socket = socket_at(segments->sockets, item->subject);
    const uint32_t from = socket_at(segments->sockets, socket->peer)->node;
    if ((item->value & 0xff) != MESSAGE_SEGMENT || socket->segment_first == 0 ||
        (uint16_t)(item->value >> 16) != socket->life) {
        return false;
    }
    const struct segment *segment = segment_at(segments, socket->segment_first);
    const bool again = item->due_ns > segment->latest_ns;
    const uint64_t later_ns = again ? item->due_ns - segment->earliest_ns : 0;
    *fact = (struct occasion){.instant = OCCASION_ARRIVES,
                              .node = socket->node,
                              .peer = from,
                              .earliest_ns = segment->earliest_ns + later_ns,
                              .latest_ns = segment->latest_ns + later_ns};
    return segment->size != 0 && (segment->flags & SEGMENT_REST) == 0 &&
           network_blocked_ns(segments->sockets->network, from, socket->node) == 0 &&
           network_clogged_ns(segments->sockets->network, from, socket->node) == 0;
}
