/* What the programs over a network have in common: addresses, whole messages, deadlines.
 *
 *   const int descriptor = talk_dial("10.0.0.1");        a stream; tries until somebody listens
 *   talk_give(descriptor, &message, sizeof message);     all of it, or false
 *   talk_take(descriptor, &message, sizeof message, 20); all of it within 20 ms, or false
 *
 * Units:  milliseconds of CLOCK_MONOTONIC; TALK_FOREVER = no deadline.
 * Errors: a port that is not free is a finding.
 */
#ifndef SCENARIOS_NET_TALK_H
#define SCENARIOS_NET_TALK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define TALK_PORT 7000
#define TALK_FOREVER INT64_MAX

static inline struct sockaddr_in talk_address(const char *host) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(TALK_PORT)};
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

static inline int64_t talk_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void talk_sleep(int64_t milliseconds) {
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

/* ---- a lease, as its arbiter sees it; all zero: nobody's ---- */

struct talk_lease {
    uint32_t holder;
    int64_t end_ms;
};

/* Whether this candidate has it from now on for so long. */
static inline bool talk_grant(struct talk_lease *lease, uint32_t candidate, int64_t lasts_ms) {
    const int64_t now_ms = talk_now_ms();
    if (now_ms < lease->end_ms && lease->holder != candidate) {
        return false;
    }
    *lease = (struct talk_lease){candidate, now_ms + lasts_ms};
    return true;
}

/* ---- streams ---- */

static inline int talk_listen(void) {
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(TALK_PORT)};
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(descriptor, (const struct sockaddr *)&any, sizeof any) != 0 ||
        listen(descriptor, 8) != 0) {
        sim_fail("the server cannot listen");
    }
    return descriptor;
}

static inline int talk_dial(const char *host) {
    const struct sockaddr_in address = talk_address(host);
    for (;;) {
        const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0) {
            return descriptor;
        }
        close(descriptor);
        talk_sleep(1);
    }
}

static inline bool talk_give(int descriptor, const void *message, size_t size) {
    size_t done = 0;
    while (done < size) {
        const ssize_t count =
            send(descriptor, (const char *)message + done, size - done, MSG_NOSIGNAL);
        if (count <= 0) {
            return false;
        }
        done += (size_t)count;
    }
    return true;
}

/* Whether there is something to read, be it the end, before the deadline. */
static inline bool talk_await(int descriptor, int64_t deadline_ms) {
    struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
    if (deadline_ms == TALK_FOREVER) {
        return poll(&waiting, 1, -1) == 1;
    }
    const int64_t left = deadline_ms - talk_now_ms();
    return left > 0 && poll(&waiting, 1, (int)left) == 1;
}

static inline bool talk_take(int descriptor, void *message, size_t size, int64_t within_ms) {
    const int64_t deadline = within_ms == TALK_FOREVER ? within_ms : talk_now_ms() + within_ms;
    size_t done = 0;
    while (done < size) {
        if (!talk_await(descriptor, deadline)) {
            return false;
        }
        const ssize_t count = recv(descriptor, (char *)message + done, size - done, 0);
        if (count <= 0) {
            return false;
        }
        done += (size_t)count;
    }
    return true;
}

/* ---- datagrams ---- */

static inline int talk_open(void) {
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(TALK_PORT)};
    const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(descriptor, (const struct sockaddr *)&any, sizeof any) != 0) {
        sim_fail("the port is not free");
    }
    return descriptor;
}

static inline void talk_send(int descriptor, const void *message, size_t size, const char *host) {
    const struct sockaddr_in to = talk_address(host);
    sendto(descriptor, message, size, 0, (const struct sockaddr *)&to, sizeof to);
}

/* A whole datagram of this size, from anybody. */
static inline bool talk_hear(int descriptor, void *message, size_t size, int64_t within_ms) {
    const int64_t deadline = within_ms == TALK_FOREVER ? within_ms : talk_now_ms() + within_ms;
    return talk_await(descriptor, deadline) && recv(descriptor, message, size, 0) == (ssize_t)size;
}

#endif
