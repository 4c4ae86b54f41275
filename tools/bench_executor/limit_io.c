#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/bench_executor/limit.h"
#include "tools/bench_executor/row.h"

#define EVENTS_MAX 64
#define SIZE 64

/* One of the two ends of a connection, which epoll knows by its address. */
struct end {
    int descriptor;
    bool asks;     /* the other one writes back what comes */
    uint64_t left; /* of its messages, those that have not come back */
};

static struct end ends[2 * LIMIT_IO_CONNECTIONS];
static char bytes[SIZE];

static void send_bytes(const struct end *end) {
    row_expect(write(end->descriptor, bytes, SIZE) == SIZE, "a socket has room for a message");
}

static void open_end(int epoll, struct end *end, int descriptor, bool asks, uint64_t count) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = end};
    *end = (struct end){.descriptor = descriptor, .asks = asks, .left = count};
    row_expect(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0, "epoll takes a socket");
}

/* Whether there is more to come. */
static bool hear(struct end *end) {
    row_expect(read(end->descriptor, bytes, SIZE) == SIZE, "a message is read whole");
    if (end->asks && --end->left == 0) {
        return false;
    }
    send_bytes(end);
    return true;
}

static void serve(int epoll, uint64_t connections) {
    struct epoll_event events[EVENTS_MAX];
    while (connections > 0) {
        const int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            connections -= hear(events[i].data.ptr) ? 0 : 1;
        }
    }
}

static uint64_t run(uint64_t connections, uint64_t count) {
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (uint64_t i = 0; i < connections; i++) {
        int pair[2];
        row_expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0,
                   "there is a pair of sockets");
        open_end(epoll, &ends[2 * i], pair[0], true, count / connections);
        open_end(epoll, &ends[2 * i + 1], pair[1], false, 0);
    }
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < connections; i++) {
        send_bytes(&ends[2 * i]);
    }
    serve(epoll, connections);
    const uint64_t spent = row_cpu_ns() - before;
    for (uint64_t i = 0; i < 2 * connections; i++) {
        close(ends[i].descriptor);
    }
    close(epoll);
    return spent;
}

uint64_t limit_io_ping(uint64_t count) {
    return run(1, count);
}

uint64_t limit_io_echo_64(uint64_t count) {
    return run(LIMIT_IO_CONNECTIONS, count);
}
