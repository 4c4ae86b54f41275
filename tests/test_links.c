/* What a scenario says of links holds for its nodes: in each direction what was said of it. */
#include "tests/suite.h"

#include <limits.h>
#include <stdio.h>

#include "tools/runner.h"

#define SEED 17
#define RUNS 100

START_TEST(each_direction_has_the_link_and_the_partition_that_were_declared_for_it) {
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    struct runner runner;
    const struct runner_options options = {.backend = "fiber"};
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modules/links.so", folder);
    ck_assert_msg(runner_open(&runner, path, &options), "%s", runner_error(&runner));
    ck_assert(runner_prepare(&runner, "mix", SEED, RUNS));

    ck_assert_int_eq(runner_run(&runner, NULL), RUNNER_REPLIED);

    ck_assert_msg(runner.record->verdict.kind == VERDICT_PASS,
                  "run %u: %s",
                  (unsigned)runner.record->runs_done,
                  runner.record->verdict.message);
    ck_assert_uint_eq(runner.record->runs_done, RUNS);
    runner_close(&runner);
}
END_TEST

SUITE(links) {
    SUITE_TEST(each_direction_has_the_link_and_the_partition_that_were_declared_for_it);
}
