/* Races, what a run leaves out, and that both are choices. */
#include "tests/gate_fixture.h"
#include "tests/suite.h"

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

SUITE(gate_race) {
    SUITE_TEST(a_race_goes_both_ways_and_nobody_comes_between);
    SUITE_TEST(without_the_race_others_come_between);
    SUITE_TEST(a_race_of_each_is_run_as_often_as_both_come);
    SUITE_TEST(maybe_is_in_force_as_often_as_it_says);
    SUITE_TEST(one_of_a_group_is_in_force_and_each_comes_to_it);
    SUITE_TEST(a_run_with_races_replays_from_its_choices);
}
