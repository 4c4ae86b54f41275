/* Programs that assert for themselves what Linux does: they pass on this machine's own kernel, and
 * on the simulated one under many seeds, the same in both back ends. */
#include "tests/suite.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/runner.h"

#define SEED 29
#define SEEDS 100
#define SEEDS_BATON 3

static const char *const modules[] = {
    "signalfds",
    "waits",
    "posix_timers",
    "options",
    "rights",
    "interrupts",
    "corners",
    "membarriers",
    "priorities",
    "starts",
};
#define MODULE_COUNT (int)(sizeof modules / sizeof modules[0])

static void path_of(const char *file, char path[PATH_MAX]) {
    char folder[PATH_MAX - 300];
    runner_folder(folder, sizeof folder);
    snprintf(path, PATH_MAX, "%s/%s", folder, file);
}

static void module_path(int index, char path[PATH_MAX]) {
    char file[64];
    snprintf(file, sizeof file, "modules/%s.so", modules[index]);
    path_of(file, path);
}

/* libsim supplies what sim/scenario.h declares, and does nothing outside of a run. */
_Noreturn static void run_native(int index) {
    char path[PATH_MAX];
    path_of("libsim.so", path);
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    module_path(index, path);
    void *module = library == NULL ? NULL : dlopen(path, RTLD_NOW);
    if (module == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        _exit(1);
    }
    int (*program)(int, char **);
    *(void **)&program = dlsym(module, "program");
    char *arguments[] = {(char *)(uintptr_t)modules[index], NULL};
    _exit(program(1, arguments));
}

START_TEST(a_program_passes_on_the_kernel_of_this_machine) {
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        closefrom(3);
        run_native(_i);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", modules[_i]);
}
END_TEST

static void run(struct runner *runner, const char *strategy, uint64_t seed, uint64_t runs) {
    ck_assert(runner_prepare(runner, strategy, seed, runs));
    runner->record->request.exact_seed = runs == 1;
    ck_assert_int_eq(runner_run(runner, NULL), RUNNER_REPLIED);
    ck_assert_str_eq(runner->record->error, "");
    ck_assert_msg(runner->record->verdict.kind == VERDICT_PASS,
                  "seed %llu: %s: %s",
                  (unsigned long long)runner->record->seed,
                  verdict_name(runner->record->verdict.kind),
                  runner->record->verdict.message);
}

static void open_module(struct runner *runner, int index, const char *backend) {
    char path[PATH_MAX];
    const struct runner_options options = {.backend = backend};
    module_path(index, path);
    ck_assert_msg(runner_open(runner, path, &options), "%s: %s", path, runner->record->error);
}

START_TEST(it_passes_on_the_simulated_one_under_every_seed) {
    struct runner runner;
    open_module(&runner, _i, "fiber");

    run(&runner, "mix", SEED, SEEDS);

    ck_assert_uint_eq(runner.record->runs_done, SEEDS);
    runner_close(&runner);
}
END_TEST

START_TEST(both_back_ends_give_the_same_run) {
    struct runner fiber;
    struct runner baton;
    open_module(&fiber, _i, "fiber");
    open_module(&baton, _i, "baton");

    for (uint64_t seed = SEED; seed < SEED + SEEDS_BATON; seed++) {
        run(&fiber, "random", seed, 1);
        run(&baton, "random", seed, 1);

        ck_assert_mem_eq(&fiber.record->fingerprint, &baton.record->fingerprint, HASH_SIZE);
    }
    runner_close(&fiber);
    runner_close(&baton);
}
END_TEST

SUITE(natives) {
    SUITE_LOOP(a_program_passes_on_the_kernel_of_this_machine, 0, MODULE_COUNT);
    SUITE_LOOP(it_passes_on_the_simulated_one_under_every_seed, 0, MODULE_COUNT);
    SUITE_LOOP(both_back_ends_give_the_same_run, 0, MODULE_COUNT);
}
