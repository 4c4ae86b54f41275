/* One socket: what it is, what it has been told, what waits in it.
 *
 * Memory:      a record in a pool (sim/socket.h).
 * Units:       bytes, nanoseconds.
 * Determinism: plain data, linked by index.
 */
#ifndef SIM_SOCKET_RECORD_H
#define SIM_SOCKET_RECORD_H

#include <stdint.h>

#include "sim/address.h"
#include "sim/bytes.h"
#include "sim/choices.h"
#include "sim/schedule.h"

#define SOCKET_NAME_SIZE 108u
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
    SOCKET_JOINED = 1 << 9,    /* a connect has succeeded, and the program knows; UDP: has a peer */
    SOCKET_ENDED = 1 << 10,    /* the peer's end of data has arrived */
    SOCKET_GONE = 1 << 11,     /* no descriptor refers to it any more */
    SOCKET_STARVED = 1 << 12,  /* the sender found no room: it must be told of more */
    SOCKET_FINISHED = 1 << 13, /* the peer has got our end of data */
    SOCKET_PORT_FIXED = 1 << 14,    /* the program chose the port: kept as long as the socket */
    SOCKET_ADDRESS_FIXED = 1 << 15, /* the program chose the local address */
    SOCKET_END_SENT = 1 << 17,      /* its own end of data is on its way or there */
    SOCKET_ENDS_FIRST = 1 << 18,    /* and it was sent before the peer's had arrived */
    SOCKET_SPENT = 1 << 16,         /* shut down before a failed connect was told: no more use */
    SOCKET_VANISHED = 1 << 19,      /* its node lost its power while it was connected */
};

struct socket {
    uint32_t object; /* display id; 0 while it waits to be accepted */
    uint32_t node;
    uint32_t file;          /* by which the program holds it, 0 = not yet or no more */
    struct decider decider; /* latency, loss and short transfers are its choices */
    uint16_t domain, type, protocol;
    uint8_t state;                /* enum socket_state */
    uint8_t shut;                 /* enum socket_shut */
    uint32_t flags;               /* enum socket_flag */
    int32_t error;                /* positive errno that SO_ERROR will tell, 0 = none */
    uint32_t entries;             /* agenda entries and queue places that name it */
    uint16_t life;                /* which of its connections: entries of another one are void */
    uint32_t peer;                /* the other end, 0 = none */
    uint32_t bound_next;          /* SOCKET_BOUND: in its bucket */
    uint32_t lease, lease_serial; /* sim/lease.h; 0 = none */
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
    uint32_t unread_first, unread_last;   /* arrived, where a scenario names reads */
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
    uint64_t pulled;                    /* bytes of `in`, or datagrams, read so far */
    /* AF_UNIX */
    uint32_t rights_first, rights_last; /* files among the bytes of `in` */
    uint32_t name_size;                 /* 0 = unnamed; an abstract name begins with NUL */
    char name[SOCKET_NAME_SIZE];
};

#endif
