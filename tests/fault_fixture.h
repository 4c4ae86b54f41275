/* Worlds in which nodes crash, start again and stand still, and links are cut. */
#ifndef TESTS_FAULT_FIXTURE_H
#define TESTS_FAULT_FIXTURE_H

#include "sim/demand.h"
#include "sim/fault.h"
#include "tests/suite.h"
#include "tests/world_fixture.h"

#define MS UINT64_C(1000000)
#define GONE 500u /* logged: a thread that a crash took */

static uint32_t left_running; /* which of them was running */
static body_function *again;  /* what a node does when it starts again */

static inline void on_thread_gone(void *context, uint32_t thread, bool runs) {
    (void)context;
    note(GONE + thread);
    left_running = runs ? thread : left_running;
}

static inline void on_node_crashed(void *context, uint32_t node, uint32_t files) {
    (void)context;
    note(2000 + 10 * files + node);
}

static inline void on_node_started(void *context, uint32_t node) {
    (void)context;
    start(0, node, again, false);
}

static inline struct description_fault *
fault(enum description_fault_kind kind, uint32_t node, uint64_t at_ns, uint64_t lasts_ns) {
    struct description_fault *added = description_fault_add(&test.description);
    ck_assert_ptr_ne(added, NULL);
    added->kind = kind;
    added->from = node;
    added->at_ns = at_ns;
    added->lasts_ns = lasts_ns;
    return added;
}

static inline uint32_t occasion(enum occasion_instant instant, uint32_t node, uint32_t nth) {
    const struct occasion declared = {.instant = (uint32_t)instant, .node = node, .nth = nth};
    return demand_occasion(&test.description, &declared) + 1;
}

static inline void make(void) {
    static const struct fault_machine machine = {.thread_gone = on_thread_gone,
                                                 .node_crashed = on_node_crashed,
                                                 .node_started = on_node_started};
    ck_assert(description_check(&test.description));
    make_world();
    world_machine_set(world, &machine);
}

static inline void sleep_ms(uint64_t ms) {
    static const struct wait_cause cause = {.kind = POINT_SLEEP};
    schedule_wait(schedule, NULL, schedule_now_ns(schedule) + ms * MS, &cause);
}

static inline void wait_long(uint32_t self) {
    sleep_ms(100);
    note(self);
}

static inline void wait_and_note(uint32_t self) {
    sleep_ms(10);
    note(self);
}

#endif
