/* A scheduler with fibers in it. */
#ifndef TESTS_FIBER_FIXTURE_H
#define TESTS_FIBER_FIXTURE_H

#include <ex/fiber.h>
#include <ex/scheduler.h>

#include "executor/crew.h"
#include "tests/suite.h"

static struct ex_scheduler *scheduler;

static inline void start(void) {
    ck_assert_int_eq(ex_scheduler_create(&scheduler, NULL), 0);
}

static inline void stop(void) {
    ex_scheduler_destroy(scheduler);
}

static inline const struct ex_stack_pool *stacks(void) {
    return &scheduler->workers[0].stacks;
}

static inline struct ex_task *spawn(ex_fiber_function *function, void *argument) {
    struct ex_task *task = ex_fiber_spawn(scheduler, function, argument);
    ck_assert_ptr_nonnull(task);
    return task;
}

/* The result of a fiber that is alone in its scheduler. */
static inline int64_t run(ex_fiber_function *function, void *argument) {
    struct ex_task *task = spawn(function, argument);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    return ex_task_take(task);
}

#endif
