#include "sim/option.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "sim/panic.h"

#define CONGESTION_NAME_SIZE 16
#define BUFFER_MAX 212992 /* net.core.wmem_max */
#define SEND_MIN 4608
#define RECEIVE_MIN 2304
#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_US UINT64_C(1000)
#define TIMEOUT_S_MAX UINT64_C(4000000000)

static const char congestion[] = "cubic";

/* What has no effect in the model. A socket keeps the difference from the default. */
struct kept {
    int level, name;
    int32_t standard, least, most;
};

static const struct kept kept[] = {
    {SOL_SOCKET, SO_OOBINLINE, 0, 0, 1},
    {SOL_SOCKET, SO_DONTROUTE, 0, 0, 1},
    {SOL_SOCKET, SO_PRIORITY, 0, 0, 6},
    {SOL_SOCKET, SO_RCVLOWAT, 1, 0, 1},
    {SOL_SOCKET, SO_NO_CHECK, 0, 0, 1},
    {IPPROTO_TCP, TCP_MAXSEG, 536, 88, 32767},
    {IPPROTO_TCP, TCP_CORK, 0, 0, 1},
    {IPPROTO_TCP, TCP_KEEPIDLE, 7200, 1, 32767},
    {IPPROTO_TCP, TCP_KEEPINTVL, 75, 1, 32767},
    {IPPROTO_TCP, TCP_KEEPCNT, 9, 1, 127},
    {IPPROTO_TCP, TCP_SYNCNT, 6, 1, 127},
    {IPPROTO_TCP, TCP_LINGER2, 60, -1, INT32_MAX},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, 0, 0, INT32_MAX},
    {IPPROTO_TCP, TCP_QUICKACK, 1, 0, 1},
    {IPPROTO_TCP, TCP_FASTOPEN, 0, 0, INT32_MAX},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, 0, 0, INT32_MAX},
    {IPPROTO_IP, IP_TOS, 0, 0, 255},
    {IPPROTO_IP, IP_TTL, 64, 1, 255},
    {IPPROTO_IP, IP_MTU_DISCOVER, 1, 0, 5},
    {IPPROTO_IP, IP_MULTICAST_TTL, 1, 0, 255},
    {IPPROTO_IP, IP_MULTICAST_LOOP, 1, 0, 1},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 0, 0, 1},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, 64, 0, 255},
    {IPPROTO_IPV6, IPV6_TCLASS, 0, 0, 255},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1, 0, 255},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1, 0, 1},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, 1, 0, 5},
};

/* What is off, and stays so: its other values change what the model does not have. */
static const struct {
    int level, name;
    int32_t off;
} offs[] = {
    {SOL_SOCKET, SO_PASSCRED, 0},
    {SOL_SOCKET, SO_TIMESTAMP, 0},
    {SOL_SOCKET, SO_TIMESTAMPNS, 0},
    {SOL_SOCKET, SO_TIMESTAMPING, 0},
    {SOL_SOCKET, SO_RXQ_OVFL, 0},
    {SOL_SOCKET, SO_BUSY_POLL, 0},
    {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0},
    {IPPROTO_TCP, TCP_SAVE_SYN, 0},
    {IPPROTO_TCP, TCP_INQ, 0},
    {IPPROTO_IP, IP_RECVERR, 0},
    {IPPROTO_IP, IP_RECVTTL, 0},
    {IPPROTO_IP, IP_RECVTOS, 0},
    {IPPROTO_IP, IP_PKTINFO, 0},
    {IPPROTO_IP, IP_RECVORIGDSTADDR, 0},
    {IPPROTO_IP, IP_FREEBIND, 0},
    {IPPROTO_IP, IP_TRANSPARENT, 0},
    {IPPROTO_IPV6, IPV6_RECVERR, 0},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 0},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 0},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, 0},
};

#define OFF_COUNT (sizeof offs / sizeof offs[0])

#define KEPT_COUNT (sizeof kept / sizeof kept[0])

_Static_assert(KEPT_COUNT <= SOCKET_KEPT_MAX, "a place for each");

