/* Faults that are left to the seed: whether they come, when, how long, and of which classes. */
#include "tests/fault_fixture.h"

/* ---- what is left to the seed ---- */

START_TEST(without_chance_no_drawn_fault_comes) {
    static body_function *const mains[] = {wait_and_note};
    declare_world(1);
    fault(DESCRIPTION_CRASH, 1, MS, MS)->at_max_ns = 9 * MS;
    make();
    again = note_self;

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(1);
}
END_TEST

START_TEST(a_drawn_fault_comes_in_half_of_the_runs_within_its_bounds) {
    static body_function *const mains[] = {wait_and_note};
    uint32_t crashes = 0;
    declare_world(1);
    fault(DESCRIPTION_CRASH, 1, MS, MS)->at_max_ns = 9 * MS;
    make();
    again = note_self;

    for (uint64_t seed = 1; seed <= 200; seed++) {
        ck_assert_int_eq(run(STRATEGY_RANDOM, seed, mains), VERDICT_PASS);
        for (uint64_t n = 0; n < test.trace.count; n++) {
            const struct event *event = trace_last(&test.trace, n, NULL);
            if (event->kind == POINT_CRASH) {
                crashes++;
                ck_assert_uint_ge(event->time_ns, MS);
                ck_assert_uint_le(event->time_ns, 9 * MS);
                ck_assert_uint_eq(event->node, 1);
            }
        }
    }

    ck_assert_uint_gt(crashes, 70);
    ck_assert_uint_lt(crashes, 130);
}
END_TEST

/* What stands between nodes for a time, and what takes a moment. */
START_TEST(faults_of_links_and_clocks_are_drawn_as_those_of_nodes) {
    static body_function *const mains[] = {wait_and_note, wait_and_note};
    static const enum description_fault_kind kinds[] = {DESCRIPTION_PARTITION,
                                                        DESCRIPTION_RESET,
                                                        DESCRIPTION_JUMP};
    for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        uint32_t came = 0;
        declare_world(2);
        struct description_fault *added = fault(kinds[k], 1, MS, 0);
        added->at_max_ns = 5 * MS;
        added->until_ns = UINT64_MAX;
        added->by_ns = kinds[k] == DESCRIPTION_JUMP ? 1 : 0;
        make();
        ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);
        ck_assert_uint_eq(events(POINT_FAULT), 0);
        for (uint64_t seed = 1; seed <= 100; seed++) {
            ck_assert_int_eq(run(STRATEGY_RANDOM, seed, mains), VERDICT_PASS);
            came += world->faults.all[0].times;
            ck_assert_uint_eq(events(POINT_FAULT), world->faults.all[0].times);
        }
        ck_assert_uint_gt(came, 30);
        ck_assert_uint_lt(came, 70);
    }
}
END_TEST

START_TEST(how_long_a_fault_lasts_is_drawn_each_time_that_it_begins) {
    static body_function *const mains[] = {wait_and_note, wait_long};
    uint32_t different = 0;
    uint64_t before_ns = 0;
    declare_world(2);
    fault(DESCRIPTION_PARTITION, 1, 0, 2 * MS)->lasts_max_ns = 4 * MS;
    make();

    for (uint64_t seed = 1; seed <= 50; seed++) {
        ck_assert_int_eq(run(STRATEGY_RANDOM, seed, mains), VERDICT_PASS);
        ck_assert_uint_eq(events(POINT_FAULT), 1);
        ck_assert_uint_eq(events(POINT_HEAL), 1);
        uint64_t lasted_ns = 0;
        for (uint64_t n = 0; n < test.trace.count; n++) {
            const struct event *event = trace_last(&test.trace, n, NULL);
            lasted_ns += event->kind == POINT_HEAL ? event->time_ns : 0;
            lasted_ns -= event->kind == POINT_FAULT ? event->time_ns : 0;
        }
        ck_assert_uint_ge(lasted_ns, 2 * MS);
        ck_assert_uint_le(lasted_ns, 4 * MS + MS / 2);
        different += lasted_ns != before_ns;
        before_ns = lasted_ns;
    }
    ck_assert_uint_gt(different, 40);
    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);
    ck_assert_uint_eq(world->faults.all[0].until_ns, 2 * MS);
}
END_TEST

/* ---- classes ---- */

