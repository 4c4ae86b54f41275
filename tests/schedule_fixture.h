/* Threads that write down what happens to them, beside tests/thread_fixture.h.
 *
 *   run_fifo(3, body) ─► EXPECT_LOG(1, 2, 3)
 */
#ifndef TESTS_SCHEDULE_FIXTURE_H
#define TESTS_SCHEDULE_FIXTURE_H

#include <inttypes.h>

#include "tests/thread_fixture.h"

#define THREADS 4
#define LOG_MAX 20000

static struct schedule *const schedule = &fixture.schedule;
static const struct strategy_spec fifo = {.kind = STRATEGY_FIFO};
static const struct wait_cause cause = {.kind = POINT_WAIT};
static struct wait_queue queues[3];
static uint32_t log_entries[LOG_MAX];
static uint32_t log_count;

static inline void point(void) {
    static const struct point call = {.kind = POINT_CALL};
    schedule_point(schedule, &call);
}

static inline void yield(void) {
    static const struct point call = {.kind = POINT_YIELD};
    schedule_yield(schedule, &call);
}

static inline void note(uint32_t entry) {
    ck_assert_uint_lt(log_count, LOG_MAX);
    log_entries[log_count++] = entry;
}

static inline void expect_log(const uint32_t *expected, uint32_t count) {
    ck_assert_uint_eq(log_count, count);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_msg(log_entries[i] == expected[i],
                      "entry %" PRIu32 " is %" PRIu32 ", expected %" PRIu32,
                      i,
                      log_entries[i],
                      expected[i]);
    }
}
#define EXPECT_LOG(...)                                                                            \
    do {                                                                                           \
        static const uint32_t expected_log[] = {__VA_ARGS__};                                      \
        expect_log(expected_log, sizeof expected_log / sizeof expected_log[0]);                    \
    } while (0)

static inline void reset(void) {
    memset(queues, 0, sizeof queues);
    log_count = 0;
}

static inline enum verdict_kind run_fifo(uint32_t count, void (*body)(uint32_t thread)) {
    reset();
    return thread_fixture_run_as(&fifo, CHOICES_ZERO, 1, 0, count, body);
}

static inline enum verdict_kind
run_random(uint64_t seed, uint32_t count, void (*body)(uint32_t thread)) {
    reset();
    return thread_fixture_run(seed, count, body);
}

static inline uint32_t agent_of(uint32_t thread) {
    uint32_t agent = 1;
    while (fixture.threads[agent] != thread) {
        agent++;
    }
    return agent;
}

static inline uint32_t state_of(uint32_t thread) {
    return schedule_agent(schedule, agent_of(thread))->state;
}

/* ---- timers ---- */

static uint32_t handler;

static inline void timer_fires(void *context, const struct agenda_item *item) {
    ck_assert_ptr_eq(context, &handler);
    note(item->subject + (uint32_t)item->value);
}

static inline void open_handler(void) {
    thread_fixture_open();
    handler = schedule_handler_add(schedule, timer_fires, &handler);
}

#endif