/* What is a bit of the record. */
static const struct {
    int level, name;
    enum socket_flag flag;
} bits[] = {
    {SOL_SOCKET, SO_REUSEADDR, SOCKET_REUSE_ADDRESS},
    {SOL_SOCKET, SO_REUSEPORT, SOCKET_REUSE_PORT},
    {SOL_SOCKET, SO_BROADCAST, SOCKET_BROADCAST},
    {SOL_SOCKET, SO_KEEPALIVE, SOCKET_KEEPALIVE},
    {IPPROTO_TCP, TCP_NODELAY, SOCKET_NO_DELAY},
    {IPPROTO_IPV6, IPV6_V6ONLY, SOCKET_V6_ONLY},
};

#define BIT_COUNT (sizeof bits / sizeof bits[0])

static unsigned kept_find(int level, int name) {
    unsigned i = 0;
    while (i < KEPT_COUNT && (kept[i].level != level || kept[i].name != name)) {
        i++;
    }
    return i;
}

static unsigned bit_find(int level, int name) {
    unsigned i = 0;
    while (i < BIT_COUNT && (bits[i].level != level || bits[i].name != name)) {
        i++;
    }
    return i;
}

static unsigned off_find(int level, int name) {
    unsigned i = 0;
    while (i < OFF_COUNT && (offs[i].level != level || offs[i].name != name)) {
        i++;
    }
    return i;
}

/* Whether sockets of this kind have options of this level at all. IPv4 tells who asks by another
 * errno than who sets. */
static int level_refusal(const struct socket *socket, int level, int foreign) {
    if (level == SOL_SOCKET) {
        return 0;
    }
    if (socket->domain == AF_UNIX) {
        return -EOPNOTSUPP;
    }
    if ((level == IPPROTO_TCP && socket->type != SOCK_STREAM) ||
        (level == IPPROTO_IPV6 && socket->domain != AF_INET6)) {
        return socket->domain == AF_INET ? foreign : -ENOPROTOOPT;
    }
    return 0;
}

static int timeout_set(uint64_t *timeout_ns, const void *value, uint32_t size) {
    struct timeval given;
    if (size < sizeof given) {
        return -EINVAL;
    }
    memcpy(&given, value, sizeof given);
    if (given.tv_usec < 0 || given.tv_usec >= 1000000) {
        return -EDOM;
    }
    if (given.tv_sec < 0) {
        *timeout_ns = 1; /* in the past: gives up at once */
    } else if ((uint64_t)given.tv_sec > TIMEOUT_S_MAX) {
        *timeout_ns = 0;
    } else {
        *timeout_ns = (uint64_t)given.tv_sec * NS_PER_S + (uint64_t)given.tv_usec * NS_PER_US;
    }
    return 0;
}

static int linger_set(struct socket *socket, const void *value, uint32_t size) {
    struct linger given;
    if (size < sizeof given) {
        return -EINVAL;
    }
    memcpy(&given, value, sizeof given);
    socket->flags &= ~(uint32_t)SOCKET_LINGER;
    socket->flags |= given.l_onoff != 0 ? SOCKET_LINGER : 0u;
    socket->linger_s = given.l_linger > 0 ? (uint32_t)given.l_linger : 0;
    return 0;
}

static uint32_t buffer_size(int value, uint32_t least) {
    const uint32_t capped = value < 0 || value > BUFFER_MAX ? BUFFER_MAX : (uint32_t)value;
    return 2 * capped > least ? 2 * capped : least;
}

static int bit_set(struct sockets *sockets, uint32_t index, unsigned bit, int value) {
    struct socket *socket = socket_at(sockets, index);
    const enum socket_flag flag = bits[bit].flag;
    if (flag == SOCKET_V6_ONLY &&
        ((socket->flags & SOCKET_BOUND) != 0 || socket->state != SOCKET_CLOSED)) {
        return -EINVAL;
    }
    socket->flags = value != 0 ? socket->flags | flag : socket->flags & ~(uint32_t)flag;
    return 0;
}

