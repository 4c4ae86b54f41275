/* What all sockets have: a record, options' values, waiting and waking.
 *
 *   socket_create ─► (stream or datagram works on it) ─► socket_release: free when nothing is on
 *                                                        its way to it and its peer is gone too
 *
 * Names and ports are in sim/binding.h.
 *
 * Memory:      records in the world's arena, by index; set up when taken.
 * Limits:      SOCKETS_MAX alive at once; then -ENFILE.
 * Units:       bytes, nanoseconds.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: a function of the calls.
 */
#ifndef SIM_SOCKET_H
#define SIM_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "sim/address.h"
#include "sim/bytes.h"
#include "sim/network.h"
#include "sim/rights.h"
#include "sim/schedule.h"
#include "sim/socket_record.h"

#define SOCKETS_MAX 65536u
#define SOCKET_BUFFER_DEFAULT 212992u
#define SOCKET_TCP_SEND_DEFAULT 16384u /* net.ipv4.tcp_wmem */
#define SOCKET_TCP_RECEIVE_DEFAULT 131072u

struct sockets {
    struct pool table;
    struct schedule *schedule;
    struct network *network;
    struct bytes bytes;
    struct rights *rights; /* NULL: none can be sent */
    /* What poll() would see at a socket has changed; set by whoever watches, or NULL. */
    void (*changed)(void *context, uint32_t index, uint32_t events);
    void *changed_context;
};

/* How a call was made. */
struct socket_call {
    uint32_t flags;   /* MSG_PEEK, MSG_DONTWAIT … */
    bool nonblocking; /* O_NONBLOCK of the descriptor */
    uint32_t *rights; /* sim/rights.h. Send: what goes along, 0 once it is on its way. Receive: what
                         came along, now the caller's. 0 = nothing; NULL: the caller has no room */
    const void *site;
};

/* True when the call may block. */
static inline bool socket_waits(const struct socket_call *call) {
    return !call->nonblocking && (call->flags & MSG_DONTWAIT) == 0;
}

uint64_t socket_arena_size(void);

/* Once. */
void socket_init(struct sockets *sockets,
                 struct arena *arena,
                 struct schedule *schedule,
                 struct network *network);

/* Starts a run without sockets. */
void socket_begin(struct sockets *sockets);

static inline struct socket *socket_at(const struct sockets *sockets, uint32_t index) {
    return &((struct socket *)(void *)sockets->table.records)[index];
}

/* A fresh socket of the running thread. Its index, 0 at the limit. */
uint32_t socket_create(struct sockets *sockets, uint16_t domain, uint16_t type, uint16_t protocol);

/* A socket that comes into being on a message for `parent`, whose choices are derived from
 * `creator`: no object id yet. */
uint32_t socket_spawn(struct sockets *sockets, uint32_t parent, const struct decider *creator);

/* A socket that nobody holds takes this one's place beside its peer, and this one has none. Its
 * index, 0 at the limit. */
uint32_t socket_part(struct sockets *sockets, uint32_t index);

/* An entry that named the socket is gone: frees it and its peer when nothing needs them. */
void socket_release(struct sockets *sockets, uint32_t index);

/* What a poll would see has changed: wakes who waits for it (events: EPOLLIN, EPOLLOUT …). */
void socket_notify(struct sockets *sockets, uint32_t index, uint32_t events);

/* What waits in a stream for who reads: files that will not be received any more. */
void socket_rights_drop(struct sockets *sockets, uint32_t index);

/* Waits for readers' or writers' turn. 0, -EINTR, -EAGAIN (the timeout passed). */
int socket_wait(struct sockets *sockets,
                struct wait_queue *queue,
                uint64_t deadline_ns,
                enum point_kind kind,
                uint32_t index,
                const void *site);

/* When a wait that begins now with this timeout ends (0 = never). */
uint64_t socket_deadline(const struct sockets *sockets, uint64_t timeout_ns);

/* Bytes of a stream that may be on their way and unread at its peer; those that may be sent now;
 * and whether a poll would call that writable. */
uint32_t socket_capacity(const struct sockets *sockets, const struct socket *socket);
uint32_t socket_room(const struct sockets *sockets, const struct socket *socket);
bool socket_writable(const struct sockets *sockets, const struct socket *socket);

/* Takes the pending error: 0 or a negative errno. */
int socket_error_take(struct socket *socket);

#endif
