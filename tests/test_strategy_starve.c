#include "sim/strategy_starve.h"

#include "tests/strategy_fixture.h"
#include "tests/suite.h"

#define SEEDS 200
#define STEPS UINT64_C(800)
#define COUNT 4

START_TEST(one_agent_gets_no_turn_for_its_time_and_all_others_alike) {
    uint32_t outside[COUNT] = {0};
    uint32_t inside[COUNT + 1] = {0}; /* the last one: of who is starved */
    uint64_t steps_inside = 0;
    uint64_t steps_outside = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct random random;
        struct strategy_starve starve;
        random_init(&random, seed);
        strategy_starve_begin(&starve, STEPS, &random);
        const uint64_t from = starve.moments.at[0];
        ck_assert(from >= 1 && from <= STEPS);

        for (uint64_t step = 1; step <= 2 * STEPS; step++) {
            const struct candidates set = strategy_fixture_staying(COUNT, 0, 1);
            const uint32_t place = strategy_starve_pick(&starve, &set, &random);
            ck_assert_uint_lt(place, COUNT);
            if (step < from || step >= from + starve.length) {
                outside[place]++;
                steps_outside++;
            } else {
                inside[set.ready[place] == starve.starved ? COUNT : place]++;
                steps_inside++;
            }
        }
    }
    ck_assert_uint_eq(inside[COUNT], 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        ck_assert_uint_gt(outside[i], steps_outside / COUNT * 97 / 100);
        ck_assert_uint_lt(outside[i], steps_outside / COUNT * 103 / 100);
        ck_assert_uint_gt(inside[i], steps_inside / COUNT / 2); /* who is starved is drawn, too */
    }
}
END_TEST

START_TEST(it_lasts_an_eighth_to_all_of_the_steps) {
    uint32_t lasted[4] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct random random;
        struct strategy_starve starve;
        random_init(&random, seed);
        strategy_starve_begin(&starve, STEPS, &random);
        uint32_t part = 0;
        while (part < 4 && starve.length != (STEPS >> part) + 1) {
            part++;
        }
        ck_assert_uint_lt(part, 4);
        lasted[part]++;
    }
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_uint_gt(lasted[i], SEEDS / 4 - 31);
        ck_assert_uint_lt(lasted[i], SEEDS / 4 + 31);
    }
}
END_TEST

START_TEST(where_the_starved_one_waits_anyway_all_are_alike) {
    uint32_t picked[COUNT] = {0};
    struct random random;
    struct strategy_starve starve;
    random_init(&random, 5);
    strategy_starve_begin(&starve, 1, &random);
    const struct candidates all = strategy_fixture_staying(STRATEGY_FIXTURE_AGENTS, 0, 1);
    strategy_starve_pick(&starve, &all, &random);
    ck_assert_uint_ne(starve.starved, 0);
    starve.starved = strategy_fixture_ready[COUNT]; /* not among the next ones */
    starve.until = UINT64_MAX;

    for (unsigned i = 0; i < 4000; i++) {
        const struct candidates set = strategy_fixture_staying(COUNT, 0, 1);
        picked[strategy_starve_pick(&starve, &set, &random)]++;
    }

    for (uint32_t i = 0; i < COUNT; i++) { /* five standard deviations */
        ck_assert_uint_gt(picked[i], 1000 - 137);
        ck_assert_uint_lt(picked[i], 1000 + 137);
    }
}
END_TEST

SUITE(strategy_starve) {
    SUITE_TEST(one_agent_gets_no_turn_for_its_time_and_all_others_alike);
    SUITE_TEST(it_lasts_an_eighth_to_all_of_the_steps);
    SUITE_TEST(where_the_starved_one_waits_anyway_all_are_alike);
}
