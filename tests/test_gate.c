/* What a scenario demands of the order of its occasions, with threads that pass marks. */
#include "sim/gate.h"

#include <stdio.h>

#include "tests/schedule_fixture.h"
#include "tests/suite.h"

#define SEEDS 200u

static struct gates gates;
static struct occasion occasions[OCCASIONS_MAX];
static struct constraint constraints[CONSTRAINTS_MAX];
static uint32_t occasion_count, constraint_count;

static void begin(void) {
    gate_begin(&gates);
}

/* ---- declaring ---- */

static uint32_t occasion(const struct occasion *declared) {
    occasions[occasion_count] = *declared;
    return occasion_count++;
}

/* The n-th time that somebody comes to a mark, 0 = each. */
static uint32_t mark(const char *name, uint32_t nth) {
    struct occasion declared = {.instant = OCCASION_MARK, .nth = nth};
    snprintf(declared.name, sizeof declared.name, "%s", name);
    return occasion(&declared);
}

static struct constraint *
constraint(enum constraint_kind kind, uint32_t a, uint32_t b, uint32_t c, uint32_t count) {
    constraints[constraint_count] =
        (struct constraint){.kind = (uint32_t)kind, .count = count, .occasions = {a, b, c}};
    return &constraints[constraint_count++];
}

/* Once all is declared. */
static void open_gates(void) {
    open_handler();
    gate_init(&gates,
              schedule,
              occasions,
              occasion_count,
              constraints,
              constraint_count);
    fixture.begin = begin;
}

static enum constraint_outcome outcome(uint32_t index) {
    return gate_outcome(&gates, index);
}

/* ---- happening ---- */

/* A letter of the log for each mark: its first one. */
static void pass(const char *name) {
    struct occasion fact = {.instant = OCCASION_MARK, .node = 1};
    snprintf(fact.name, sizeof fact.name, "%s", name);
    point();
    gate_pass(&gates, gate_match(&gates, &fact));
    note((uint32_t)name[0]);
}

static bool logged(const char *expected) {
    const size_t count = strlen(expected);
    if (count != log_count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (log_entries[i] != (uint32_t)expected[i]) {
            return false;
        }
    }
    return true;
}

/* In how many of the seeds a run with so many threads logs exactly this. */
static uint32_t runs_that_log(const char *expected, uint32_t threads, void (*body)(uint32_t)) {
    uint32_t count = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, threads, body), VERDICT_PASS);
        count += logged(expected);
    }
    return count;
}

/* ---- order ---- */

static void one_letter_each(uint32_t thread) {
    static const char *const names[] = {"a", "b", "c", "d"};
    pass(names[thread - 1]);
}

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

static void three_of_a_letter(uint32_t thread) {
    for (int i = 0; i < 3; i++) {
        pass(thread == 1 ? "a" : "b");
    }
}

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

/* ---- races ---- */

/* Threads 1 and 2 race; the others make noise. */
static void racing(uint32_t thread) {
    for (uint32_t i = 0; thread > 2 && i < 10; i++) {
        pass("x");
    }
    if (thread <= 2) {
        for (uint32_t i = 0; i < 4 * thread; i++) {
            point();
        }
        pass(thread == 1 ? "a" : "b");
        point();
    }
}

START_TEST(a_race_goes_both_ways_and_nobody_comes_between) {
    const uint32_t a = mark("a", 1);
    const uint32_t b = mark("b", 1);
    constraint(CONSTRAINT_RACE, a, b, 0, 2);
    open_gates();

    uint32_t counts[2] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, 4, racing), VERDICT_PASS);
        uint32_t at = 0;
        while (log_entries[at] == 'x') {
            at++;
        }
        ck_assert_uint_ne(log_entries[at + 1], 'x');
        counts[log_entries[at] - 'a']++;
        ck_assert_int_eq(outcome(0), CONSTRAINT_EXERCISED);
    }
    ck_assert_uint_gt(counts[0], SEEDS / 4);
    ck_assert_uint_gt(counts[1], SEEDS / 4);
}
END_TEST

START_TEST(without_the_race_others_come_between) {
    mark("z", 0);
    open_gates();

    uint32_t between = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, 4, racing), VERDICT_PASS);
        uint32_t at = 0;
        while (log_entries[at] == 'x') {
            at++;
        }
        between += log_entries[at + 1] == 'x';
    }
    ck_assert_uint_gt(between, SEEDS / 4);
}
END_TEST

