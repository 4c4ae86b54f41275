/* The determinism contract, line by line: the same scenario, build and choices give the same
 * fingerprint wherever, however often and beside whatever they run. Each line is held against
 * every shipped scenario; planted leaks show that the comparison can fail. */
#include "tests/suite.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/runner.h"

#define MODULES_MAX 64
#define SEED 7
#define REPETITIONS 1000
#define REPETITIONS_LARGE 20 /* of scenarios beyond LARGE_POINTS */
#define LARGE_POINTS 20000

static char scenarios[MODULES_MAX][PATH_MAX];
static unsigned scenario_count;

static void path_of(char *path, const char *folder, const char *name) {
    char beside[PATH_MAX - 300];
    runner_folder(beside, sizeof beside);
    snprintf(path, PATH_MAX, "%s/%s/%s", beside, folder, name);
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

static void scenarios_find(void) {
    char folder[PATH_MAX];
    path_of(folder, "scenarios", "");
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        return; /* each test asserts that there are scenarios */
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strstr(entry->d_name, ".so") != NULL && scenario_count < MODULES_MAX) {
            path_of(scenarios[scenario_count++], "scenarios", entry->d_name);
        }
    }
    closedir(directory);
    qsort(scenarios, scenario_count, sizeof scenarios[0], by_name);
}

/* What a run came to. */
struct outcome {
    struct hash fingerprint;
    uint32_t verdict;
    int32_t signal;
    uint64_t points;
};

static void outcome_of(struct runner *runner, uint64_t seed, struct outcome *outcome) {
    ck_assert(runner_prepare(runner, "mix", seed, 1));
    runner->record->request.exact_seed = 1;
    ck_assert_msg(runner_run(runner, NULL) == RUNNER_REPLIED,
                  "the worker died: %s",
                  runner->record->error);
    ck_assert_msg(runner->record->error[0] == '\0', "%s", runner->record->error);
    *outcome = (struct outcome){.verdict = runner->record->verdict.kind,
                                .signal = runner->record->verdict.signal,
                                .fingerprint = runner->record->fingerprint,
                                .points = runner->record->points};
}

static void run_fresh(const char *module,
                      const struct runner_options *options,
                      uint64_t seed,
                      struct outcome *outcome) {
    struct runner runner;
    ck_assert_msg(runner_open(&runner, module, options), "%s: %s", module, runner.record->error);
    outcome_of(&runner, seed, outcome);
    runner_close(&runner);
}

static bool equal(const struct outcome *a, const struct outcome *b) {
    return a->verdict == b->verdict && a->signal == b->signal &&
           memcmp(&a->fingerprint, &b->fingerprint, sizeof a->fingerprint) == 0;
}

static void expect_equal(const char *module, const struct outcome *a, const struct outcome *b) {
    char text[2][HASH_TEXT_SIZE];
    hash_print(&a->fingerprint, text[0]);
    hash_print(&b->fingerprint, text[1]);
    ck_assert_msg(equal(a, b), "%s: %s is not %s", module, text[1], text[0]);
}

/* Every scenario in a worker started with these options gives what a plain one gives. */
static void expect_same_with(const struct runner_options *options) {
    static const struct runner_options plain;
    ck_assert(scenario_count > 0);
    for (unsigned i = 0; i < scenario_count; i++) {
        struct outcome first;
        struct outcome second;
        run_fresh(scenarios[i], &plain, SEED, &first);
        run_fresh(scenarios[i], options, SEED, &second);
        expect_equal(scenarios[i], &first, &second);
    }
}

START_TEST(a_fresh_process_with_other_addresses_gives_the_same_run) {
    static const struct runner_options plain;
    expect_same_with(&plain);
}
END_TEST

START_TEST(another_environment_directory_and_name_give_the_same_run) {
    static const char *const variables[] = {"SIM_TEST_NOISE",
                                            "a value that moves the first stack by some length",
                                            "TZ",
                                            "Asia/Tokyo",
                                            "LC_ALL",
                                            "de_DE.UTF-8",
                                            "MALLOC_PERTURB_",
                                            "165",
                                            NULL};
    const struct runner_options options = {.name = "another-name-of-another-length",
                                           .folder = "/",
                                           .environment = variables};
    expect_same_with(&options);
}
END_TEST

START_TEST(the_baton_gives_the_same_run_as_fibers) {
    const struct runner_options options = {.backend = "baton"};
    expect_same_with(&options);
}
END_TEST

START_TEST(uninitialised_memory_decides_nothing) {
    const struct runner_options options = {.fill = 165};
    expect_same_with(&options);
}
END_TEST

START_TEST(the_thousandth_run_of_a_worker_is_the_first_one) {
    static const struct runner_options plain;
    for (unsigned i = 0; i < scenario_count; i++) {
        struct runner runner;
        struct outcome first;
        struct outcome other;
        ck_assert(runner_open(&runner, scenarios[i], &plain));
        outcome_of(&runner, SEED, &first);
        const unsigned count = first.points > LARGE_POINTS ? REPETITIONS_LARGE : REPETITIONS;
        for (unsigned run = 1; run < count; run++) {
            outcome_of(&runner, SEED + run % 3, &other); /* other seeds leave other remains */
            if (run % 3 == 0) {
                expect_equal(scenarios[i], &first, &other);
            }
        }
        runner_close(&runner);
    }
}
END_TEST

