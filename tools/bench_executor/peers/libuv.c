/* libuv: an empty turn of the loop, a loop that wakes itself, and a million timers. */
#include <stdlib.h>
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

static const struct row rows[] = {
    {"idle_iteration", "ns", 200000, 1, idle_iteration, NULL, NULL},
    {"async_wake", "ns", 100000, 1, async_wake, NULL, NULL},
    {"timer_insert", "ns", DEADLINE_TIMERS, 0, timer_insert, NULL, NULL},
    {"timer_cancel", "ns", DEADLINE_TIMERS, 0, timer_cancel, NULL, NULL},
    {"timer_fire", "ns", DEADLINE_TIMERS, 0, timer_fire, NULL, NULL},
};

int main(int argc, char **argv) {
    return request_serve(argc, argv, "libuv.", rows, COUNT(rows));
}
