/* What programs do with threads, at the call level: modules that assert for themselves pass under
 * hundreds of seeds and both back ends, and each planted bug is found and named. */
#include "tests/suite.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tools/runner.h"

#define SEED 23
#define SEEDS 300
#define SEEDS_BATON 3
#define SEEDS_PLANTED 400

static void open_module(struct runner *runner, const char *name, const char *backend) {
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    const struct runner_options options = {.backend = backend};
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modules/%s.so", folder, name);
    ck_assert_msg(runner_open(runner, path, &options), "%s: %s", path, runner->record->error);
}

static void run(struct runner *runner, const char *strategy, uint64_t seed, uint64_t runs) {
    ck_assert(runner_prepare(runner, strategy, seed, runs));
    runner->record->request.exact_seed = runs == 1;
    ck_assert_int_eq(runner_run(runner, NULL), RUNNER_REPLIED);
    ck_assert_str_eq(runner->record->error, "");
}

static void expect_pass(const struct runner *runner, const char *name) {
    const struct record *record = runner->record;
    ck_assert_msg(record->verdict.kind == VERDICT_PASS,
                  "%s, seed %llu: %s: %s",
                  name,
                  (unsigned long long)record->seed,
                  verdict_name(record->verdict.kind),
                  record->verdict.message);
}

static const char *const clean[] = {
    "futex",
    "once",
    "once_thrown",
    "keys",
    "ends",
    "exits",
    "exits_unwound",
    "exits_cpp",
    "attributes",
    "c11",
    "cpp20",
    "left_detached",
    "left_detached_later",
    "left_joined_at_exit",
    "left_quick",
    "left_allowed",
    "left_main_first",
};
#define CLEAN_COUNT (int)(sizeof clean / sizeof clean[0])

START_TEST(a_correct_program_passes_under_every_seed) {
    struct runner runner;
    open_module(&runner, clean[_i], "fiber");

    run(&runner, "mix", SEED, SEEDS);

    expect_pass(&runner, clean[_i]);
    ck_assert_uint_eq(runner.record->runs_done, SEEDS);
    runner_close(&runner);
}
END_TEST

START_TEST(both_back_ends_give_the_same_run) {
    struct runner fiber;
    struct runner baton;
    open_module(&fiber, clean[_i], "fiber");
    open_module(&baton, clean[_i], "baton");
    for (uint64_t seed = SEED; seed < SEED + SEEDS_BATON; seed++) {
        run(&fiber, "random", seed, 1);
        run(&baton, "random", seed, 1);

        expect_pass(&fiber, clean[_i]);
        expect_pass(&baton, clean[_i]);
        ck_assert_mem_eq(&fiber.record->fingerprint, &baton.record->fingerprint, HASH_SIZE);
    }
    runner_close(&fiber);
    runner_close(&baton);
}
END_TEST

struct planted {
    const char *module;
    enum verdict_kind kind;
    const char *words; /* what the verdict says */
};

static const struct planted planted[] = {
    {"futex_bug", VERDICT_DEADLOCK, "waits on futex #"},
    {"once_bug", VERDICT_ASSERTION, "value == 42"},
    {"once_self", VERDICT_DEADLOCK, "waits for the initialiser of once #1, which it holds itself"},
    {"exits_cpp_bug", VERDICT_ASSERTION, "the end of a thread was caught"},
    {"c11_bug", VERDICT_ASSERTION, "items > 0"},
    {"cpp20_bug", VERDICT_ASSERTION, "++inside <= 2"},
    {"left_running", VERDICT_LEAK, "main ended, and its thread 3 was neither joined nor detached"},
    {"left_ended", VERDICT_LEAK, "its thread 3 was neither joined nor detached"},
    {"left_exit", VERDICT_LEAK, "its thread 3 was neither joined nor detached"},
    {"keys_bug", VERDICT_ASSERTION, "pthread_getspecific(key[0])"},
};
#define PLANTED_COUNT (int)(sizeof planted / sizeof planted[0])

START_TEST(a_planted_bug_is_found_and_named) {
    const struct planted *bug = &planted[_i];
    struct runner runner;
    open_module(&runner, bug->module, "fiber");

    run(&runner, "mix", SEED, SEEDS_PLANTED);

    const struct verdict *verdict = &runner.record->verdict;
    ck_assert_msg(verdict->kind == bug->kind && strstr(verdict->message, bug->words) != NULL,
                  "%s: %s: %s",
                  bug->module,
                  verdict_name(verdict->kind),
                  verdict->message);
    runner_close(&runner);
}
END_TEST

SUITE(threads) {
    SUITE_LOOP(a_correct_program_passes_under_every_seed, 0, CLEAN_COUNT);
    SUITE_LOOP(both_back_ends_give_the_same_run, 0, CLEAN_COUNT);
    SUITE_LOOP(a_planted_bug_is_found_and_named, 0, PLANTED_COUNT);
}
