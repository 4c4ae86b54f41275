/* Nothing is ignored: every function that libsim hooks is called with a flag, command or option
 * that there is not, and escapes or answers as this machine's kernel and libc do; or it is listed
 * as one that takes none. A hook that is in neither list fails this test. */
#include "tests/suite.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/modules/flags.h"
#include "tools/runner.h"

#define SEED 3
#define CASES_MAX 1000
#define HOOKS_MAX 1500
#define NAME_LENGTH 63
#define NAME_SIZE (NAME_LENGTH + 1)
#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number

static int case_count;

/* ---- the lists ---- */

static char hooks[HOOKS_MAX][NAME_SIZE];
static unsigned hook_count;

static void hooks_read(void) {
    char folder[PATH_MAX];
    char command[PATH_MAX + 64];
    runner_folder(folder, sizeof folder);
    snprintf(command, sizeof command, "nm -D --defined-only '%s/libsim.so'", folder);
    FILE *exports = popen(command, "r");
    ck_assert_ptr_nonnull(exports);
    while (hook_count < HOOKS_MAX &&
           fscanf(exports, "%*s %*s %" TEXT(NAME_LENGTH) "s", hooks[hook_count]) == 1) {
        hook_count++;
    }
    ck_assert_int_eq(pclose(exports), 0);
    ck_assert_uint_gt(hook_count, 300);
    ck_assert_uint_lt(hook_count, HOOKS_MAX);
}

static bool is_hook(const char *function) {
    for (unsigned i = 0; i < hook_count; i++) {
        if (strcmp(hooks[i], function) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_called(const char *function) {
    for (unsigned i = 0; i < (unsigned)case_count; i++) {
        if (strcmp(flags_case(i, false).function, function) == 0) {
            return true;
        }
    }
    return false;
}

/* Declarations, and what compilers call for an access to memory, have no flags. */
static bool is_without(const char *function) {
    static const char *const families[] = {"sim_", "__tsan_", "__wrap_", "__atomic_"};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (strncmp(function, families[i], strlen(families[i])) == 0) {
            return true;
        }
    }
    for (const char *const *name = flags_none; *name != NULL; name++) {
        if (strcmp(*name, function) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(each_hook_is_in_one_of_the_two_lists) {
    char wrong[HOOKS_MAX * NAME_SIZE] = "";
    hooks_read();
    for (unsigned i = 0; i < hook_count; i++) {
        if (is_called(hooks[i]) == is_without(hooks[i])) {
            strcat(strcat(wrong, " "), hooks[i]);
        }
    }
    ck_assert_msg(wrong[0] == '\0',
                  "in tests/modules/flags.c or else in flags_none.c must be:%.1000s",
                  wrong);
}
END_TEST

START_TEST(each_name_in_the_lists_is_of_a_hook) {
    hooks_read();
    for (unsigned i = 0; i < (unsigned)case_count; i++) {
        const char *function = flags_case(i, false).function;
        ck_assert_msg(is_hook(function), "%s() is no hook", function);
    }
    for (const char *const *name = flags_none; *name != NULL; name++) {
        ck_assert_msg(is_hook(*name), "%s() is no hook", *name);
    }
}
END_TEST

/* ---- the calls ---- */

START_TEST(an_unknown_flag_escapes_or_is_refused) {
    const struct flags_case wanted = flags_case((unsigned)_i, false);
    char folder[PATH_MAX - 300];
    char module[PATH_MAX];
    char number[16];
    snprintf(number, sizeof number, "%d", _i);
    runner_folder(folder, sizeof folder);
    snprintf(module, sizeof module, "%s/modules/flag_calls.so", folder);
    const char *const environment[] = {"SIM_TEST_CASE", number, NULL};
    const struct runner_options options = {.environment = environment};
    struct runner runner;

    ck_assert_msg(runner_open(&runner, module, &options), "%s", runner_error(&runner));
    ck_assert(runner_prepare(&runner, "fifo", SEED, 1));
    ck_assert_int_eq(runner_run(&runner, NULL), RUNNER_REPLIED);

    const struct verdict *verdict = &runner.record->verdict;
    const char *escape = wanted.expected.escape;
    const bool good = escape == NULL ? verdict->kind == VERDICT_PASS
                                     : verdict->kind == VERDICT_ESCAPE &&
                                           strstr(verdict->message, escape) != NULL;
    ck_assert_msg(good,
                  "%s(): %s: %s%s",
                  wanted.function,
                  verdict_name(verdict->kind),
                  verdict->message,
                  runner.record->error);
    runner_close(&runner);
}
END_TEST

/* Where no escape is owed the table itself is held against the kernel. */
START_TEST(what_is_refused_is_refused_here_too) {
    const struct flags_case wanted = flags_case((unsigned)_i, false);
    if (wanted.expected.escape != NULL) {
        return;
    }
    char folder[] = "/tmp/test_flags.XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);

    const struct flags_case made = flags_case((unsigned)_i, true);

    unlink("flags");
    ck_assert_int_eq(rmdir(folder), 0);
    ck_assert_msg(made.got.result == wanted.expected.result &&
                      made.got.error == wanted.expected.error,
                  "%s() returns %ld with errno %d",
                  wanted.function,
                  made.got.result,
                  made.got.error);
}
END_TEST

SUITE(flags) {
    while (case_count < CASES_MAX && flags_case((unsigned)case_count, false).function != NULL) {
        case_count++;
    }
    SUITE_TEST(each_hook_is_in_one_of_the_two_lists);
    SUITE_TEST(each_name_in_the_lists_is_of_a_hook);
    SUITE_LOOP(an_unknown_flag_escapes_or_is_refused, 0, case_count);
    SUITE_LOOP(what_is_refused_is_refused_here_too, 0, case_count);
}