static int number_set(struct sockets *sockets, uint32_t index, int level, int name, int value) {
    struct socket *socket = socket_at(sockets, index);
    const unsigned bit = bit_find(level, name);
    if (bit < BIT_COUNT) {
        return bit_set(sockets, index, bit, value);
    }
    const unsigned i = kept_find(level, name);
    if (i < KEPT_COUNT) {
        const bool boolean = kept[i].least == 0 && kept[i].most == 1 && name != SO_RCVLOWAT;
        if (boolean) {
            value = value != 0;
        }
        if (name == SO_RCVLOWAT && level == SOL_SOCKET && value > 1) {
            return OPTION_UNKNOWN;
        }
        if (value < kept[i].least || value > kept[i].most) {
            return -EINVAL;
        }
        socket->kept[i] = value - kept[i].standard;
        return 0;
    }
    if (level == SOL_SOCKET && name == SO_SNDBUF) {
        socket->send_size = buffer_size(value, SEND_MIN);
        return 0;
    }
    if (level == SOL_SOCKET && name == SO_RCVBUF) {
        socket->receive_size = buffer_size(value, RECEIVE_MIN);
        return 0;
    }
    if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT) {
        if (value < 0) {
            return -EINVAL;
        }
        socket->user_timeout_ms = (uint32_t)value;
        return 0;
    }
    const unsigned off = off_find(level, name);
    if (off < OFF_COUNT) {
        return value == offs[off].off ? 0 : OPTION_UNKNOWN;
    }
    if (level == SOL_SOCKET && (name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE)) {
        return -EPERM; /* needs CAP_NET_ADMIN */
    }
    const bool only_told =
        level == SOL_SOCKET &&
        (name == SO_COOKIE || name == SO_SNDLOWAT || name == SO_PEERCRED || name == SO_ERROR ||
         name == SO_TYPE || name == SO_ACCEPTCONN || name == SO_DOMAIN || name == SO_PROTOCOL);
    return only_told ? -ENOPROTOOPT : OPTION_UNKNOWN;
}

int option_set(struct sockets *sockets,
               uint32_t index,
               int level,
               int name,
               const void *value,
               uint32_t size) {
    struct socket *socket = socket_at(sockets, index);
    const int refusal = level_refusal(socket, level, -ENOPROTOOPT);
    if (refusal != 0) {
        return refusal;
    }
    if (level == SOL_SOCKET && name == SO_RCVTIMEO) {
        return timeout_set(&socket->receive_timeout_ns, value, size);
    }
    if (level == SOL_SOCKET && name == SO_SNDTIMEO) {
        return timeout_set(&socket->send_timeout_ns, value, size);
    }
    if (level == SOL_SOCKET && name == SO_LINGER) {
        return linger_set(socket, value, size);
    }
    if (level == IPPROTO_TCP && name == TCP_CONGESTION) {
        const bool usual = size == sizeof congestion - 1 && memcmp(value, congestion, size) == 0;
        return usual ? 0 : OPTION_UNKNOWN;
    }
    int number = 0;
    if (size < sizeof number) {
        if (level != IPPROTO_IP || size < 1) {
            return -EINVAL;
        }
        number = *(const unsigned char *)value; /* IP options may be a byte */
    } else {
        memcpy(&number, value, sizeof number);
    }
    return number_set(sockets, index, level, name, number);
}

/* ---- get ---- */

static int write_out(void *value, uint32_t *room, const void *from, uint32_t size) {
    *room = *room < size ? *room : size;
    memcpy(value, from, *room);
    return 0;
}

static int timeout_get(uint64_t timeout_ns, void *value, uint32_t *size) {
    const struct timeval told = {.tv_sec = (time_t)(timeout_ns / NS_PER_S),
                                 .tv_usec = (suseconds_t)(timeout_ns % NS_PER_S / NS_PER_US)};
    return write_out(value, size, &told, sizeof told);
}

