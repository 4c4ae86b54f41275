/* When faults begin and end; nodes that crash, start again and stand still. */
#include "sim/fault.h"

#include "tests/fault_fixture.h"

static void two_wait(uint32_t self) {
    spawn(wait_long);
    wait_long(self);
}

/* ---- crashes ---- */

START_TEST(a_crash_takes_all_threads_and_nobody_waits_for_who_stays_away) {
    static body_function *const mains[] = {two_wait, wait_and_note};
    declare_world(2);
    fault(DESCRIPTION_CRASH, 1, 5 * MS, UINT64_MAX)->files = DESCRIPTION_FILES_TORN;
    make();

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(GONE + 3, GONE + 1, 2021, 2);
    ck_assert(world->nodes[1].down && !world->nodes[1].exited && world->nodes[2].exited);
    ck_assert_uint_eq(test.verdict.kind, VERDICT_PASS);
    ck_assert_uint_eq(events(POINT_CRASH), 1);
    ck_assert_uint_eq(events(POINT_THREAD_END), 1);
    ck_assert_uint_eq(events(POINT_NODE_EXIT), 1);
    ck_assert_uint_eq(world->faults.all[0].times, 1);
}
END_TEST

START_TEST(a_node_that_starts_again_is_awaited_and_has_another_identity) {
    static body_function *const mains[] = {wait_long};
    static uint64_t identities[2];
    declare_world(1);
    fault(DESCRIPTION_CRASH, 1, 5 * MS, 7 * MS);
    make();
    again = wait_and_note;

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(GONE + 1, 2001, 2);
    for (uint32_t id = 1; id <= 2; id++) {
        identities[id - 1] = threads_at(&world->threads, id)->identity;
    }
    ck_assert_uint_ne(identities[0], identities[1]);
    ck_assert(!world->nodes[1].down && world->nodes[1].exited);
    ck_assert_uint_eq(world->nodes[1].main, 2);
    ck_assert_uint_eq(events(POINT_RESTART), 1);
    ck_assert_uint_ge(schedule_now_ns(schedule), 22 * MS);
    ck_assert_uint_lt(schedule_now_ns(schedule), 23 * MS);
}
END_TEST

START_TEST(a_node_that_has_exited_does_not_crash) {
    static body_function *const mains[] = {note_self, wait_and_note};
    declare_world(2);
    fault(DESCRIPTION_CRASH, 1, 5 * MS, MS);
    make();

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(1, 2);
    ck_assert_uint_eq(events(POINT_CRASH), 0);
    ck_assert_uint_eq(world->faults.all[0].times, 0);
}
END_TEST

START_TEST(a_node_that_is_gone_does_not_crash_again) {
    static body_function *const mains[] = {wait_long};
    declare_world(1);
    fault(DESCRIPTION_CRASH, 1, 5 * MS, 7 * MS);
    fault(DESCRIPTION_CRASH, 1, 6 * MS, MS);
    make();
    again = note_self;

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(GONE + 1, 2001, 2);
    ck_assert_uint_eq(world->faults.all[1].times, 0);
    ck_assert_uint_ge(schedule_now_ns(schedule), 12 * MS);
}
END_TEST

/* ---- on occasions ---- */

static void block_twice(uint32_t self) {
    sleep_ms(1);
    note(self);
    sleep_ms(1);
    note(self + 10);
}

/* The thread that comes to it is the one that runs, and goes no further. */
START_TEST(nothing_takes_effect_after_the_occasion) {
    static body_function *const mains[] = {block_twice, wait_and_note};
    declare_world(2);
    fault(DESCRIPTION_CRASH, 1, 0, UINT64_MAX)->begins_on = occasion(OCCASION_WAKES, 1, 2);
    make();

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(1, GONE + 1, 2001, 2);
    ck_assert_uint_eq(left_running, 1);
}
END_TEST

START_TEST(who_crashes_does_not_exit_and_what_waits_for_the_crash_begins) {
    static body_function *const mains[] = {wait_long, wait_and_note};
    declare_world(2);
    const uint32_t crashes = occasion(OCCASION_CRASHES, 1, 1);
    const uint32_t exits = occasion(OCCASION_EXITS, 1, 1);
    fault(DESCRIPTION_CRASH, 1, 5 * MS, UINT64_MAX);
    fault(DESCRIPTION_CRASH, 2, 0, UINT64_MAX)->begins_on = exits;
    fault(DESCRIPTION_CRASH, 2, 0, 2 * MS)->begins_on = crashes;
    make();
    again = note_self;

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(GONE + 1, 2001, GONE + 2, 2002, 3);
    ck_assert_uint_eq(world->faults.all[1].times, 0);
}
END_TEST

