#include <ex/fiber.h>
#include <ex/scheduler.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

static uint64_t arrivals; /* in a fiber */
static uint64_t wanted;
static uint64_t spent;
static bool is_over;

/* Runs a task whose frame has that size and needs no arguments. */
static void run(ex_resume_function *resume, size_t size, uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    struct ex_frame *frame = ex_task_new(scheduler, size);
    row_expect(frame != NULL, "there is memory for a task");
    arrivals = 0;
    wanted = count;
    is_over = false;
    ex_task_detach(ex_task_spawn(ex_frame_init(frame, resume)));
    own_end(scheduler);
}

static int64_t come_and_go(void *argument) {
    (void)argument;
    while (!is_over) {
        arrivals++;
        ex_fiber_suspend();
    }
    return 0;
}

/* Resumes a fiber, which suspends at once: two operations, without the ready queue. */
struct switching {
    struct ex_frame frame;
    struct ex_fiber fiber;
};

EX_RESUME(switching) {
    EX_BEGIN(switching);
    struct ex_frame *fiber = ex_fiber_run(&self->fiber, come_and_go, NULL);
    int64_t last = fiber->resume(fiber, strand, 0); /* the first resume gives it a stack */
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < wanted; i += 2) {
        last = fiber->resume(fiber, strand, 0);
    }
    spent = row_cpu_ns() - before;
    row_expect(last == EX_PENDING, "the fiber waits");
    is_over = true;
    row_expect(fiber->resume(fiber, strand, 0) == 0, "the fiber returns");
    EX_END();
}

uint64_t own_fiber_resume(uint64_t count) {
    run(switching_resume, sizeof(struct switching), count);
    row_expect(arrivals == 1 + (count + 1) / 2, "the fiber was switched to each time");
    return spent;
}

static int64_t come(void *argument) {
    (void)argument;
    arrivals++;
    return 1;
}

/* Awaits one fiber after the other, each of which returns at once. */
struct creating {
    struct ex_frame frame;
    struct ex_fiber fiber;
    uint64_t before;
    uint64_t left;
};

EX_RESUME(creating) {
    EX_BEGIN(creating);
    self->before = row_cpu_ns();
    for (self->left = wanted; self->left != 0; self->left -= (uint64_t)value) {
        EX_AWAIT(ex_fiber_run(&self->fiber, come, NULL));
    }
    spent = row_cpu_ns() - self->before;
    EX_END();
}

uint64_t own_fiber_create(uint64_t count) {
    run(creating_resume, sizeof(struct creating), count);
    row_expect(arrivals == count, "every fiber has run");
    return spent;
}

static int64_t yield_often(void *argument) {
    (void)argument;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < wanted; i++) {
        ex_fiber_yield();
    }
    spent = row_cpu_ns() - before;
    return 0;
}

uint64_t own_fiber_yield(uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    wanted = count;
    struct ex_task *task = ex_fiber_spawn(scheduler, yield_often, NULL);
    row_expect(task != NULL, "there is memory for a fiber");
    ex_task_detach(task);
    own_end(scheduler);
    return spent;
}
