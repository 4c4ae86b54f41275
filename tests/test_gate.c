/* What a scenario demands of the order of its occasions, and what becomes of what cannot be. */
#include "tests/gate_fixture.h"
#include "tests/suite.h"

/* ---- order ---- */

START_TEST(without_a_constraint_every_order_comes) {
    mark("z", 0);
    open_gates();

    static const char *const orders[] = {"abc", "acb", "bac", "bca", "cab", "cba"};
    for (unsigned i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        ck_assert_uint_gt(runs_that_log(orders[i], 3, one_letter_each), 0);
    }
}
END_TEST

START_TEST(an_order_holds_under_every_seed) {
    const uint32_t a = mark("a", 1);
    const uint32_t b = mark("b", 1);
    const uint32_t c = mark("c", 1);
    constraint(CONSTRAINT_ORDER, c, a, b, 3);
    open_gates();

    ck_assert_uint_eq(runs_that_log("cab", 3, one_letter_each), SEEDS);
    ck_assert_int_eq(outcome(0), CONSTRAINT_EXERCISED);
}
END_TEST

START_TEST(an_order_of_each_pairs_the_first_with_the_first) {
    const uint32_t a = mark("a", 0);
    const uint32_t b = mark("b", 0);
    constraint(CONSTRAINT_ORDER, a, b, 0, 2);
    open_gates();

    uint32_t together = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, 2, three_of_a_letter), VERDICT_PASS);
        int ahead = 0;
        for (uint32_t i = 0; i < log_count; i++) {
            ahead += log_entries[i] == 'a' ? 1 : -1;
            ck_assert_int_ge(ahead, 0);
        }
        together += logged("aaabbb");
    }
    ck_assert_uint_gt(together, 0); /* and who is first may run ahead */
    ck_assert_uint_lt(together, SEEDS);
}
END_TEST

START_TEST(the_nth_is_meant_and_no_other) {
    const uint32_t a = mark("a", 3);
    const uint32_t b = mark("b", 2);
    constraint(CONSTRAINT_ORDER, a, b, 0, 2);
    open_gates();

    uint32_t early = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, 2, three_of_a_letter), VERDICT_PASS);
        uint32_t counts[2] = {0};
        for (uint32_t i = 0; i < log_count; i++) {
            counts[log_entries[i] - 'a']++;
            ck_assert(counts[1] < 2 || counts[0] == 3);
        }
        early += log_entries[0] == 'b';
    }
    ck_assert_uint_gt(early, 0); /* the first b is free */
}
END_TEST

/* ---- hold, never ---- */

START_TEST(who_is_held_comes_after_what_it_waits_for) {
    const uint32_t a = mark("a", 0);
    const uint32_t b = mark("b", 2);
    constraint(CONSTRAINT_HOLD, a, b, 0, 2);
    open_gates();

    uint32_t ahead = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, 2, three_of_a_letter), VERDICT_PASS);
        ck_assert_uint_eq(log_entries[0], 'b');
        ck_assert_uint_eq(log_entries[1], 'b');
        ahead += logged("bbaaab");
    }
    ck_assert_uint_gt(ahead, 0); /* and then it is free */
}
END_TEST

static void begins_and_ends(uint32_t thread) {
    if (thread == 1) {
        pass("a");
        point();
        pass("b");
    } else {
        pass("c");
    }
}

START_TEST(what_may_never_come_between_comes_before_or_after) {
    const uint32_t a = mark("a", 0);
    const uint32_t b = mark("b", 0);
    const uint32_t c = mark("c", 0);
    constraint(CONSTRAINT_NEVER, a, b, c, 3);
    open_gates();

    const uint32_t before = runs_that_log("cab", 2, begins_and_ends);
    const uint32_t after = runs_that_log("abc", 2, begins_and_ends);
    ck_assert_uint_gt(before, 20);
    ck_assert_uint_gt(after, 20);
    ck_assert_uint_eq(before + after, SEEDS);
}
END_TEST

/* ---- what cannot be met ---- */

static void b_then_a(uint32_t thread) {
    if (thread == 1) {
        pass("b");
        pass("a");
    } else {
        pass("c");
    }
}

START_TEST(what_the_program_forbids_is_refused_and_the_run_goes_on) {
    const uint32_t a = mark("a", 1);
    const uint32_t b = mark("b", 1);
    constraint(CONSTRAINT_ORDER, a, b, 0, 2);
    open_gates();

    ck_assert_uint_eq(runs_that_log("cba", 2, b_then_a), SEEDS); /* c could still run */
    ck_assert_int_eq(outcome(0), CONSTRAINT_REFUSED);
    const struct event *event = NULL;
    uint64_t site;
    for (uint64_t n = 0; event == NULL || event->kind != POINT_HOLD_BREAK; n++) {
        event = trace_last(fixture.trace, n, &site);
        ck_assert_ptr_nonnull(event);
    }
    ck_assert_uint_eq(event->object, 1);
}
END_TEST

