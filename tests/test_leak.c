/* Descriptors that a program leaves open are found where a scenario forbids it, and only there. */
#include "tests/suite.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tools/runner.h"

#define SEED 5

struct left {
    const char *module; /* open_… */
    enum verdict_kind kind;
    const char *words; /* what the verdict says */
};

static const struct left table[] = {
    {"socket", VERDICT_LEAK, "main ended, and its descriptor 3 (socket) was not closed"},
    {"accepted", VERDICT_LEAK, "its descriptor 5 (socket) was not closed"},
    {"pipe", VERDICT_LEAK, "its descriptor 4 (pipe) was not closed"},
    {"event", VERDICT_LEAK, "its descriptor 3 (eventfd) was not closed"},
    {"timer", VERDICT_LEAK, "its descriptor 3 (timerfd) was not closed"},
    {"epoll", VERDICT_LEAK, "its descriptor 3 (epoll) was not closed"},
    {"signal", VERDICT_LEAK, "its descriptor 3 (signalfd) was not closed"},
    {"real", VERDICT_LEAK, "its descriptor 3 (file) was not closed"},
    {"duplicate", VERDICT_LEAK, "its descriptor 9 (eventfd) was not closed"},
    {"exit", VERDICT_LEAK, "its descriptor 3 (eventfd) was not closed"},
    {"last_thread", VERDICT_LEAK, "its descriptor 3 (eventfd) was not closed"},
    {"closed", VERDICT_PASS, ""},
    {"at_exit", VERDICT_PASS, ""},
    {"quick", VERDICT_PASS, ""},
    {"status", VERDICT_EXIT, "exited with status 3"},
    {"standard", VERDICT_PASS, ""},
    {"usual", VERDICT_PASS, ""},
};
#define TABLE_COUNT (int)(sizeof table / sizeof table[0])

START_TEST(what_is_left_open_is_found_where_it_is_forbidden) {
    const struct left *left = &table[_i];
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    const struct runner_options options = {.backend = "fiber"};
    struct runner runner;
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modules/open_%s.so", folder, left->module);
    ck_assert_msg(runner_open(&runner, path, &options), "%s", runner.record->error);

    ck_assert(runner_prepare(&runner, "mix", SEED, 20));
    ck_assert_int_eq(runner_run(&runner, NULL), RUNNER_REPLIED);

    const struct verdict *verdict = &runner.record->verdict;
    ck_assert_str_eq(runner.record->error, "");
    ck_assert_msg(verdict->kind == left->kind && strstr(verdict->message, left->words) != NULL,
                  "%s: %s",
                  verdict_name(verdict->kind),
                  verdict->message);
    ck_assert(verdict->kind != VERDICT_LEAK || verdict->site != 0);
    runner_close(&runner);
}
END_TEST

SUITE(leak) {
    SUITE_LOOP(what_is_left_open_is_found_where_it_is_forbidden, 0, TABLE_COUNT);
}
