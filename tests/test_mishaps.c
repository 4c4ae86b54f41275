/* Calls that fail and are short as declared: a program that asserts it, and the words for them. */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include "sim/mishap.h"
#include "tests/module_fixture.h"

#define SEED 5
#define SEEDS 40

START_TEST(calls_fail_as_declared_and_no_others) {
    struct runner runner;
    module_fixture_open(&runner, "mishaps", "fiber");
    for (uint64_t seed = SEED; seed < SEED + SEEDS; seed++) {
        /* fifo chooses as production would */
        module_fixture_pass(&runner, _i == 0 ? "sticky" : "random", seed);
    }
    for (uint32_t i = 0; i < runner.record->description.fault_count; i++) {
        ck_assert_uint_eq(runner.record->begun[i], 1); /* in the one run of the last request */
    }
    runner_close(&runner);
}
END_TEST

START_TEST(each_call_gives_an_error_and_says_which_by_name) {
    char list[256];
    char *rest;
    const enum mishap_call call = (enum mishap_call)_i;
    mishap_errors_print(call, list, sizeof list);
    ck_assert_uint_lt(strlen(list), sizeof list - 1);

    uint32_t count = 0;
    for (char *name = strtok_r(list, ", ", &rest); name != NULL;
         name = strtok_r(NULL, ", ", &rest)) {
        const int32_t error = mishap_error_find(call, name);
        ck_assert_int_ne(error, 0);
        ck_assert_str_eq(mishap_error_name(call, error), name);
        count++;
    }
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_eq(mishap_call_find(mishap_word(call)), call);
    ck_assert_int_eq(mishap_error_find(call, "EILSEQ"), 0);
}
END_TEST

START_TEST(what_is_no_call_is_not_found) {
    ck_assert_uint_eq(mishap_call_find("fork"), MISHAP_CALL_COUNT);
    ck_assert(mishap_may_be_short(MISHAP_WRITE) && !mishap_may_be_short(MISHAP_OPEN));
}
END_TEST

START_TEST(both_back_ends_give_the_same) {
    struct runner fiber;
    struct runner baton;
    module_fixture_open(&fiber, "mishaps", "fiber");
    module_fixture_open(&baton, "mishaps", "baton");
    module_fixture_pass(&fiber, "random", SEED);
    module_fixture_pass(&baton, "random", SEED);
    ck_assert_mem_eq(&fiber.record->fingerprint,
                     &baton.record->fingerprint,
                     sizeof fiber.record->fingerprint);
    runner_close(&fiber);
    runner_close(&baton);
}
END_TEST

SUITE(mishaps) {
    SUITE_LOOP(calls_fail_as_declared_and_no_others, 0, 2);
    SUITE_LOOP(each_call_gives_an_error_and_says_which_by_name, 0, MISHAP_CALL_COUNT);
    SUITE_TEST(what_is_no_call_is_not_found);
    SUITE_TEST(both_back_ends_give_the_same);
}
