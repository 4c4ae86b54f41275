/* Clocks that drift, tick and are set: programs that assert what Linux does, on the simulated one.
 */
#include "tests/suite.h"

#include <stdio.h>

#include "tests/module_fixture.h"

#define SEED 5
#define SEEDS 40

START_TEST(waits_and_timers_follow_their_nodes_clock_and_its_jumps) {
    struct runner runner;
    module_fixture_open(&runner, "clocks", "fiber");
    for (uint64_t seed = SEED; seed < SEED + SEEDS; seed++) {
        module_fixture_pass(&runner, _i == 0 ? "fifo" : "random", seed);
    }
    runner_close(&runner);
}
END_TEST

START_TEST(both_back_ends_give_the_same) {
    struct runner fiber;
    struct runner baton;
    module_fixture_open(&fiber, "clocks", "fiber");
    module_fixture_open(&baton, "clocks", "baton");
    module_fixture_pass(&fiber, "random", SEED);
    module_fixture_pass(&baton, "random", SEED);
    ck_assert_mem_eq(&fiber.record->fingerprint,
                     &baton.record->fingerprint,
                     sizeof fiber.record->fingerprint);
    runner_close(&fiber);
    runner_close(&baton);
}
END_TEST

SUITE(clocks) {
    SUITE_LOOP(waits_and_timers_follow_their_nodes_clock_and_its_jumps, 0, 2);
    SUITE_TEST(both_back_ends_give_the_same);
}