/* Nobody waits for a restart that needs an occasion; if it comes, the node is one that counts. */
START_TEST(a_restart_on_an_occasion_is_not_awaited) {
    static body_function *const mains[] = {wait_long, note_self};
    static body_function *const waits[] = {wait_long, wait_and_note};
    declare_world(2);
    const uint32_t wakes = occasion(OCCASION_WAKES, 2, 1);
    fault(DESCRIPTION_CRASH, 1, 5 * MS, UINT64_MAX)->heals_on = wakes;
    make();
    again = wait_and_note;
    test.description.nodes[2].daemon = false;

    ck_assert_int_eq(run_fifo(waits), VERDICT_PASS);
    EXPECT_LOG(GONE + 1, 2001, 2, 3);

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);
    EXPECT_LOG(2, GONE + 1, 2001);
}
END_TEST

static void begin_and_wait(uint32_t self) {
    world_main_begins(world);
    wait_long(self);
}

static void begin_and_note(uint32_t self) {
    world_main_begins(world);
    note(self);
}

START_TEST(a_restart_is_a_beginning_like_the_first_one) {
    static body_function *const mains[] = {begin_and_wait, wait_and_note};
    declare_world(2);
    const uint32_t second = occasion(OCCASION_BEGINS, 1, 2);
    fault(DESCRIPTION_CRASH, 1, 5 * MS, MS);
    fault(DESCRIPTION_CRASH, 2, 0, UINT64_MAX)->begins_on = second;
    make();
    again = begin_and_note;

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(GONE + 1, 2001, GONE + 2, 2002, 3);
}
END_TEST

/* ---- what is found ---- */

START_TEST(a_deadlock_is_told_without_those_who_are_gone) {
    static body_function *const mains[] = {wait_for_ever, wait_for_ever};
    declare_world(2);
    fault(DESCRIPTION_CRASH, 1, 5 * MS, UINT64_MAX);
    make();

    ck_assert_int_eq(run_fifo(mains), VERDICT_DEADLOCK);

    ck_assert_uint_eq(test.verdict.thread, 2);
    ck_assert_ptr_eq(strstr(test.verdict.message, "n1"), NULL);
}
END_TEST

/* ---- pauses ---- */

static void tick(uint32_t self) {
    for (uint32_t i = 0; i < 4; i++) {
        sleep_ms(2);
        note(self * 100 + (uint32_t)(schedule_now_ns(schedule) / MS));
    }
}

START_TEST(who_is_paused_stands_still_while_time_goes_on) {
    static body_function *const mains[] = {tick, tick};
    declare_world(2);
    fault(DESCRIPTION_PAUSE, 1, 3 * MS, 4 * MS);
    make();

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(102, 202, 204, 206, 107, 208, 109, 111);
    ck_assert_uint_eq(events(POINT_PAUSE), 1);
    ck_assert_uint_eq(events(POINT_RESUME), 1);
}
END_TEST

static void run_on(uint32_t self) {
    for (uint32_t i = 0; i < 3; i++) {
        sleep_ms(1);
        yield();
        note(self * 100 + (uint32_t)(schedule_now_ns(schedule) / MS));
    }
}

/* The only thread, which would not be asked before its next step. */
START_TEST(who_comes_to_the_occasion_of_its_own_pause_stops_there) {
    static body_function *const mains[] = {run_on};
    declare_world(1);
    fault(DESCRIPTION_PAUSE, 1, 0, 50 * MS)->begins_on = occasion(OCCASION_WAKES, 1, 2);
    make();

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(101, 152, 153);
}
END_TEST

