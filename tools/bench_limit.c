#include "tools/bench_limit.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "sim/machine/context.h"
#include "sim/machine/tls_glibc.h"
#include "sim/panic.h"
#include "sim/random.h"
#include "sim/trace.h"

#define STEPS 1000000u
#define STACK_SIZE 65536u
#define FIBERS 2u

static struct context contexts[FIBERS + 1]; /* 0 = the host */
static struct trace *trace;
static struct random picks;
static uint32_t running;
static uint64_t steps_left;

double bench_cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void plain_loop(void *argument) {
    (void)argument;
    for (;;) {
        const uint32_t from = running;
        running = steps_left-- == 0 ? 0 : 3 - from;
        context_switch_plain(&contexts[from], &contexts[running]);
    }
}

static void step_loop(void *argument) {
    const uint32_t self = (uint32_t)(uintptr_t)argument;
    for (;;) {
        if (steps_left-- == 0) {
            context_switch(&contexts[self], &contexts[0]);
        }
        const uint32_t next = 1 + (uint32_t)random_below(&picks, FIBERS);
        const struct event event = {.time_ns = steps_left, .thread = self, .node = 1, .kind = 1};
        trace_add(trace, &event, 0);
        if (next != self) {
            context_switch(&contexts[self], &contexts[next]);
        }
    }
}

static double run(void (*loop)(void *), uint64_t (*thread_pointer)(void)) {
    for (uint32_t i = 1; i <= FIBERS; i++) {
        unsigned char *stack = aligned_alloc(16, STACK_SIZE);
        ASSERT(stack != NULL);
        /* 64 bytes apart: equal tops would share their cache sets */
        context_prepare(&contexts[i],
                        stack + STACK_SIZE - 64 * i,
                        thread_pointer(),
                        loop,
                        (void *)(uintptr_t)i);
    }
    contexts[0].thread_pointer = (uint64_t)(uintptr_t)__builtin_thread_pointer();
    steps_left = STEPS;
    running = 1;
    const double before = bench_cpu_ns();
    context_switch(&contexts[0], &contexts[1]);
    return (bench_cpu_ns() - before) / STEPS;
}

static uint64_t same_pointer(void) {
    return (uint64_t)(uintptr_t)__builtin_thread_pointer();
}

static uint64_t own_pointer(void) {
    static bool opened;
    opened = opened || tls_open();
    ASSERT(opened);
    const uint64_t pointer = tls_block_create();
    tls_block_renew(pointer, 1);
    return pointer;
}

double bench_limit_switch_ns(void) {
    return tls_check() != NULL ? -1 : run(plain_loop, same_pointer);
}

double bench_limit_tls_step_ns(void) {
    if (tls_check() != NULL) {
        return -1;
    }
    trace = aligned_alloc(64, sizeof *trace);
    ASSERT(trace != NULL);
    trace_begin(trace);
    random_init(&picks, 1);
    const double ns = run(step_loop, own_pointer);
    free(trace);
    return ns;
}
