/* Accesses to memory as points: they mean what they mean without, and replay in both back ends. */
#include <string.h>

#include "sim/point.h"
#include "tests/module_fixture.h"

#define SEEDS 30

/* What a run with this strategy came to. */
struct outcome {
    struct hash fingerprint;
    uint64_t events, points;
};

static struct outcome
outcome_of(const char *module, const char *backend, const char *strategy, uint64_t seed) {
    struct runner runner;
    module_fixture_open(&runner, module, backend);
    module_fixture_pass(&runner, strategy, seed);
    const struct outcome outcome = {runner.record->fingerprint,
                                    runner.record->trace.count,
                                    runner.record->points};
    runner_close(&runner);
    return outcome;
}

START_TEST(operations_give_what_they_give_without_hooks) {
    static const char *const strategies[] = {"fifo@accesses",
                                             "random@atomics",
                                             "sticky@accesses",
                                             "pct:depth=3,steps=400@accesses"};
    struct runner runner;
    module_fixture_open(&runner, "accesses", "fiber");
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        module_fixture_pass(&runner, strategies[_i], seed);
    }
    runner_close(&runner);
}
END_TEST

START_TEST(each_level_has_the_points_of_those_above) {
    const struct outcome calls = outcome_of("accesses", "fiber", "fifo", 1);
    const struct outcome same = outcome_of("accesses", "fiber", "fifo@calls", 1);
    const struct outcome atomics = outcome_of("accesses", "fiber", "fifo@atomics", 1);
    const struct outcome accesses = outcome_of("accesses", "fiber", "fifo@accesses", 1);
    ck_assert_mem_eq(&calls.fingerprint, &same.fingerprint, sizeof calls.fingerprint);
    ck_assert_uint_lt(calls.points, 30);
    ck_assert_uint_gt(atomics.points, calls.points + 3 * 20 * 2);
    ck_assert_uint_gt(accesses.points, atomics.points + 20);
    ck_assert_uint_gt(accesses.events, atomics.events + 20);
}
END_TEST

START_TEST(both_back_ends_give_the_same) {
    static const char *const strategies[] = {"random@atomics", "random@accesses"};
    const struct outcome fiber = outcome_of("accesses", "fiber", strategies[_i], 7);
    const struct outcome baton = outcome_of("accesses", "baton", strategies[_i], 7);
    ck_assert_mem_eq(&fiber.fingerprint, &baton.fingerprint, sizeof fiber.fingerprint);
    ck_assert_uint_eq(fiber.events, baton.events);
}
END_TEST

/* Those of a worker's later runs are those of its first. */
START_TEST(ids_do_not_depend_on_the_runs_before) {
    struct runner runner;
    module_fixture_open(&runner, "accesses", "fiber");
    module_fixture_pass(&runner, "random@accesses", 3);
    const struct hash first = runner.record->fingerprint;
    for (uint64_t seed = 100; seed < 130; seed++) {
        module_fixture_pass(&runner, seed % 2 == 0 ? "sticky@accesses" : "random@atomics", seed);
    }
    module_fixture_pass(&runner, "random@accesses", 3);
    ck_assert_mem_eq(&first, &runner.record->fingerprint, sizeof first);
    runner_close(&runner);
}
END_TEST

/* ---- finding ---- */

static bool is_found(const char *module, const char *strategy, uint64_t runs) {
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    struct runner runner;
    const struct runner_options options = {.backend = "fiber"};
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/scenarios/%s.so", folder, module);
    ck_assert(runner_open(&runner, path, &options));
    ck_assert(runner_prepare(&runner, strategy, 1, runs));
    ck_assert_int_eq(runner_run(&runner, NULL), RUNNER_REPLIED);
    const bool found = runner.record->verdict.kind == VERDICT_PROPERTY;
    runner_close(&runner);
    return found;
}

static const struct {
    const char *module;
    const char *not_at, *at; /* the strategies' levels */
} planted[] = {
    {"atomic_count_bug", "random@calls", "random"},
    {"atomic_stack_bug", "random@calls", "random@atomics"},
    {"plain_total_bug", "random@atomics-races", "random-races"},
};

START_TEST(what_lies_between_two_accesses_is_found_there_and_not_above) {
    ck_assert(!is_found(planted[_i].module, planted[_i].not_at, 3000));
    ck_assert(is_found(planted[_i].module, planted[_i].at, 2000));
}
END_TEST

SUITE(accesses) {
    SUITE_LOOP(operations_give_what_they_give_without_hooks, 0, 4);
    SUITE_TEST(each_level_has_the_points_of_those_above);
    SUITE_LOOP(both_back_ends_give_the_same, 0, 2);
    SUITE_TEST(ids_do_not_depend_on_the_runs_before);
    SUITE_LOOP(what_lies_between_two_accesses_is_found_there_and_not_above, 0, 3);
}
