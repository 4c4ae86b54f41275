/* The simulated kernel against this machine's: random sequences of calls on descriptors come to
 * the same end in both, down to errno, events and bytes. */
#include "tests/suite.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/modules/calls.h"
#include "tests/transcript.h"
#include "tools/runner.h"

#define SEQUENCES 1000
#define TEXT_SIZE 60000

static char *native; /* shared with the child that makes the calls */

/* What this machine's kernel makes of a sequence. */
static void run_native(uint64_t seed) {
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        closefrom(3);
        native[calls_run(seed, native, TEXT_SIZE - 1)] = '\0';
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "seed %" PRIu64, seed);
}

START_TEST(random_sequences_of_calls_end_as_in_the_kernel) {
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    struct runner runner;
    const struct runner_options options = {.backend = "fiber"};
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modules/kernel_calls.so", folder);
    ck_assert_msg(runner_open(&runner, path, &options), "%s", runner.record->error);
    native = mmap(NULL, TEXT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(native, MAP_FAILED);

    for (uint64_t i = 0; i < SEQUENCES; i++) {
        ck_assert(runner_prepare(&runner, "fifo", i, 1));
        ck_assert_int_eq(runner_run(&runner, NULL), RUNNER_REPLIED);
        ck_assert_msg(runner.record->verdict.kind == VERDICT_PASS,
                      "%s",
                      runner.record->verdict.message);
        ck_assert_uint_lt(runner.record->output_size, TEXT_SIZE);
        runner.record->output[runner.record->output_size] = '\0';
        char *rest;
        const uint64_t seed = strtoull(runner.record->output, &rest, 10);
        run_native(seed);
        if (strcmp(native, rest + 1) != 0) {
            transcript_report(seed, native, rest + 1);
        }
    }
    ck_assert_int_eq(munmap(native, TEXT_SIZE), 0);
    runner_close(&runner);
}
END_TEST

SUITE(calls) {
    SUITE_TEST(random_sequences_of_calls_end_as_in_the_kernel);
}
