/* libuv: an empty turn of the loop, a loop that wakes itself, a million timers, and sockets. */
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <uv.h>

#include "tools/bench_executor/deadline.h"
#include "tools/bench_executor/request.h"
#include "tools/bench_executor/row.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static uint64_t left;
static uint64_t fired;
static uv_timer_t *timers;

static void idle_turn(uv_idle_t *idle) {
    if (--left == 0) {
        uv_close((uv_handle_t *)idle, NULL);
    }
}

static void async_turn(uv_async_t *async) {
    if (--left == 0) {
        uv_close((uv_handle_t *)async, NULL);
    } else {
        uv_async_send(async);
    }
}

static uint64_t run_to_end(uv_loop_t *loop) {
    const uint64_t before = row_cpu_ns();
    uv_run(loop, UV_RUN_DEFAULT);
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(left == 0, "the loop has turned to the end");
    row_expect(uv_loop_close(loop) == 0, "the loop is empty");
    return spent;
}

static uint64_t idle_iteration(uint64_t count) {
    uv_loop_t loop;
    uv_idle_t idle;
    left = count;
    uv_loop_init(&loop);
    uv_idle_init(&loop, &idle);
    uv_idle_start(&idle, idle_turn);
    return run_to_end(&loop);
}

static uint64_t async_wake(uint64_t count) {
    uv_loop_t loop;
    uv_async_t async;
    left = count;
    uv_loop_init(&loop);
    uv_async_init(&loop, &async, async_turn);
    uv_async_send(&async);
    return run_to_end(&loop);
}

static void count_fired(uv_timer_t *timer) {
    (void)timer;
    fired++;
}

static void prepare(uv_loop_t *loop) {
    uv_loop_init(loop);
    timers = calloc(DEADLINE_TIMERS, sizeof *timers);
    row_expect(timers != NULL, "there is memory for the timers");
    for (uint32_t i = 0; i < DEADLINE_TIMERS; i++) {
        uv_timer_init(loop, &timers[i]);
    }
    fired = 0;
}

static void insert(uint64_t count) {
    uint64_t state = 1;
    for (uint64_t i = 0; i < count; i++) {
        uv_timer_start(&timers[i], count_fired, deadline_ms(&state), 0);
    }
}

static void finish(uv_loop_t *loop) {
    for (uint32_t i = 0; i < DEADLINE_TIMERS; i++) {
        uv_close((uv_handle_t *)&timers[i], NULL);
    }
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    free(timers);
}

static uint64_t timer_insert(uint64_t count) {
    uv_loop_t loop;
    prepare(&loop);
    const uint64_t before = row_cpu_ns();
    insert(count);
    const uint64_t spent = row_cpu_ns() - before;
    finish(&loop);
    return spent;
}

static uint64_t timer_cancel(uint64_t count) {
    uv_loop_t loop;
    prepare(&loop);
    insert(count);
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i++) {
        uv_timer_stop(&timers[i]);
    }
    const uint64_t spent = row_cpu_ns() - before;
    finish(&loop);
    return spent;
}

static uint64_t timer_fire(uint64_t count) {
    uv_loop_t loop;
    prepare(&loop);
    insert(count);
    const struct timespec second = {.tv_sec = 1, .tv_nsec = 10000000};
    nanosleep(&second, NULL);
    const uint64_t before = row_cpu_ns();
    while (fired < count) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    const uint64_t spent = row_cpu_ns() - before;
    finish(&loop);
    return spent;
}

/* ---- messages over pairs of sockets that come back ---- */

#define CONNECTIONS_MAX 64
#define SIZE 64

struct end {
    uv_pipe_t pipe;
    uv_write_t write;
    struct end *other;
    bool asks; /* the other one writes back what comes */
    uint64_t left;
    char bytes[SIZE];
};

static struct end ends[2 * CONNECTIONS_MAX];

static void written(uv_write_t *write, int status) {
    (void)write;
    row_expect(status == 0, "a message is written");
}

static void write_bytes(struct end *end) {
    const uv_buf_t buffer = uv_buf_init(end->bytes, SIZE);
    uv_write(&end->write, (uv_stream_t *)&end->pipe, &buffer, 1, written);
}

static void lend(uv_handle_t *handle, size_t size, uv_buf_t *buffer) {
    struct end *end = handle->data;
    (void)size;
    *buffer = uv_buf_init(end->bytes, SIZE);
}

static void read_one(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    struct end *end = stream->data;
    (void)buffer;
    if (size == 0) {
        return;
    }
    row_expect(size == SIZE, "a message is read whole");
    if (end->asks && --end->left == 0) {
        left--;
        uv_close((uv_handle_t *)&end->pipe, NULL);
        uv_close((uv_handle_t *)&end->other->pipe, NULL);
        return;
    }
    write_bytes(end);
}

static void open_end(uv_loop_t *loop, uint32_t index, int descriptor, uint64_t count) {
    struct end *end = &ends[index];
    *end = (struct end){.other = &ends[index ^ 1], .asks = index % 2 == 0, .left = count};
    uv_pipe_init(loop, &end->pipe, 0);
    end->pipe.data = end;
    row_expect(uv_pipe_open(&end->pipe, descriptor) == 0, "a pipe takes a socket");
    uv_read_start((uv_stream_t *)&end->pipe, lend, read_one);
}

static uint64_t echo(uint32_t connections, uint64_t count) {
    uv_loop_t loop;
    uv_loop_init(&loop);
    left = connections;
    for (uint32_t i = 0; i < connections; i++) {
        int pair[2];
        row_expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0,
                   "there is a pair of sockets");
        open_end(&loop, 2 * i, pair[0], count / connections);
        open_end(&loop, 2 * i + 1, pair[1], 0);
    }
    for (uint32_t i = 0; i < connections; i++) {
        write_bytes(&ends[2 * i]);
    }
    return run_to_end(&loop);
}

static uint64_t io_ping(uint64_t count) {
    return echo(1, count);
}

static uint64_t io_echo_64(uint64_t count) {
    return echo(CONNECTIONS_MAX, count);
}

static const struct row rows[] = {
    {"idle_iteration", "ns", 200000, 1, idle_iteration, NULL, NULL},
    {"async_wake", "ns", 100000, 1, async_wake, NULL, NULL},
    {"io_ping", "ns", 100000, 1, io_ping, NULL, NULL},
    {"io_echo_64", "ns", 1600 * CONNECTIONS_MAX, CONNECTIONS_MAX, io_echo_64, NULL, NULL},
    {"timer_insert", "ns", DEADLINE_TIMERS, 0, timer_insert, NULL, NULL},
    {"timer_cancel", "ns", DEADLINE_TIMERS, 0, timer_cancel, NULL, NULL},
    {"timer_fire", "ns", DEADLINE_TIMERS, 0, timer_fire, NULL, NULL},
};

int main(int argc, char **argv) {
    return request_serve(argc, argv, "libuv.", rows, COUNT(rows));
}
