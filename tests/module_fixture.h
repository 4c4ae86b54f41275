/* Modules of build/modules in a worker of their own.
 *
 *   struct runner runner;
 *   module_fixture_open(&runner, "clocks", "fiber");
 *   module_fixture_pass(&runner, "random", seed);
 *   runner_close(&runner);
 */
#ifndef TESTS_MODULE_FIXTURE_H
#define TESTS_MODULE_FIXTURE_H

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "tests/suite.h"
#include "tools/runner.h"

static inline void
module_fixture_open(struct runner *runner, const char *name, const char *backend) {
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    const struct runner_options options = {.backend = backend};
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modules/%s.so", folder, name);
    ck_assert_msg(runner_open(runner, path, &options), "%s: %s", path, runner->record->error);
}

/* One run with this seed, which passes. */
static inline void module_fixture_pass(struct runner *runner, const char *strategy, uint64_t seed) {
    ck_assert(runner_prepare(runner, strategy, seed, 1));
    runner->record->request.exact_seed = true;
    ck_assert_int_eq(runner_run(runner, NULL), RUNNER_REPLIED);
    ck_assert_str_eq(runner->record->error, "");
    ck_assert_msg(runner->record->verdict.kind == VERDICT_PASS,
                  "seed %" PRIu64 ": %s",
                  seed,
                  runner->record->verdict.message);
}

#endif
