/* Histories of programs: what the simulator keeps of them, and when it judges. */
#include "sim/judge.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tests/suite.h"
#include "tools/runner.h"

#define SEED 7
#define RUNS 200

static const struct expected {
    const char *module; /* history_… */
    enum verdict_kind kind;
    const char *words; /* what the verdict says */
} table[] = {
    {"stale",
     VERDICT_PROPERTY,
     "one copy: kv is not linearizable: thread 1 of main read 0 (0.0 .. 0.0 us), after thread 1 "
     "of main wrote 1 (0.0 .. 0.0 us)"},
    {"crashed", VERDICT_ASSERTION, "abort() was called"},
    {"left_thread", VERDICT_PASS, ""},
    {"left_node", VERDICT_PASS, ""},
    {"undeclared",
     VERDICT_ASSERTION,
     "an operation on \"vk\", which sim_linearizable() does not declare"},
    {"nested", VERDICT_ASSERTION, "thread 1 of main begins an operation on kv, and its last one"},
    {"unbegun",
     VERDICT_ASSERTION,
     "thread 1 of main returns from an operation that it did not begin"},
    {"foreign", VERDICT_ASSERTION, "kv is a register, which has no operation \"pop\""},
    {"too_many", VERDICT_LIMIT, "more than 65536 operations in the histories of a run"},
    {"every", VERDICT_PASS, ""},
};
#define TABLE_COUNT (int)(sizeof table / sizeof table[0])

START_TEST(what_programs_do_to_objects_is_judged) {
    const struct expected *expected = &table[_i];
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    const struct runner_options options = {.backend = "fiber"};
    struct runner runner;
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modules/history_%s.so", folder, expected->module);
    ck_assert_msg(runner_open(&runner, path, &options), "%s", runner.record->error);

    ck_assert(runner_prepare(&runner, "mix", SEED, RUNS));
    ck_assert_int_eq(runner_run(&runner, NULL), RUNNER_REPLIED);

    const struct verdict *verdict = &runner.record->verdict;
    ck_assert_str_eq(runner.record->error, "");
    ck_assert_msg(verdict->kind == expected->kind &&
                      strstr(verdict->message, expected->words) != NULL,
                  "%s: %s",
                  verdict_name(verdict->kind),
                  verdict->message);
    ck_assert(verdict->kind == VERDICT_PASS || verdict->site != 0);
    ck_assert(verdict->kind == VERDICT_PASS || verdict->thread == 1);
    runner_close(&runner);
}
END_TEST

SUITE(judge) {
    SUITE_LOOP(what_programs_do_to_objects_is_judged, 0, TABLE_COUNT);
}
