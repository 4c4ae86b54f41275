/* What the scenarios on the executor have in common: a scheduler with worker threads, and what it
 * did, as counters of the run.
 *
 *   struct ex_scheduler *scheduler = stage_open(3);
 *   … STAGE_NEW(scheduler, greeter), ex_task_spawn …
 *   stage_run(scheduler);                 until every task has returned
 *   stage_close(scheduler);               "steals", "rescues", "sleeps" … are counted
 *
 * Memory:  stage_close frees all.
 * Units:   nanoseconds of CLOCK_MONOTONIC.
 * Errors:  whatever the executor refuses is a finding.
 */
#ifndef SCENARIOS_STAGE_H
#define SCENARIOS_STAGE_H

#include <ex/scheduler.h>
#include <ex/timer.h>
#include <time.h>

#include "sim/scenario.h"

/* A finding unless it holds. */
#define STAGE_REQUIRE(condition, ...)                                                              \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            sim_fail(__VA_ARGS__);                                                                 \
        }                                                                                          \
    } while (0)

/* Memory for a task whose frame is a struct NAME, all of it zero. */
#define STAGE_NEW(scheduler, name) ((struct name *)stage_new((scheduler), sizeof(struct name)))

static inline void *stage_new(struct ex_scheduler *scheduler, size_t size) {
    char *frame = ex_task_new(scheduler, size);
    STAGE_REQUIRE(frame != NULL, "there is no memory for a task");
    for (size_t i = 0; i < size; i++) {
        frame[i] = 0;
    }
    return frame;
}

static inline struct ex_scheduler *stage_open(uint32_t worker_count) {
    struct ex_scheduler *scheduler = NULL;
    const struct ex_scheduler_options options = {.worker_count = worker_count};
    const int status = ex_scheduler_create(&scheduler, &options);
    STAGE_REQUIRE(status == 0, "the scheduler was not created: %d", status);
    return scheduler;
}

static inline void stage_run(struct ex_scheduler *scheduler) {
    const int status = ex_scheduler_run(scheduler);
    STAGE_REQUIRE(status == 0, "the scheduler did not run to its end: %d", status);
    STAGE_REQUIRE(ex_scheduler_live_count(scheduler) == 0, "it ended with tasks alive");
}

static inline void stage_count(const char *counter, uint64_t value) {
    if (value > 0) {
        sim_count(counter, (int64_t)value);
    }
}

/* What the scheduler did so far. */
static inline void stage_tell(struct ex_scheduler *scheduler) {
    struct ex_counters counters;
    ex_scheduler_counters(scheduler, &counters);
    stage_count("remote wakes", counters.remote_count);
    stage_count("timers", counters.timer_count);
    stage_count("sleeps", counters.sleep_count);
    stage_count("steals", counters.steal_count);
    stage_count("rescues", counters.rescue_count);
    stage_count("overflows", counters.overflow_count);
    stage_count("injected", counters.injected_count);
    stage_count("lifo caps", counters.lifo_cap_count);
}

static inline void stage_close(struct ex_scheduler *scheduler) {
    stage_tell(scheduler);
    ex_scheduler_destroy(scheduler);
}

static inline uint64_t stage_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * EX_TIMER_S + (uint64_t)now.tv_nsec;
}

/* The calling thread sleeps, whatever runs on it. */
static inline void stage_block(uint64_t duration_ns) {
    nanosleep(&(const struct timespec){.tv_sec = (time_t)(duration_ns / EX_TIMER_S),
                                       .tv_nsec = (long)(duration_ns % EX_TIMER_S)},
              NULL);
}

#endif