START_TEST(what_never_comes_is_absent) {
    const uint32_t a = mark("nowhere", 1);
    const uint32_t b = mark("b", 1);
    const uint32_t c = mark("c", 1);
    constraint(CONSTRAINT_ORDER, a, b, 0, 2);
    constraint(CONSTRAINT_RACE, a, c, 0, 2);
    open_gates();

    ck_assert_int_eq(run_random(1, 2, b_then_a), VERDICT_PASS);
    ck_assert_int_eq(outcome(0), CONSTRAINT_ABSENT);
    ck_assert_int_eq(outcome(1), CONSTRAINT_ABSENT);
    ck_assert_uint_eq(gates.met[a].happened, 0);
    ck_assert_uint_eq(gates.met[b].happened, 1);
}
END_TEST

/* Who waits for a held thread is no deadlock, and who sleeps still wakes. */
static void waits_for_the_held(uint32_t thread) {
    if (thread == 1) {
        pass("b");
        schedule_wake(schedule, &queues[0], 1);
    } else {
        schedule_wait(schedule, NULL, 5000, &cause);
        note('s');
        schedule_wait(schedule, &queues[0], AGENDA_NEVER, &cause);
    }
}

START_TEST(time_goes_on_while_somebody_is_held_and_a_hold_is_no_deadlock) {
    const uint32_t a = mark("nowhere", 1);
    const uint32_t b = mark("b", 1);
    constraint(CONSTRAINT_ORDER, a, b, 0, 2);
    open_gates();

    ck_assert_uint_eq(runs_that_log("sb", 2, waits_for_the_held), SEEDS);
}
END_TEST

static void spins_for_the_held(uint32_t thread) {
    static bool done;
    done = thread == 1 ? false : done;
    if (thread == 1) {
        pass("b");
        done = true;
    }
    while (!done) {
        yield();
    }
}

START_TEST(who_spins_for_a_held_thread_makes_no_finding) {
    const uint32_t a = mark("nowhere", 1);
    const uint32_t b = mark("b", 1);
    constraint(CONSTRAINT_ORDER, a, b, 0, 2);
    open_gates();

    ck_assert_int_eq(run_random(1, 2, spins_for_the_held), VERDICT_PASS);
}
END_TEST

/* ---- entries and times ---- */

static void sleeps_and_works(uint32_t thread) {
    if (thread == 1) {
        schedule_wait(schedule, NULL, 1000, &cause);
        note('t');
    } else {
        schedule_wait(schedule, NULL, 9000, &cause);
        pass("a");
    }
}

START_TEST(a_deadline_that_is_held_comes_late) {
    const struct occasion expiry = {.instant = OCCASION_EXPIRES, .node = 1, .nth = 1};
    const uint32_t expires = occasion(&expiry);
    const uint32_t a = mark("a", 1);
    constraint(CONSTRAINT_HOLD, expires, a, 0, 2);
    open_gates();

    ck_assert_uint_eq(runs_that_log("at", 2, sleeps_and_works), SEEDS);
}
END_TEST

static void works_until(uint32_t thread) {
    (void)thread;
    pass("a");
    ck_assert_uint_ge(schedule_now_ns(schedule), 7000);
}

START_TEST(a_time_comes_when_it_comes) {
    const struct occasion seven = {.instant = OCCASION_TIME, .at_ns = 7000, .nth = 1};
    const uint32_t time = occasion(&seven);
    const uint32_t again = occasion(&seven);
    const uint32_t a = mark("a", 1);
    constraint(CONSTRAINT_HOLD, a, time, 0, 2);
    open_gates();

    ck_assert_int_eq(run_random(1, 1, works_until), VERDICT_PASS);
    ck_assert_uint_eq(gates.met[time].happened, 1);
    ck_assert_uint_eq(gates.met[again].happened, 1);
}
END_TEST

static void cancels_what_is_held(uint32_t thread) {
    if (thread == 1) {
        schedule_wait(schedule, &queues[0], 1000, &cause);
        note((uint32_t)'0' + schedule_agent(schedule, agent_of(1))->reason);
    } else {
        schedule_wait(schedule, NULL, 20000, &cause);
        note('w');
        schedule_wake(schedule, &queues[0], 1);
        pass("a");
    }
}

