/* Data races in instrumented modules: what is ordered raises nothing, what is not is named. */
#include <string.h>

#include "tests/module_fixture.h"
#include "tools/symbols.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define SEEDS 40
#define RUNS 300

/* ---- what is ordered ---- */

static const char *const strategies[] = {"fifo",
                                         "random@atomics",
                                         "random@accesses",
                                         "sticky@atomics",
                                         "pct:depth=3,steps=400@accesses"};
static const char *const ordered[] = {"orders", "orders_cpp"};
#define STRATEGIES 5

START_TEST(what_is_ordered_raises_nothing) {
    struct runner runner;
    module_fixture_open(&runner, ordered[_i / STRATEGIES], "fiber");
    for (uint64_t seed = 1; seed <= SUITE_SHARE(SEEDS); seed++) {
        char strategy[64];
        snprintf(strategy, sizeof strategy, "%s+races", strategies[_i % STRATEGIES]);
        module_fixture_pass(&runner, strategy, seed);
    }
    runner_close(&runner);
}
END_TEST

START_TEST(threads_of_the_system_raise_nothing) {
    struct runner runner;
    module_fixture_open(&runner, "orders", "baton");
    for (uint64_t seed = 1; seed <= 5; seed++) {
        module_fixture_pass(&runner, "random@accesses", seed);
    }
    runner_close(&runner);
}
END_TEST

/* Who only looks on changes nothing. */
START_TEST(a_run_is_the_same_whether_races_are_looked_for_or_not) {
    static const char *const with[] = {"random@atomics+races", "random@accesses+races"};
    static const char *const without[] = {"random@atomics-races", "random@accesses-races"};
    struct runner runner;
    module_fixture_open(&runner, "orders", "fiber");
    for (uint64_t seed = 1; seed <= 10; seed++) {
        module_fixture_pass(&runner, with[_i], seed);
        const struct hash looked = runner.record->fingerprint;
        module_fixture_pass(&runner, without[_i], seed);
        ck_assert_mem_eq(&looked, &runner.record->fingerprint, sizeof looked);
    }
    runner_close(&runner);
}
END_TEST

/* ---- what is not ---- */

static const struct {
    const char *module;
    const char *now, *before; /* NULL: what the threads do there depends on who comes first */
    const char *functions[2];
} planted[] = {
    {"race_unlocked", NULL, NULL, {"first", "second"}},
    {"race_other_lock", NULL, NULL, {"raise_under", "raise_under"}},
    {"race_read_lock", NULL, NULL, {"first", "read_value"}},
    {"race_store_relaxed", "reads", "written", {"first", "read_value"}},
    {"race_load_relaxed", "reads", "written", {"first", "read_value"}},
    {"race_fence_late", "reads", "written", {"first", "read_value"}},
    {"race_broken_sequence", "reads", "written", {"first", "read_value"}},
    {"race_failed_exchange", "reads", "written", {"first", "read_value"}},
    {"race_post_early", NULL, NULL, {"first", "read_value"}},
    {"race_unlock_early", NULL, NULL, {"first", "read_value"}},
    {"race_freed", "frees", "written", {"first", "second"}},
    {"race_copied", NULL, NULL, {"first", "second"}},
    {"race_by_time", "reads", "written", {"first", "read_value"}},
    {"race_by_output", NULL, NULL, {"first", "read_value"}},
    {"race_half_atomic", NULL, NULL, {"first", "second"}},
    {"race_two_bytes", NULL, NULL, {"first", "second"}},
    {"race_not_joined", "reads", "written", {"first", "read_value"}},
};

static void run_some(struct runner *runner, const char *strategy, uint64_t runs) {
    ck_assert(runner_prepare(runner, strategy, 1, runs));
    ck_assert_int_eq(runner_run(runner, NULL), RUNNER_REPLIED);
}

static void expect_functions(const struct record *record, const char *const functions[2]) {
    struct symbols *symbols = symbols_open(record);
    struct symbols_place here, there;
    symbols_find(symbols, record->verdict.site, &here);
    symbols_find(symbols, record->verdict.other_site, &there);
    const bool one =
        strcmp(here.function, functions[0]) == 0 && strcmp(there.function, functions[1]) == 0;
    const bool other =
        strcmp(here.function, functions[1]) == 0 && strcmp(there.function, functions[0]) == 0;
    ck_assert_msg(one || other, "%s against %s", here.function, there.function);
    symbols_close(symbols);
}

START_TEST(what_is_not_ordered_is_found_and_named) {
    struct runner runner;
    char text[128];
    module_fixture_open(&runner, planted[_i].module, "fiber");
    run_some(&runner, "random", RUNS);
    const struct verdict *verdict = &runner.record->verdict;
    ck_assert_msg(verdict->kind == VERDICT_RACE, "%s", verdict->message);
    ck_assert_uint_ne(verdict->thread, verdict->other);
    if (planted[_i].now != NULL) {
        snprintf(text,
                 sizeof text,
                 "nothing orders two accesses: thread %" PRIu32 " %s what thread %" PRIu32
                 " has %s",
                 verdict->thread,
                 planted[_i].now,
                 verdict->other,
                 planted[_i].before);
        ck_assert_str_eq(verdict->message, text);
    }
    expect_functions(runner.record, planted[_i].functions);
    runner_close(&runner);
}
END_TEST

START_TEST(it_is_none_where_races_are_not_looked_for) {
    struct runner runner;
    module_fixture_open(&runner, planted[_i].module, "fiber");
    run_some(&runner, "random-races", 50);
    ck_assert_int_eq(runner.record->verdict.kind, VERDICT_PASS);
    run_some(&runner, "random@calls+races", 50); /* what orders them is not seen there */
    ck_assert_int_eq(runner.record->verdict.kind, VERDICT_PASS);
    runner_close(&runner);
}
END_TEST

SUITE(races) {
    SUITE_LOOP(what_is_ordered_raises_nothing, 0, 2 * STRATEGIES);
    SUITE_TEST(threads_of_the_system_raise_nothing);
    SUITE_LOOP(a_run_is_the_same_whether_races_are_looked_for_or_not, 0, 2);
    SUITE_LOOP(what_is_not_ordered_is_found_and_named, 0, (int)COUNT_OF(planted));
    SUITE_LOOP(it_is_none_where_races_are_not_looked_for, 0, (int)COUNT_OF(planted));
}