START_TEST(a_crash_ends_a_pause_and_its_end_finds_nothing) {
    static body_function *const mains[] = {tick};
    declare_world(1);
    fault(DESCRIPTION_PAUSE, 1, 3 * MS, 20 * MS);
    fault(DESCRIPTION_CRASH, 1, 5 * MS, MS);
    make();
    again = tick;

    ck_assert_int_eq(run_fifo(mains), VERDICT_PASS);

    EXPECT_LOG(102, GONE + 1, 2001, 208, 210, 212, 214);
    ck_assert_uint_eq(events(POINT_RESUME), 0);
}
END_TEST

/* ---- what cannot be ---- */

START_TEST(what_cannot_be_is_refused) {
    static const struct {
        struct description_fault fault;
        const char *sentence;
    } cases[] = {
        {{.kind = DESCRIPTION_CRASH}, "a crash is of one node, not of any"},
        {{.kind = DESCRIPTION_CRASH, .from = 3}, "a crash names node 3, which does not exist"},
        {{.kind = DESCRIPTION_PAUSE, .from = 1},
         "a pause lasts for some time; what stays away crashes"},
        {{.kind = DESCRIPTION_CRASH, .from = 1, .files = 9},
         "a crash leaves files kept, synced or torn"},
        {{.kind = DESCRIPTION_PARTITION, .at_ns = 1, .at_max_ns = 9, .until_ns = 5},
         "a partition ends before it begins"},
        {{.kind = DESCRIPTION_RESET, .begins_on = 1, .at_max_ns = 9},
         "a reset comes on an occasion or at a time that is left to the seed, not both"},
    };
    const unsigned count = sizeof cases / sizeof cases[0];
    for (unsigned i = 0; i < count; i++) {
        declare_world(2);
        *description_fault_add(&test.description) = cases[i].fault;
        ck_assert(!description_check(&test.description));
        ck_assert_str_eq(test.description.error, cases[i].sentence);
    }
}
END_TEST

START_TEST(a_fault_is_told_in_words) {
    char text[96];
    declare_world(2);
    const uint32_t when = occasion(OCCASION_BEGINS, 2, 2);
    fault(DESCRIPTION_CRASH, 1, 5 * MS, MS);
    fault(DESCRIPTION_PAUSE, 2, MS, MS)->at_max_ns = 9 * MS;
    fault(DESCRIPTION_CRASH, 1, 0, MS)->begins_on = when;
    fault(DESCRIPTION_PARTITION, 1, MS, MS)->at_max_ns = 2 * MS;
    fault(DESCRIPTION_JUMP, 0, 0, 0)->begins_on = when;

    demand_fault_print(&test.description, 0, text, sizeof text);
    ck_assert_str_eq(text, "crash of n1 at time 5 ms");
    demand_fault_print(&test.description, 1, text, sizeof text);
    ck_assert_str_eq(text, "pause of n2 between time 1 ms and time 9 ms");
    demand_fault_print(&test.description, 2, text, sizeof text);
    ck_assert_str_eq(text, "crash of n1 when start 2 of n2");
    demand_fault_print(&test.description, 3, text, sizeof text);
    ck_assert_str_eq(text, "partition of n1 and any node between time 1 ms and time 2 ms");
    demand_fault_print(&test.description, 4, text, sizeof text);
    ck_assert_str_eq(text, "jump of any node when start 2 of n2");
}
END_TEST

SUITE(fault) {
    SUITE_TEST(a_crash_takes_all_threads_and_nobody_waits_for_who_stays_away);
    SUITE_TEST(a_node_that_starts_again_is_awaited_and_has_another_identity);
    SUITE_TEST(a_node_that_has_exited_does_not_crash);
    SUITE_TEST(a_node_that_is_gone_does_not_crash_again);
    SUITE_TEST(nothing_takes_effect_after_the_occasion);
    SUITE_TEST(who_crashes_does_not_exit_and_what_waits_for_the_crash_begins);
    SUITE_TEST(a_restart_on_an_occasion_is_not_awaited);
    SUITE_TEST(a_restart_is_a_beginning_like_the_first_one);
    SUITE_TEST(a_deadlock_is_told_without_those_who_are_gone);
    SUITE_TEST(who_is_paused_stands_still_while_time_goes_on);
    SUITE_TEST(who_comes_to_the_occasion_of_its_own_pause_stops_there);
    SUITE_TEST(a_crash_ends_a_pause_and_its_end_finds_nothing);
    SUITE_TEST(what_cannot_be_is_refused);
    SUITE_TEST(a_fault_is_told_in_words);
}