/* How often a fault of either class came: none, pauses alone, partitions alone, both. */
static void count_classes(body_function *const *mains, uint32_t counts[4]) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        ck_assert_int_eq(run(STRATEGY_RANDOM, seed, mains), VERDICT_PASS);
        ck_assert_uint_eq(world->faults.all[0].times, 1);
        uint32_t came[2] = {0};
        for (uint32_t i = 1; i < test.description.fault_count; i++) {
            came[test.description.faults[i].kind == DESCRIPTION_PARTITION] +=
                world->faults.all[i].times;
        }
        ck_assert(came[0] == 0 || !world->faults.classes[DESCRIPTION_PAUSE].is_off);
        ck_assert(came[1] == 0 || !world->faults.classes[DESCRIPTION_PARTITION].is_off);
        counts[(came[0] != 0) + 2 * (came[1] != 0)]++;
    }
}

/* Four of each, so that one that is on has almost always something. */
START_TEST(classes_are_switched_by_the_seed_and_what_is_stated_is_not) {
    static body_function *const mains[] = {wait_long, wait_long};
    uint32_t counts[4] = {0};
    declare_world(2);
    fault(DESCRIPTION_PAUSE, 2, 2 * MS, MS);
    for (uint32_t i = 0; i < 4; i++) {
        fault(DESCRIPTION_PAUSE, 1, (10 + 10 * i) * MS, MS)->at_max_ns = (11 + 10 * i) * MS;
        fault(DESCRIPTION_PARTITION, 1, (10 + 10 * i) * MS, MS)->at_max_ns = (11 + 10 * i) * MS;
    }
    make();

    count_classes(mains, counts);

    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_gt(counts[i], 25);
        ck_assert_uint_lt(counts[i], 80);
    }
    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);
    ck_assert_uint_eq(events(POINT_PAUSE), 1);
    ck_assert_uint_eq(events(POINT_FAULT), 0);
}
END_TEST

static uint32_t class_choices(body_function *const *mains) {
    uint32_t count = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        ck_assert_int_eq(run(STRATEGY_RANDOM, seed, mains), VERDICT_PASS);
        for (uint64_t i = 0; i < world->choices.record_count; i++) {
            count += test.record[i].kind == CHOICE_CLASS;
        }
    }
    return count;
}

START_TEST(what_is_stated_or_alone_in_its_class_asks_for_no_class) {
    static body_function *const mains[] = {wait_and_note};
    declare_world(1);
    fault(DESCRIPTION_PAUSE, 1, MS, MS)->at_max_ns = 2 * MS;
    fault(DESCRIPTION_PAUSE, 1, 5 * MS, MS);
    *description_fault_add(&test.description) =
        (struct description_fault){.kind = DESCRIPTION_FAILURE, .chance_ppm = DESCRIPTION_PPM};
    make();

    ck_assert_uint_eq(class_choices(mains), 0);
    ck_assert(fault_in_force(&world->faults, 2));
}
END_TEST

START_TEST(a_chance_is_in_force_when_its_class_is_on) {
    static body_function *const mains[] = {wait_and_note};
    uint32_t on = 0;
    declare_world(1);
    *description_fault_add(&test.description) =
        (struct description_fault){.kind = DESCRIPTION_FAILURE, .chance_ppm = 1000};
    make();

    const uint32_t choices = class_choices(mains);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        ck_assert_int_eq(run(STRATEGY_RANDOM, seed, mains), VERDICT_PASS);
        on += fault_in_force(&world->faults, 0);
    }
    ck_assert_uint_eq(choices, on); /* what is recorded is not alternative 0 */
    ck_assert_uint_gt(on, 12);
    ck_assert_uint_lt(on, 38);
    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);
    ck_assert(!fault_in_force(&world->faults, 0));
}
END_TEST

SUITE(fault_drawn) {
    SUITE_TEST(without_chance_no_drawn_fault_comes);
    SUITE_TEST(a_drawn_fault_comes_in_half_of_the_runs_within_its_bounds);
    SUITE_TEST(faults_of_links_and_clocks_are_drawn_as_those_of_nodes);
    SUITE_TEST(how_long_a_fault_lasts_is_drawn_each_time_that_it_begins);
    SUITE_TEST(classes_are_switched_by_the_seed_and_what_is_stated_is_not);
    SUITE_TEST(what_is_stated_or_alone_in_its_class_asks_for_no_class);
    SUITE_TEST(a_chance_is_in_force_when_its_class_is_on);
}