/* As the kernel has it for a connection that closes in order. */
static uint8_t tcp_state(const struct socket *socket) {
    static const uint8_t states[] = {[SOCKET_CLOSED] = TCP_CLOSE,
                                     [SOCKET_LISTENING] = TCP_LISTEN,
                                     [SOCKET_CONNECTING] = TCP_SYN_SENT,
                                     [SOCKET_ANSWERED] = TCP_SYN_RECV,
                                     [SOCKET_CONNECTED] = TCP_ESTABLISHED};
    const bool sent = (socket->flags & SOCKET_END_SENT) != 0;
    const bool got = (socket->flags & SOCKET_ENDED) != 0;
    if (socket->state != SOCKET_CONNECTED || (!sent && !got)) {
        return states[socket->state];
    }
    if (sent && got) {
        return (socket->flags & SOCKET_ENDS_FIRST) != 0 ? TCP_CLOSING : TCP_LAST_ACK;
    }
    if (got) {
        return TCP_CLOSE_WAIT;
    }
    return (socket->flags & SOCKET_FINISHED) != 0 ? TCP_FIN_WAIT2 : TCP_FIN_WAIT1;
}

/* The state; of a listener also who waits and how many may. The rest, which tells of a real path,
 * is zero. */
static int tcp_info_get(const struct socket *socket, void *value, uint32_t *size) {
    struct tcp_info told = {.tcpi_state = tcp_state(socket)};
    if (socket->state == SOCKET_LISTENING) {
        told.tcpi_unacked = socket->waiting;
        told.tcpi_sacked = socket->backlog;
    }
    return write_out(value, size, &told, sizeof told);
}

/* Options of SOL_SOCKET that are numbers. False when it is none of them. */
static bool number_get(struct socket *socket, int name, int32_t *number) {
    switch (name) {
    case SO_ERROR:
        *number = -socket_error_take(socket);
        return true;
    case SO_TYPE:
        *number = socket->type;
        return true;
    case SO_DOMAIN:
        *number = socket->domain;
        return true;
    case SO_PROTOCOL:
        *number = socket->protocol;
        return true;
    case SO_ACCEPTCONN:
        *number = socket->state == SOCKET_LISTENING;
        return true;
    case SO_SNDLOWAT:
        *number = 1;
        return true;
    case SO_SNDBUF:
        *number = (int32_t)socket->send_size;
        return true;
    case SO_RCVBUF:
        *number = (int32_t)socket->receive_size;
        return true;
    default:
        return false;
    }
}

int option_get(struct sockets *sockets,
               uint32_t index,
               int level,
               int name,
               void *value,
               uint32_t *size) {
    struct socket *socket = socket_at(sockets, index);
    const int refusal = level_refusal(socket, level, -EOPNOTSUPP);
    if (refusal != 0) {
        return refusal;
    }
    if (*size > INT32_MAX) {
        return -EINVAL;
    }
    if (level == SOL_SOCKET && name == SO_RCVTIMEO) {
        return timeout_get(socket->receive_timeout_ns, value, size);
    }
    if (level == SOL_SOCKET && name == SO_SNDTIMEO) {
        return timeout_get(socket->send_timeout_ns, value, size);
    }
    if (level == SOL_SOCKET && name == SO_LINGER) {
        const struct linger told = {.l_onoff = (socket->flags & SOCKET_LINGER) != 0,
                                    .l_linger = (int)socket->linger_s};
        return write_out(value, size, &told, sizeof told);
    }
    if (level == SOL_SOCKET && name == SO_COOKIE) {
        const uint64_t cookie = socket->object;
        return *size < sizeof cookie ? -EINVAL : write_out(value, size, &cookie, sizeof cookie);
    }
    if (level == IPPROTO_TCP && name == TCP_INFO) {
        return tcp_info_get(socket, value, size);
    }
    if (level == IPPROTO_TCP && name == TCP_CONGESTION) {
        static const char told[CONGESTION_NAME_SIZE] = "cubic";
        return write_out(value, size, told, sizeof told);
    }
    int32_t number;
    const unsigned off = off_find(level, name);
    const unsigned bit = bit_find(level, name);
    const unsigned i = kept_find(level, name);
    if (bit < BIT_COUNT) {
        number = (socket->flags & bits[bit].flag) != 0;
    } else if (i < KEPT_COUNT) {
        number = kept[i].standard + socket->kept[i];
    } else if (off < OFF_COUNT) {
        number = offs[off].off;
    } else if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT) {
        number = (int32_t)socket->user_timeout_ms;
    } else if (level != SOL_SOCKET || !number_get(socket, name, &number)) {
        return OPTION_UNKNOWN;
    }
    return write_out(value, size, &number, sizeof number);
}
