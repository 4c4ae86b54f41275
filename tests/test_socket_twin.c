/* The same random sequence of calls on a simulated and on a real pair of sockets: results, errno,
 * readiness and bytes must be equal. Buffers are never filled: there the kernel counts what it
 * allocates, and the model what the program sent. */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/random.h"
#include "tests/network_fixture.h"
#include "tests/suite.h"

#define SEQUENCES 1000
#define STEPS 24
#define SIZE_MAX_STEP 600
#define PATIENCE_NS 500000000

enum kind { KIND_UNIX, KIND_TCP, KIND_COUNT };

enum operation { OP_SEND, OP_RECEIVE, OP_PEEK, OP_SHUTDOWN, OP_CLOSE, OP_POLL, OP_ERROR, OP_COUNT };

struct twin {
    enum kind kind;
    int real[2]; /* -1 = closed */
    uint32_t model[2];
    struct random random;
    char log[4096];
    unsigned logged;
};

static void real_pair(struct twin *twin) {
    if (twin->kind == KIND_UNIX) {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, twin->real), 0);
        return;
    }
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in name = v4(INADDR_LOOPBACK, 0);
    socklen_t size = sizeof name;
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&name, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&name, &size), 0);
    twin->real[0] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(twin->real[0], (struct sockaddr *)&name, size), 0);
    twin->real[1] = accept(listener, NULL, NULL);
    ck_assert_int_ge(twin->real[1], 0);
    const int on = 1; /* what Nagle holds back would come later than in the model */
    for (unsigned i = 0; i < 2; i++) {
        setsockopt(twin->real[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    close(listener);
}

static void model_pair(struct twin *twin) {
    if (twin->kind == KIND_UNIX) {
        twin->model[0] = socket_create(&net.endpoints.sockets, AF_UNIX, SOCK_STREAM, 0);
        twin->model[1] = socket_create(&net.endpoints.sockets, AF_UNIX, SOCK_STREAM, 0);
        connection_pair(&net.endpoints.segments, twin->model[0], twin->model[1]);
        return;
    }
    const uint32_t listener = open_listener(1, 80, 1);
    twin->model[0] = open_stream();
    ck_assert_int_eq(connect_v4(twin->model[0], INADDR_LOOPBACK, 80), -EINPROGRESS);
    settle();
    ck_assert_int_eq(connect_v4(twin->model[0], INADDR_LOOPBACK, 80), 0);
    twin->model[1] = (uint32_t)connection_accept(&net.endpoints.segments, listener, &quick);
    stream_close(&net.endpoints.segments, listener);
}

static int64_t result_of(ssize_t result) {
    return result < 0 ? -errno : result;
}

/* What can be seen without a change: readiness, and how much there is to read. */
struct look {
    uint32_t events;
    int readable; /* 0 in a socket that was reset, where the kernel has its own ideas */
};

static struct look look_real(const struct twin *twin, unsigned end) {
    struct pollfd real = {.fd = twin->real[end], .events = POLLIN | POLLOUT | POLLRDHUP};
    struct look look = {0};
    poll(&real, 1, 0);
    look.events = (uint16_t)real.revents;
    if ((look.events & (POLLERR | POLLHUP)) == 0) {
        ioctl(twin->real[end], FIONREAD, &look.readable);
    }
    return look;
}

static struct look look_model(const struct twin *twin, unsigned end) {
    const uint32_t asked = POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR;
    struct look look = {.events = stream_events(&net.endpoints.segments, twin->model[end]) & asked};
    if ((look.events & (POLLERR | POLLHUP)) == 0) {
        look.readable = (int)stream_readable(&net.endpoints.segments, twin->model[end]);
    }
    return look;
}

static bool looks_equal(const struct twin *twin) {
    bool equal = true;
    for (unsigned end = 0; end < 2; end++) {
        if (twin->real[end] >= 0) {
            const struct look real = look_real(twin, end);
            const struct look model = look_model(twin, end);
            equal = equal && real.events == model.events && real.readable == model.readable;
        }
    }
    return equal;
}

static void compare(const struct twin *twin, unsigned end) {
    const struct look real = look_real(twin, end);
    const struct look model = look_model(twin, end);
    ck_assert_msg(real.events == model.events && real.readable == model.readable,
                  "poll: real %#x with %d bytes, model %#x with %d after%s",
                  real.events,
                  real.readable,
                  model.events,
                  model.readable,
                  twin->log);
}

static int64_t
step_real(struct twin *twin, unsigned end, enum operation op, size_t size, char *bytes) {
    const int fd = twin->real[end];
    int error;
    socklen_t room = sizeof error;
    switch (op) {
    case OP_SEND:
        return result_of(send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT));
    case OP_RECEIVE:
        return result_of(recv(fd, bytes, size, MSG_DONTWAIT));
    case OP_PEEK:
        return result_of(recv(fd, bytes, size, MSG_DONTWAIT | MSG_PEEK));
    case OP_SHUTDOWN:
        return result_of(shutdown(fd, (int)(size % 3)));
    case OP_CLOSE:
        return result_of(close(fd));
    case OP_ERROR:
        ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &room), 0);
        return error;
    case OP_POLL:
    case OP_COUNT:
        break;
    }
    return 0;
}