START_TEST(a_forked_run_is_the_same_as_one_in_the_worker) {
    static const struct runner_options plain;
    for (unsigned i = 0; i < scenario_count; i++) {
        struct runner runner;
        struct outcome first;
        ck_assert(runner_open(&runner, scenarios[i], &plain));
        ck_assert(runner_prepare(&runner, "mix", SEED, 1));
        runner.record->request.exact_seed = 1;
        runner.record->request.fork = 1;
        ck_assert(runner_run(&runner, NULL) == RUNNER_REPLIED);
        const struct outcome forked = {.verdict = runner.record->verdict.kind,
                                       .signal = runner.record->verdict.signal,
                                       .fingerprint = runner.record->fingerprint};
        runner_close(&runner);
        run_fresh(scenarios[i], &plain, SEED, &first);
        expect_equal(scenarios[i], &first, &forked);
    }
}
END_TEST

START_TEST(another_seed_gives_another_run) {
    static const struct runner_options plain;
    for (unsigned i = 0; i < scenario_count; i++) {
        struct outcome first;
        struct outcome other;
        run_fresh(scenarios[i], &plain, SEED, &first);
        bool differs = false;
        for (uint64_t seed = SEED + 1; seed < SEED + 9 && !differs; seed++) {
            run_fresh(scenarios[i], &plain, seed, &other);
            differs = !equal(&first, &other);
        }
        ck_assert_msg(differs, "%s ignores its seed", scenarios[i]);
    }
}
END_TEST

START_TEST(a_crash_has_the_same_signal_and_last_event_everywhere) {
    static const char *const names[] = {"verdict_null_pointer.so", "verdict_division.so"};
    static const struct runner_options plain;
    const struct runner_options baton = {.backend = "baton"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        char module[PATH_MAX];
        struct outcome first;
        struct outcome second;
        path_of(module, "modules", names[i]);
        run_fresh(module, &plain, SEED, &first);
        run_fresh(module, &baton, SEED, &second);
        ck_assert_uint_eq(first.verdict, VERDICT_CRASH);
        expect_equal(module, &first, &second);
    }
}
END_TEST

/* Runs a planted leak up to eight times in fresh processes: one must differ, and the first event
 * that does must be the one that the leak decides. */
static void expect_caught(const char *name, const struct runner_options *hostile) {
    static const struct runner_options plain;
    char module[PATH_MAX];
    path_of(module, "modules", name);
    struct runner first;
    ck_assert_msg(runner_open(&first, module, &plain), "%s", first.record->error);
    struct outcome outcome;
    outcome_of(&first, SEED, &outcome);
    bool caught = false;
    for (unsigned i = 0; i < 100 && !caught; i++) {
        struct runner second;
        struct outcome other;
        ck_assert(runner_open(&second, module, hostile));
        outcome_of(&second, SEED, &other);
        caught = !equal(&outcome, &other);
        const struct event *a = first.record->trace.events;
        const struct event *b = second.record->trace.events;
        unsigned at = 0;
        while (caught && memcmp(&a[at], &b[at], sizeof *a) == 0) {
            at++;
        }
        ck_assert(!caught || a[at].kind == POINT_COUNT);
        runner_close(&second);
    }
    runner_close(&first);
    ck_assert_msg(caught, "%s was not noticed", name);
}

START_TEST(a_table_ordered_by_pointers_is_noticed) {
    static const struct runner_options plain;
    expect_caught("leak_pointer.so", &plain);
}
END_TEST

START_TEST(a_read_of_uninitialised_heap_is_noticed) {
    const struct runner_options hostile = {.fill = 165};
    expect_caught("leak_heap.so", &hostile);
}
END_TEST

START_TEST(a_read_of_the_real_clock_is_noticed) {
    static const struct runner_options plain;
    expect_caught("leak_clock.so", &plain);
}
END_TEST

SUITE(determinism) {
    scenarios_find();
    SUITE_TEST(a_fresh_process_with_other_addresses_gives_the_same_run);
    SUITE_TEST(another_environment_directory_and_name_give_the_same_run);
    SUITE_TEST(the_baton_gives_the_same_run_as_fibers);
    SUITE_TEST(uninitialised_memory_decides_nothing);
    SUITE_TEST(the_thousandth_run_of_a_worker_is_the_first_one);
    SUITE_TEST(a_forked_run_is_the_same_as_one_in_the_worker);
    SUITE_TEST(another_seed_gives_another_run);
    SUITE_TEST(a_crash_has_the_same_signal_and_last_event_everywhere);
    SUITE_TEST(a_table_ordered_by_pointers_is_noticed);
    SUITE_TEST(a_read_of_uninitialised_heap_is_noticed);
    SUITE_TEST(a_read_of_the_real_clock_is_noticed);
}