START_TEST(a_held_deadline_of_one_who_was_woken_is_gone) {
    const struct occasion expiry = {.instant = OCCASION_EXPIRES, .node = 1, .nth = 1};
    const uint32_t expires = occasion(&expiry);
    const uint32_t a = mark("a", 1);
    constraint(CONSTRAINT_HOLD, expires, a, 0, 2);
    open_gates();

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, 2, cancels_what_is_held), VERDICT_PASS);
        ck_assert_uint_eq(log_entries[0], 'w');
        for (uint32_t i = 0; i < log_count; i++) {
            ck_assert_uint_ne(log_entries[i], '0' + WAKE_TIMEOUT);
        }
        ck_assert_uint_eq(gates.held.first, 0);
    }
}
END_TEST

/* Entries of one subject are alike: whichever fires first delivers what is first. */
static uint32_t stream_handler, delivered;
static uint64_t latest_ns; /* that a message may come, 0 = at any time */

#define EARLIEST_NS 900u

static void deliver(void *context, const struct agenda_item *item) {
    (void)context;
    (void)item;
    note('1' + delivered++);
}

static bool delivery_fact(void *context, const struct agenda_item *item, struct occasion *fact) {
    (void)context;
    (void)item;
    *fact = (struct occasion){.instant = OCCASION_ARRIVES,
                              .node = 1,
                              .earliest_ns = latest_ns == 0 ? 0 : EARLIEST_NS,
                              .latest_ns = latest_ns};
    return true;
}

static void stream_and_mark(uint32_t thread) {
    if (thread == 1) {
        delivered = 0;
        for (uint64_t i = 0; i < 4; i++) {
            schedule_timer_start(schedule, 1000 + 100 * (i % 2), stream_handler, 7, i);
        }
        schedule_wait(schedule, NULL, 9000, &cause);
        pass("a");
    }
    schedule_wait(schedule, NULL, 20000, &cause);
}

START_TEST(what_is_behind_one_that_is_held_does_not_overtake_it) {
    const struct occasion second = {.instant = OCCASION_ARRIVES, .nth = 2};
    const uint32_t arrives = occasion(&second);
    const uint32_t a = mark("a", 1);
    constraint(CONSTRAINT_HOLD, arrives, a, 0, 2);
    open_gates();
    stream_handler = schedule_handler_add(schedule, deliver, NULL);
    schedule_handler_describe(schedule, stream_handler, delivery_fact);

    ck_assert_uint_eq(runs_that_log("1a234", 1, stream_and_mark), SEEDS);
    ck_assert_int_eq(outcome(0), CONSTRAINT_EXERCISED);
}
END_TEST

/* A mark comes at 9,000 ns, later than the message can. */
START_TEST(a_message_is_held_no_longer_than_it_may_take) {
    const struct occasion second = {.instant = OCCASION_ARRIVES, .nth = 2};
    const uint32_t arrives = occasion(&second);
    const uint32_t a = mark("a", 1);
    constraint(CONSTRAINT_HOLD, arrives, a, 0, 2);
    open_gates();
    stream_handler = schedule_handler_add(schedule, deliver, NULL);
    schedule_handler_describe(schedule, stream_handler, delivery_fact);
    latest_ns = 5000;

    ck_assert_uint_eq(runs_that_log("1234a", 1, stream_and_mark), SEEDS);
    ck_assert_int_eq(outcome(0), CONSTRAINT_INFEASIBLE);
    const struct gate_conflict *conflict = gate_conflict(&gates, 0);
    ck_assert_uint_eq(conflict->message, arrives);
    ck_assert_uint_eq(conflict->awaited, a);
    ck_assert_uint_eq(conflict->earliest_ns, EARLIEST_NS);
    ck_assert_uint_eq(conflict->latest_ns, 5000);
    ck_assert_uint_ge(gates.met[a].first_ns, 9000);
}
END_TEST

START_TEST(a_message_that_can_wait_long_enough_does) {
    const struct occasion second = {.instant = OCCASION_ARRIVES, .nth = 2};
    const uint32_t arrives = occasion(&second);
    const uint32_t a = mark("a", 1);
    constraint(CONSTRAINT_HOLD, arrives, a, 0, 2);
    open_gates();
    stream_handler = schedule_handler_add(schedule, deliver, NULL);
    schedule_handler_describe(schedule, stream_handler, delivery_fact);
    latest_ns = 15000;

    ck_assert_uint_eq(runs_that_log("1a234", 1, stream_and_mark), SEEDS);
    ck_assert_int_eq(outcome(0), CONSTRAINT_EXERCISED);
}
END_TEST

