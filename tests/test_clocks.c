/* Clocks that drift, tick and are set: programs that assert what Linux does, on the simulated one.
 */
#include "tests/suite.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "tools/runner.h"

#define SEED 5
#define SEEDS 40

static void open_module(struct runner *runner, const char *name, const char *backend) {
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    const struct runner_options options = {.backend = backend};
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modules/%s.so", folder, name);
    ck_assert_msg(runner_open(runner, path, &options), "%s", runner->record->error);
}

static void run(struct runner *runner, const char *strategy, uint64_t seed) {
    ck_assert(runner_prepare(runner, strategy, seed, 1));
    runner->record->request.exact_seed = true;
    ck_assert_int_eq(runner_run(runner, NULL), RUNNER_REPLIED);
    ck_assert_str_eq(runner->record->error, "");
    ck_assert_msg(runner->record->verdict.kind == VERDICT_PASS,
                  "seed %" PRIu64 ": %s",
                  seed,
                  runner->record->verdict.message);
}

START_TEST(waits_and_timers_follow_their_nodes_clock_and_its_jumps) {
    struct runner runner;
    open_module(&runner, "clocks", "fiber");
    for (uint64_t seed = SEED; seed < SEED + SEEDS; seed++) {
        run(&runner, _i == 0 ? "fifo" : "random", seed);
    }
    runner_close(&runner);
}
END_TEST

START_TEST(both_back_ends_give_the_same) {
    struct runner fiber;
    struct runner baton;
    open_module(&fiber, "clocks", "fiber");
    open_module(&baton, "clocks", "baton");
    run(&fiber, "random", SEED);
    run(&baton, "random", SEED);
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
