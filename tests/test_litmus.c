/* Weak memory: what C11 allows is seen, what it forbids is not. */
#include <string.h>

#include "tests/module_fixture.h"

#define RUNS SUITE_SHARE(10000)
#define SEEN_AT_LEAST (RUNS / 1000) /* an outcome that is allowed */

static void run_some(struct runner *runner, const char *strategy, uint64_t runs) {
    ck_assert(runner_prepare(runner, strategy, 1, runs));
    ck_assert_int_eq(runner_run(runner, NULL), RUNNER_REPLIED);
    ck_assert_msg(runner->record->verdict.kind == VERDICT_PASS,
                  "%s",
                  runner->record->verdict.message);
}

START_TEST(outcomes_are_those_of_c11) {
    struct runner runner;
    unsigned allowed = 0;
    module_fixture_open(&runner, "litmus", "fiber");
    run_some(&runner, "random~c11", RUNS); /* what is forbidden is a property */
    const struct description *description = &runner.record->description;
    for (uint32_t i = 0; i < description->property_count; i++) {
        const bool sometimes = description->properties[i].kind == DESCRIPTION_SOMETIMES;
        allowed += sometimes;
        ck_assert_msg(!sometimes || runner.record->held[i] >= SEEN_AT_LEAST,
                      "%s: in %" PRIu64 " runs",
                      description->properties[i].sentence,
                      runner.record->held[i]);
    }
    ck_assert_uint_eq(allowed, 11);
    runner_close(&runner);
}
END_TEST

/* The oracle sees something: a load that sees only the last store has none of these outcomes. */
START_TEST(without_it_stores_are_seen_in_order) {
    struct runner runner;
    uint32_t seen = 0;
    module_fixture_open(&runner, "litmus", "fiber");
    run_some(&runner, "random", RUNS / 5);
    for (uint32_t i = 0; i < runner.record->description.property_count; i++) {
        seen += runner.record->held[i] != 0;
    }
    ck_assert_uint_eq(seen, 1); /* two loads, and a store between them */
    runner_close(&runner);
}
END_TEST

START_TEST(a_stale_load_is_a_choice_that_replays) {
    static const char *const backends[] = {"fiber", "baton"};
    struct hash fingerprints[2];
    for (int i = 0; i < 2; i++) {
        struct runner runner;
        module_fixture_open(&runner, "litmus", backends[i]);
        module_fixture_pass(&runner, "random~c11", 5);
        fingerprints[i] = runner.record->fingerprint;
        runner_close(&runner);
    }
    ck_assert_mem_eq(&fingerprints[0], &fingerprints[1], sizeof fingerprints[0]);
}
END_TEST

/* What holds by C11's rules holds there, too. */
START_TEST(right_programs_stay_right) {
    static const char *const modules[] = {"orders", "accesses"};
    struct runner runner;
    module_fixture_open(&runner, modules[_i], "fiber");
    for (uint64_t seed = 1; seed <= SUITE_SHARE(60); seed++) {
        module_fixture_pass(&runner, "random@atomics+races~c11", seed);
    }
    runner_close(&runner);
}
END_TEST

SUITE(litmus) {
    SUITE_TEST(outcomes_are_those_of_c11);
    SUITE_TEST(without_it_stores_are_seen_in_order);
    SUITE_TEST(a_stale_load_is_a_choice_that_replays);
    SUITE_LOOP(right_programs_stay_right, 0, 2);
}