static int64_t
step_model(struct twin *twin, unsigned end, enum operation op, size_t size, char *bytes) {
    const uint32_t index = twin->model[end];
    const struct iovec part = {bytes, size};
    int error;
    uint32_t room = sizeof error;
    switch (op) {
    case OP_SEND:
        return stream_send(&net.endpoints.segments, index, &part, 1, &quick);
    case OP_RECEIVE:
        return receive(index, bytes, size, 0);
    case OP_PEEK:
        return receive(index, bytes, size, MSG_PEEK);
    case OP_SHUTDOWN:
        return stream_shutdown(&net.endpoints.segments, index, (int)(size % 3), NULL);
    case OP_CLOSE:
        stream_close(&net.endpoints.segments, index);
        return 0;
    case OP_ERROR:
        ck_assert_int_eq(
            option_get(&net.endpoints.sockets, index, SOL_SOCKET, SO_ERROR, &error, &room),
            0);
        return error;
    case OP_POLL:
    case OP_COUNT:
        break;
    }
    return 0;
}

/* Loopback delivers in the sender's context, but for the odd software interrupt, which on a busy
 * machine comes late. */
static void real_settle(const struct twin *twin) {
    struct timespec moment = {.tv_nsec = 20000};
    if (twin->kind == KIND_UNIX) {
        return;
    }
    do {
        nanosleep(&moment, NULL);
        moment.tv_nsec *= 2;
    } while (moment.tv_nsec < PATIENCE_NS && !looks_equal(twin));
}

static void step(struct twin *twin) {
    static const char *const names[] =
        {"send", "recv", "peek", "shutdown", "close", "poll", "error"};
    char real_bytes[SIZE_MAX_STEP];
    char model_bytes[SIZE_MAX_STEP];
    const unsigned end = (unsigned)random_below(&twin->random, 2);
    const uint64_t dice = random_below(&twin->random, 32);
    const size_t size = 1 + random_below(&twin->random, SIZE_MAX_STEP);
    const enum operation op = dice < 10   ? OP_SEND
                              : dice < 20 ? OP_RECEIVE
                              : dice < 23 ? OP_PEEK
                              : dice < 25 ? OP_SHUTDOWN
                              : dice < 27 ? OP_CLOSE
                              : dice < 29 ? OP_ERROR
                                          : OP_POLL;
    if (twin->real[end] < 0) {
        return;
    }
    for (size_t i = 0; i < size; i++) {
        real_bytes[i] = model_bytes[i] = (char)random_next(&twin->random);
    }
    const int64_t real = step_real(twin, end, op, size, real_bytes);
    const int64_t model = step_model(twin, end, op, size, model_bytes);
    twin->logged += (unsigned)snprintf(twin->log + twin->logged,
                                       sizeof twin->log - twin->logged,
                                       " %s(%u,%zu)=%d",
                                       names[op],
                                       end,
                                       size,
                                       (int)real);
    ck_assert_msg(real == model, "real %d, model %d:%s", (int)real, (int)model, twin->log);
    ck_assert_mem_eq(real_bytes, model_bytes, size);
    settle();
    if (op == OP_CLOSE) {
        twin->real[end] = -1;
    }
    real_settle(twin);
    for (unsigned i = 0; i < 2; i++) {
        if (twin->real[i] >= 0) {
            compare(twin, i);
        }
    }
}

static void sequence(enum kind kind, uint64_t seed) {
    struct twin twin = {.kind = kind};
    random_init(&twin.random, seed);
    network_fixture_begin(CHOICES_ZERO, seed);
    real_pair(&twin);
    model_pair(&twin);
    for (unsigned i = 0; i < STEPS; i++) {
        step(&twin);
    }
    for (unsigned end = 0; end < 2; end++) {
        if (twin.real[end] >= 0) {
            close(twin.real[end]);
            stream_close(&net.endpoints.segments, twin.model[end]);
        }
    }
    settle();
    ck_assert_uint_eq(net.endpoints.sockets.table.live, 0);
    ck_assert_uint_eq(net.endpoints.sockets.bytes.chunks.live, 0);
}

START_TEST(pairs_behave_as_the_kernel_s) {
    network_fixture_open(1);
    for (uint64_t seed = 0; seed < SEQUENCES; seed++) {
        sequence((enum kind)_i, seed);
    }
}
END_TEST

SUITE(socket_twin) {
    SUITE_LOOP(pairs_behave_as_the_kernel_s, 0, KIND_COUNT);
}
