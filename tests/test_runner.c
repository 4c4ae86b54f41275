/* Why there is no worker is said of what happened: the system has none to give, or it ended. */
#include "tests/suite.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tools/runner.h"

static bool forks_fail;

pid_t __real_fork(void);
pid_t __wrap_fork(void);

pid_t __wrap_fork(void) {
    if (!forks_fail) {
        return __real_fork();
    }
    errno = EAGAIN;
    return -1;
}

static void open_fails(const char *module, const char *sentence) {
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    struct runner runner;
    const struct runner_options options = {.backend = "fiber"};
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modules/%s.so", folder, module);

    const bool opened = runner_open(&runner, path, &options);

    ck_assert(!opened);
    ck_assert_msg(strstr(runner_error(&runner), sentence) != NULL, "%s", runner_error(&runner));
    runner_close(&runner);
}

START_TEST(without_a_process_no_worker_is_started) {
    forks_fail = true;
    open_fails("links", "no worker can be started: the system has no memory, descriptors or");
    forks_fail = false;
}
END_TEST

START_TEST(nor_without_descriptors) {
    const int next = dup(0);
    ck_assert_int_ge(next, 0);
    close(next);
    for (int left = 0; left < 5; left++) {
        const struct rlimit limit = {(rlim_t)(next + left), (rlim_t)(next + 5)};
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        open_fails("links", "no worker can be started: the system has no memory, descriptors or");
    }
}
END_TEST

START_TEST(a_worker_that_ended_says_why) {
    open_fails("none_of_this_name", "none_of_this_name.so");
}
END_TEST

SUITE(runner) {
    SUITE_TEST(without_a_process_no_worker_is_started);
    SUITE_TEST(nor_without_descriptors);
    SUITE_TEST(a_worker_that_ended_says_why);
}
