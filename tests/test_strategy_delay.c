#include "sim/strategy_delay.h"

#include "tests/strategy_fixture.h"
#include "tests/suite.h"

#define SEEDS 400
#define STEPS 300

/* The rule, told to the letter; true when the place is drawn among all others than `place`. */
static bool twin_pick(const struct strategy_delay *delay,
                      uint64_t step,
                      const struct candidates *set,
                      uint32_t *place) {
    bool drawn = false;
    for (uint32_t i = 0; i < delay->moments.count; i++) {
        if (delay->moments.at[i] == step) {
            drawn = drawn || *place == set->longest;
            *place = *place != set->longest ? set->longest : *place;
        }
    }
    return drawn;
}

START_TEST(each_delay_takes_one_turn_from_who_would_have_it) {
    struct random dice;
    random_init(&dice, 7);
    uint32_t delayed = 0;
    uint32_t drawn = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct random random;
        struct strategy_delay delay;
        random_init(&random, seed);
        strategy_delay_begin(&delay, 1 + (uint32_t)(seed % STRATEGY_DELAYS_MAX), STEPS, &random);

        for (uint64_t step = 1; step <= STEPS; step++) {
            const uint32_t count = 2 + (uint32_t)random_below(&dice, STRATEGY_FIXTURE_AGENTS - 1);
            const uint32_t running = (uint32_t)random_below(&dice, count);
            const uint32_t longest = (uint32_t)random_below(&dice, count);
            const struct candidates set = strategy_fixture_staying(count, running, longest);
            const bool spinning = random_below(&dice, 16) == 0;
            uint32_t expected = spinning ? longest : running;
            const uint32_t before = expected;
            const bool any = twin_pick(&delay, step, &set, &expected);

            const uint32_t picked = strategy_delay_pick(&delay, &set, spinning, &random);

            ck_assert_uint_lt(picked, count);
            ck_assert(any || picked == expected);
            delayed += picked != before;
            drawn += any;
        }
        ck_assert_uint_eq(delay.moments.next, delay.moments.count);
    }
    ck_assert_uint_gt(delayed, SEEDS * 5);
    ck_assert_uint_gt(drawn, 100);
}
END_TEST

START_TEST(one_delay_of_who_waits_longest_gives_the_turn_to_any_other_alike) {
    enum { COUNT = 4, EACH = 1000 };
    uint32_t counts[COUNT] = {0};
    for (uint64_t seed = 0; seed < EACH * (COUNT - 1); seed++) {
        struct random random;
        struct strategy_delay delay;
        random_init(&random, seed);
        strategy_delay_begin(&delay, 1, 1, &random);
        const struct candidates set = strategy_fixture_staying(COUNT, 2, 2);

        counts[strategy_delay_pick(&delay, &set, false, &random)]++;
        ck_assert_uint_eq(strategy_delay_pick(&delay, &set, false, &random), 2);
    }
    for (uint32_t i = 0; i < COUNT; i++) { /* five standard deviations */
        ck_assert_uint_ge(counts[i], i == 2 ? 0 : EACH - 130);
        ck_assert_uint_le(counts[i], i == 2 ? 0 : EACH + 130);
    }
}
END_TEST

SUITE(strategy_delay) {
    SUITE_TEST(each_delay_takes_one_turn_from_who_would_have_it);
    SUITE_TEST(one_delay_of_who_waits_longest_gives_the_turn_to_any_other_alike);
}
