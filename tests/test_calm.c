/* The last phase of a run: what is in force ends, and nothing begins any more. */
#include <errno.h>

#include "sim/mishap.h"
#include "tests/fault_fixture.h"

enum { MAIN = 1, CORE = 2 }; /* nodes */

static struct description_fault *calm_at(uint64_t at_ns) {
    const struct occasion time = {.instant = OCCASION_TIME, .nth = 1, .at_ns = at_ns};
    struct description_fault *added = fault(DESCRIPTION_CALM, 0, 0, 0);
    added->begins_on = demand_occasion(&test.description, &time) + 1;
    return added;
}

static struct description_fault *partition(uint64_t at_ns) {
    struct description_fault *added = fault(DESCRIPTION_PARTITION, MAIN, at_ns, 0);
    added->to = CORE;
    added->until_ns = UINT64_MAX;
    return added;
}

/* When the first event of this kind came, 0 = it did not. */
static uint64_t came_ns(enum point_kind kind) {
    uint64_t first_ns = 0;
    for (uint64_t n = 0; n < test.trace.count; n++) {
        const struct event *event = trace_last(&test.trace, n, NULL);
        first_ns = event->kind == kind ? event->time_ns : first_ns;
    }
    return first_ns;
}

static bool is_soon_after(uint64_t time_ns, uint64_t after_ns) {
    return time_ns >= after_ns && time_ns < after_ns + MS / 2;
}

START_TEST(what_is_in_force_ends) {
    static body_function *const mains[] = {wait_long, wait_and_note};
    declare_world(2);
    fault(DESCRIPTION_CRASH, MAIN, 2 * MS, UINT64_MAX);
    fault(DESCRIPTION_PAUSE, CORE, MS, 500 * MS);
    partition(MS);
    calm_at(20 * MS);
    make();
    again = wait_and_note;

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(GONE + 1, 2001, 2, 3);
    ck_assert(is_soon_after(came_ns(POINT_RESTART), 20 * MS));
    ck_assert(is_soon_after(came_ns(POINT_RESUME), 20 * MS));
    ck_assert(is_soon_after(came_ns(POINT_HEAL), 20 * MS));
    ck_assert_uint_lt(schedule_now_ns(schedule), 31 * MS);
}
END_TEST

/* Neither at its time nor on its occasion; and the calm itself comes once in each run. */
START_TEST(nothing_begins_any_more) {
    static body_function *const mains[] = {wait_long, wait_and_note};
    declare_world(2);
    fault(DESCRIPTION_CRASH, MAIN, 7 * MS, UINT64_MAX);
    fault(DESCRIPTION_JUMP, MAIN, 7 * MS, 0)->by_ns = 1;
    fault(DESCRIPTION_PAUSE, MAIN, 0, MS)->begins_on = occasion(OCCASION_EXITS, CORE, 1);
    partition(8 * MS);
    const uint32_t index = test.description.fault_count;
    calm_at(5 * MS);
    make();

    for (unsigned times = 0; times < 2; times++) {
        ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

        EXPECT_LOG(2, 1);
        for (uint32_t i = 0; i < index; i++) {
            ck_assert_uint_eq(world->faults.all[i].times, 0);
        }
        ck_assert_uint_eq(world->faults.all[index].times, 1);
        ck_assert_uint_eq(events(POINT_FAULT), 1);
    }
}
END_TEST

/* The fault would come in the very moment of the calm. */
START_TEST(what_comes_with_the_calm_does_not_stay) {
    static body_function *const mains[] = {wait_long, wait_and_note};
    declare_world(2);
    struct description_fault *calm = calm_at(5 * MS);
    fault(DESCRIPTION_CRASH, MAIN, 0, UINT64_MAX)->begins_on = calm->begins_on;
    partition(0)->begins_on = calm->begins_on;
    make();

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(2, 1);
    ck_assert_uint_eq(events(POINT_CRASH), 0);
    ck_assert_uint_eq(events(POINT_HEAL), 1);
}
END_TEST

START_TEST(what_names_a_restless_node_goes_on) {
    static body_function *const mains[] = {wait_long, wait_and_note, wait_long};
    declare_world(3);
    fault(DESCRIPTION_CRASH, MAIN, 2 * MS, UINT64_MAX);
    fault(DESCRIPTION_PAUSE, MAIN + 2, 2 * MS, UINT64_C(30) * MS);
    partition(MS);
    calm_at(4 * MS);
    make();
    test.description.nodes[MAIN].restless = true;

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(GONE + 1, 2001, 2, 3);
    ck_assert_uint_eq(events(POINT_RESTART), 0);
    ck_assert_uint_eq(events(POINT_HEAL), 0);
    ck_assert(is_soon_after(came_ns(POINT_RESUME), 4 * MS));
}
END_TEST