START_TEST(a_race_of_each_is_run_as_often_as_both_come) {
    const uint32_t a = mark("a", 0);
    const uint32_t b = mark("b", 0);
    constraint(CONSTRAINT_RACE, a, b, 0, 2);
    open_gates();

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, 2, three_of_a_letter), VERDICT_PASS);
        ck_assert_uint_eq(log_count, 6);
        for (uint32_t i = 0; i < 6; i += 2) {
            ck_assert_uint_ne(log_entries[i], log_entries[i + 1]);
        }
    }
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
    ck_assert_uint_eq(gate_happened(&gates, a), 0);
    ck_assert_uint_eq(gate_happened(&gates, b), 1);
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
    ck_assert_uint_eq(gate_happened(&gates, time), 1);
    ck_assert_uint_eq(gate_happened(&gates, again), 1);
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

/* ---- what a run leaves out ---- */

START_TEST(maybe_is_in_force_as_often_as_it_says) {
    const uint32_t a = mark("a", 1);
    const uint32_t b = mark("b", 1);
    struct constraint *order = constraint(CONSTRAINT_ORDER, b, a, 0, 2);
    order->chance = 1;
    order->chances = 4;
    open_gates();

    uint32_t off = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, 2, one_letter_each), VERDICT_PASS);
        off += outcome(0) == CONSTRAINT_OFF;
        ck_assert(outcome(0) == CONSTRAINT_OFF || logged("ba"));
    }
    ck_assert_uint_gt(off, SEEDS / 2);
    ck_assert_uint_lt(off, SEEDS * 9 / 10);
}
END_TEST

START_TEST(one_of_a_group_is_in_force_and_each_comes_to_it) {
    const uint32_t a = mark("a", 1);
    const uint32_t b = mark("b", 1);
    const uint32_t c = mark("c", 1);
    constraint(CONSTRAINT_ORDER, a, b, 0, 2)->group = 7;
    constraint(CONSTRAINT_ORDER, b, c, 0, 2)->group = 7;
    constraint(CONSTRAINT_ORDER, c, a, 0, 2)->group = 7;
    open_gates();

    uint32_t counts[3] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, 3, one_letter_each), VERDICT_PASS);
        uint32_t on = 0;
        for (uint32_t i = 0; i < 3; i++) {
            on += outcome(i) == CONSTRAINT_EXERCISED;
            counts[i] += outcome(i) == CONSTRAINT_EXERCISED;
        }
        ck_assert_uint_eq(on, 1);
    }
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_gt(counts[i], SEEDS / 6);
    }
}
END_TEST

/* ---- replay ---- */

START_TEST(a_run_with_races_replays_from_its_choices) {
    const uint32_t a = mark("a", 0);
    const uint32_t b = mark("b", 0);
    const uint32_t x = mark("x", 3);
    constraint(CONSTRAINT_RACE, a, b, 0, 2);
    constraint(CONSTRAINT_HOLD, a, x, 0, 2);
    open_gates();

    static struct choice script[THREAD_FIXTURE_CHOICES];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, 4, racing), VERDICT_PASS);
        const struct hash first = trace_end(fixture.trace);
        const uint64_t count = fixture.choices->record_count;
        memcpy(script, fixture.record, count * sizeof *script);
        fixture.script = script;

        reset();
        static const struct strategy_spec random = {.kind = STRATEGY_RANDOM};
        thread_fixture_run_as(&random, CHOICES_STRICT, 0, count, 4, racing);
        ck_assert_int_eq(fixture.verdict.kind, VERDICT_PASS);
        const struct hash again = trace_end(fixture.trace);
        ck_assert_mem_eq(first.bytes, again.bytes, sizeof first.bytes);
    }
}
END_TEST

SUITE(gate) {
    SUITE_TEST(without_a_constraint_every_order_comes);
    SUITE_TEST(an_order_holds_under_every_seed);
    SUITE_TEST(an_order_of_each_pairs_the_first_with_the_first);
    SUITE_TEST(the_nth_is_meant_and_no_other);
    SUITE_TEST(who_is_held_comes_after_what_it_waits_for);
    SUITE_TEST(what_may_never_come_between_comes_before_or_after);
    SUITE_TEST(a_race_goes_both_ways_and_nobody_comes_between);
    SUITE_TEST(without_the_race_others_come_between);
    SUITE_TEST(a_race_of_each_is_run_as_often_as_both_come);
    SUITE_TEST(what_the_program_forbids_is_refused_and_the_run_goes_on);
    SUITE_TEST(what_never_comes_is_absent);
    SUITE_TEST(time_goes_on_while_somebody_is_held_and_a_hold_is_no_deadlock);
    SUITE_TEST(who_spins_for_a_held_thread_makes_no_finding);
    SUITE_TEST(a_deadline_that_is_held_comes_late);
    SUITE_TEST(a_time_comes_when_it_comes);
    SUITE_TEST(a_held_deadline_of_one_who_was_woken_is_gone);
    SUITE_TEST(maybe_is_in_force_as_often_as_it_says);
    SUITE_TEST(one_of_a_group_is_in_force_and_each_comes_to_it);
    SUITE_TEST(a_run_with_races_replays_from_its_choices);
}