/* The mark is passed when the message comes at the latest: held by a race, it is let go then. */
START_TEST(a_race_with_a_message_ends_when_it_can_come_no_later) {
    const struct occasion first = {.instant = OCCASION_ARRIVES, .nth = 1};
    const uint32_t arrives = occasion(&first);
    const uint32_t nowhere = mark("nowhere", 1);
    constraint(CONSTRAINT_RACE, arrives, nowhere, 0, 2);
    open_gates();
    stream_handler = schedule_handler_add(schedule, deliver, NULL);
    schedule_handler_describe(schedule, stream_handler, delivery_fact);
    latest_ns = 3000;

    ck_assert_uint_eq(runs_that_log("1234a", 1, stream_and_mark), SEEDS);
    ck_assert_int_eq(outcome(0), CONSTRAINT_INFEASIBLE);
    ck_assert_uint_eq(gate_conflict(&gates, 0)->awaited, nowhere);
}
END_TEST

/* ---- predicates of counters ---- */

static uint32_t once, in_time;

static uint64_t may_come(void) {
    return gate_may_come(&gates, UINT64_C(1) << once | UINT64_C(1) << in_time);
}

static void make_true_twice(uint32_t thread) {
    static const struct wait_cause sleeps = {.kind = POINT_SLEEP};
    (void)thread;
    ck_assert_uint_eq(may_come(), UINT64_C(1) << once | UINT64_C(1) << in_time);
    gate_pass(&gates, UINT64_C(1) << once);
    ck_assert_uint_eq(may_come(), UINT64_C(1) << in_time);
    schedule_wait(schedule, NULL, 5000, &sleeps);
    ck_assert_uint_eq(may_come(), UINT64_C(1) << in_time);
    schedule_wait(schedule, NULL, 15000, &sleeps);
    ck_assert_uint_eq(may_come(), 0);
    note('x');
}

START_TEST(a_predicate_comes_to_hold_once_and_in_its_time) {
    once = occasion(&(struct occasion){.instant = OCCASION_HOLDS, .nth = 1, .name = "hits"});
    in_time = occasion(
        &(struct occasion){.instant = OCCASION_HOLDS, .nth = 1, .name = "hits", .at_ns = 10000});
    open_gates();

    for (uint64_t seed = 0; seed < 3; seed++) {
        ck_assert_int_eq(run_random(seed, 1, make_true_twice), VERDICT_PASS);
        ck_assert(logged("x"));
    }
}
END_TEST

/* Two are about to make it true, and it is first after a: who is second does not make it so. */
static void stand_and_note(uint32_t thread) {
    if (thread == 1) {
        pass("a");
        return;
    }
    point();
    gate_pass(&gates, gate_may_come(&gates, UINT64_C(1) << once));
    note('h');
}

START_TEST(who_would_make_a_predicate_hold_waits_like_others) {
    once = occasion(&(struct occasion){.instant = OCCASION_HOLDS, .nth = 1, .name = "hits"});
    constraint(CONSTRAINT_ORDER, mark("a", 1), once, 0, 2);
    open_gates();

    ck_assert_uint_eq(runs_that_log("ahh", 3, stand_and_note), SEEDS);
    ck_assert_uint_eq(gates.met[once].happened, 1);
}
END_TEST

SUITE(gate) {
    SUITE_TEST(without_a_constraint_every_order_comes);
    SUITE_TEST(an_order_holds_under_every_seed);
    SUITE_TEST(an_order_of_each_pairs_the_first_with_the_first);
    SUITE_TEST(the_nth_is_meant_and_no_other);
    SUITE_TEST(who_is_held_comes_after_what_it_waits_for);
    SUITE_TEST(what_may_never_come_between_comes_before_or_after);
    SUITE_TEST(what_the_program_forbids_is_refused_and_the_run_goes_on);
    SUITE_TEST(what_never_comes_is_absent);
    SUITE_TEST(time_goes_on_while_somebody_is_held_and_a_hold_is_no_deadlock);
    SUITE_TEST(who_spins_for_a_held_thread_makes_no_finding);
    SUITE_TEST(a_deadline_that_is_held_comes_late);
    SUITE_TEST(a_time_comes_when_it_comes);
    SUITE_TEST(a_held_deadline_of_one_who_was_woken_is_gone);
    SUITE_TEST(what_is_behind_one_that_is_held_does_not_overtake_it);
    SUITE_TEST(a_message_is_held_no_longer_than_it_may_take);
    SUITE_TEST(a_message_that_can_wait_long_enough_does);
    SUITE_TEST(a_race_with_a_message_ends_when_it_can_come_no_later);
    SUITE_TEST(a_predicate_comes_to_hold_once_and_in_its_time);
    SUITE_TEST(who_would_make_a_predicate_hold_waits_like_others);
}