START_TEST(who_is_declared_after_the_core_is_restless) {
    for (unsigned has_core = 0; has_core < 2; has_core++) {
        declare_world(1);
        test.description.has_core = has_core;
        const uint32_t late = description_node_add(&test.description, "late", "main", NULL);
        ck_assert_uint_eq(late, 2);
        ck_assert(description_calmed(&test.description, 1, 0));
        ck_assert(description_calmed(&test.description, 1, late) == !has_core);
    }
}
END_TEST

static struct network *network(void) {
    return &world->kernel.endpoints.network;
}

static bool is_lost(uint32_t from, uint32_t to) {
    return network_lost(network(), from, to, 10, &schedule_running(schedule)->decider, NULL);
}

static bool is_duplicated(uint32_t from, uint32_t to) {
    return network_duplicated(network(), from, to, &schedule_running(schedule)->decider, NULL);
}

static void look_at_links(uint32_t self) {
    for (unsigned phase = 0; phase < 2; phase++) {
        const bool calm = phase == 1;
        ck_assert(is_lost(1, 2) == !calm && is_duplicated(1, 2) == !calm);
        ck_assert(is_lost(3, 2) && is_duplicated(2, 3));
        sleep_ms(10);
    }
    note(self);
}

START_TEST(links_lose_and_duplicate_nothing) {
    static body_function *const mains[] = {look_at_links, note_self, note_self};
    declare_world(3);
    struct description_link *link = description_link_add(&test.description, 0, 0);
    link->loss_ppm = DESCRIPTION_PPM;
    link->duplicate_ppm = DESCRIPTION_PPM;
    calm_at(5 * MS);
    make();
    test.description.nodes[3].restless = true;

    for (unsigned times = 0; times < 2; times++) {
        ck_assert_int_eq(run(STRATEGY_RANDOM, 1, mains), VERDICT_PASS);
        ck_assert_uint_eq(log_count, 3);
    }
}
END_TEST

static void allocate_twice(uint32_t self) {
    for (unsigned phase = 0; phase < 2; phase++) {
        const int64_t error = mishap_error(&world->mishaps, MISHAP_MALLOC, NULL, NULL);
        ck_assert_int_eq(error, phase == 0 || self == 2 ? -ENOMEM : 0);
        sleep_ms(10);
    }
    note(self);
}

START_TEST(no_call_fails_any_more) {
    static body_function *const mains[] = {allocate_twice, allocate_twice};
    declare_world(2);
    for (uint32_t node = 1; node <= 2; node++) {
        struct description_fault *added = fault(DESCRIPTION_FAILURE, node, 0, 0);
        added->call = MISHAP_MALLOC;
        added->error = ENOMEM;
        added->chance_ppm = DESCRIPTION_PPM;
    }
    calm_at(5 * MS);
    make();
    test.description.nodes[2].restless = true;

    ck_assert_int_eq(run(STRATEGY_RANDOM, 1, mains), VERDICT_PASS);

    ck_assert_uint_eq(log_count, 2);
}
END_TEST

/* Since a cut may end before its time, who meets it looks again. */
START_TEST(who_meets_a_cut_that_may_end_earlier_looks_again) {
    static body_function *const mains[] = {wait_and_note, wait_and_note};
    for (unsigned calm = 0; calm < 2; calm++) {
        declare_world(2);
        partition(0)->until_ns = 9000 * MS;
        if (calm) {
            calm_at(1000 * MS);
        }
        make();
        ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);
        const uint64_t next_ns = network_blocked_ns(network(), MAIN, CORE);
        ck_assert(calm ? next_ns < 100 * MS : next_ns == 9000 * MS);
    }
}
END_TEST

START_TEST(a_calm_is_told_in_words) {
    char text[256];
    declare_world(1);
    calm_at(5 * MS);
    fault(DESCRIPTION_CALM, 0, 0, 0)->begins_on = occasion(OCCASION_EXITS, 1, 1);

    ck_assert(demand_fault_told(&test.description, 0));
    demand_fault_print(&test.description, 0, text, sizeof text);
    ck_assert_str_eq(text, "calm at time 5 ms");
    demand_fault_print(&test.description, 1, text, sizeof text);
    ck_assert_str_eq(text, "calm when exit of n1");
}
END_TEST

SUITE(calm) {
    SUITE_TEST(what_is_in_force_ends);
    SUITE_TEST(nothing_begins_any_more);
    SUITE_TEST(what_comes_with_the_calm_does_not_stay);
    SUITE_TEST(what_names_a_restless_node_goes_on);
    SUITE_TEST(who_is_declared_after_the_core_is_restless);
    SUITE_TEST(links_lose_and_duplicate_nothing);
    SUITE_TEST(no_call_fails_any_more);
    SUITE_TEST(who_meets_a_cut_that_may_end_earlier_looks_again);
    SUITE_TEST(a_calm_is_told_in_words);
}
