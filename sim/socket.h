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
#include "sim/schedule.h"

#define SOCKETS_MAX 65536u
#define SOCKET_NAME_SIZE 108u
#define SOCKET_BUFFER_DEFAULT 212992u
#define SOCKET_TCP_SEND_DEFAULT 16384u /* net.ipv4.tcp_wmem */
#define SOCKET_TCP_RECEIVE_DEFAULT 131072u
#define SOCKET_KEPT_MAX 28

enum socket_state {
    SOCKET_CLOSED, /* not connected: fresh, refused, reset, or both directions ended */
    SOCKET_LISTENING,
    SOCKET_CONNECTING,
    SOCKET_ANSWERED, /* the listener's side of a connect that is not yet complete */
    SOCKET_CONNECTED,
};

enum socket_shut { SOCKET_SHUT_READ = 1, SOCKET_SHUT_WRITE = 2, SOCKET_SHUT_BOTH = 3 };

enum socket_flag {
    SOCKET_REUSE_ADDRESS = 1 << 0,
    SOCKET_REUSE_PORT = 1 << 1,
    SOCKET_BROADCAST = 1 << 2,
    SOCKET_V6_ONLY = 1 << 3,
    SOCKET_KEEPALIVE = 1 << 4,
    SOCKET_NO_DELAY = 1 << 5,
    SOCKET_LINGER = 1 << 6,
    SOCKET_BOUND = 1 << 7,     /* stands in a bucket */
    SOCKET_ATTEMPTED = 1 << 8, /* a connect has begun and its result was not yet told */
    SOCKET_JOINED = 1 << 9,    /* a connect has succeeded, and the program knows */
    SOCKET_ENDED = 1 << 10,    /* the peer's end of data has arrived */
    SOCKET_GONE = 1 << 11,     /* no descriptor refers to it any more */
    SOCKET_STARVED = 1 << 12,  /* the sender found no room: it must be told of more */
    SOCKET_FINISHED = 1 << 13, /* the peer has got our end of data */
};

struct socket {
    uint32_t object; /* display id; 0 while it waits to be accepted */
    uint32_t node;
    struct decider decider; /* latency, loss and short transfers are its choices */
    uint16_t domain, type, protocol;
    uint8_t state;       /* enum socket_state */
    uint8_t shut;        /* enum socket_shut */
    uint32_t flags;      /* enum socket_flag */
    int32_t error;       /* positive errno that SO_ERROR will tell, 0 = none */
    uint32_t entries;    /* agenda entries and queue places that name it */
    uint32_t peer;       /* the other end, 0 = none */
    uint32_t bound_next; /* SOCKET_BOUND: in its bucket */
    struct address local, remote;
    struct wait_queue readers, writers;
    uint32_t send_size, receive_size;             /* SO_SNDBUF, SO_RCVBUF as told */
    uint64_t receive_timeout_ns, send_timeout_ns; /* 0 = none */
    uint32_t linger_s;
    uint32_t user_timeout_ms;
    int32_t kept[SOCKET_KEPT_MAX]; /* sim/option.c: those without effect */
    struct bytes_queue in;         /* received, and on its way here */
    /* streams */
    uint32_t readable;                    /* bytes of `in` that have arrived */
    uint32_t segment_first, segment_last; /* on their way here */
    uint32_t outstanding;                 /* bytes sent that the peer is not known to have read */
    uint32_t credit;                      /* bytes read that the peer was not told of */
    uint64_t connect_ns;                  /* when the connect began */
    uint32_t backlog, waiting;            /* SOCKET_LISTENING: at most, and now */
    uint32_t accept_first, accept_last;   /* SOCKET_LISTENING: those that wait */
    uint32_t accept_next;                 /* in the listener's list */
    uint32_t target;                      /* SOCKET_ANSWERED: the listener; datagrams of AF_UNIX:
                                             whom it is connected to; 0 = none */
    /* datagrams */
    uint32_t packet_first, packet_last; /* arrived */
    /* AF_UNIX */
    uint32_t name_size; /* 0 = unnamed; an abstract name begins with NUL */
    char name[SOCKET_NAME_SIZE];
};

struct sockets {
    struct pool table;
    struct schedule *schedule;
    struct network *network;
    struct bytes bytes;
};

/* How a call was made. */
struct socket_call {
    uint32_t flags;   /* MSG_PEEK, MSG_DONTWAIT … */
    bool nonblocking; /* O_NONBLOCK of the descriptor */
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
    return (struct socket *)pool_at(&sockets->table, index);
}

/* A fresh socket of the running thread. Its index, 0 at the limit. */
uint32_t socket_create(struct sockets *sockets, uint16_t domain, uint16_t type, uint16_t protocol);

/* A socket that comes into being on a message for `parent`, whose choices are derived from
 * `creator`: no object id yet. */
uint32_t socket_spawn(struct sockets *sockets, uint32_t parent, const struct decider *creator);

/* An entry that named the socket is gone: frees it and its peer when nothing needs them. */
void socket_release(struct sockets *sockets, uint32_t index);

/* Announces a point of the running thread at a socket. */
void socket_point(struct sockets *sockets, enum point_kind kind, uint32_t index, const void *site);

/* The event of the running thread at a socket; returns the result. */
int64_t socket_event(struct sockets *sockets,
                     enum point_kind kind,
                     uint32_t index,
                     int64_t result,
                     const void *site);

/* What a poll would see has changed: wakes who waits for it (events: EPOLLIN, EPOLLOUT …). */
void socket_notify(struct sockets *sockets, uint32_t index, uint32_t events);

/* Waits for readers' or writers' turn. 0, -EINTR, -EAGAIN (the timeout passed). */
int socket_wait(struct sockets *sockets,
                struct wait_queue *queue,
                uint64_t deadline_ns,
                enum point_kind kind,
                uint32_t index,
                const void *site);

/* When a wait that begins now with this timeout ends (0 = never). */
uint64_t socket_deadline(const struct sockets *sockets, uint64_t timeout_ns);

/* Takes the pending error: 0 or a negative errno. */
int socket_error_take(struct socket *socket);

#endif
