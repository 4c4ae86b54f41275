/* Nothing passes in silence: what is not simulated ends a run with an escape that names it. And
 * what no hook sees is caught: raw instructions, dirt of an earlier run. */
#include "tests/suite.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tools/runner.h"

#define SEED 11

struct refused {
    const char *module; /* refused_… */
    const char *words;  /* what the verdict says */
};

static const struct refused table[] = {
    {"getrandom", "getrandom() with flags"},
    {"clock_nanosleep", "clock_nanosleep() with flags"},
    {"sigaction", "sigaction() with flags"},
    {"sigaltstack", "sigaltstack() with flags"},
    {"setitimer", "setitimer() of timer"},
    {"setrlimit", "setrlimit() of resource"},
    {"mmap", "mmap() with flags"},
    {"mmap_fixed", "mmap() at a fixed address"},
    {"munmap", "munmap() of what the run has not mapped"},
    {"mprotect", "mprotect() of what the run has not mapped"},
    {"mremap", "mremap() with flags"},
    {"sbrk", "sbrk()"},
    {"fork", "fork()"},
    {"vfork", "vfork()"},
    {"exec", "exec"},
    {"system", "system()"},
    {"popen", "popen()"},
    {"dlopen", "dlopen() of libcheck.so.0"},
    {"kill_all", "kill() of every process"},
    {"stop", "stopping a program by SIGTSTP"},
    {"services", "getservent()"},
    {"credentials", "sendmsg() with SCM_CREDENTIALS"},
    {"control", "sendmsg() with control data for an internet socket"},
    {"unsent", "ioctl() with request SIOCOUTQ of an AF_UNIX socket"},
    {"stamps", "setsockopt() of level 1, option 29"},
    {"timer_thread", "timer_create() with SIGEV_THREAD"},
    {"timer_clock", "timer_create() of clock 2"},
    {"syscall_unknown", "system call number 499"},
    {"syscall_clone", "system call clone3"},
    {"syscall_prctl", "prctl() with option"},
    {"membarrier", "membarrier() with command"},
    {"mkfifo", "making pipe, a file of mode 010600,"},
    {"open_direct", "open() with flags 0x4042"},
    {"rename_exchanged", "renameat2() with flags 0x2"},
    {"lock_open_file", "fcntl() with command 37"},
    {"flock_waits", "flock() that waits for another open file"},
    {"splice", "splice()"},
    {"getaddrinfo", "getaddrinfo() with flags 0x40"},
    {"getnameinfo", "getnameinfo() with flags 0x20"},
    {"gethostbyname2", "gethostbyname2() of family 1"},
    {"attribute_own_stack", "pthread_create() with a stack of the program's own"},
    {"attribute_stack_size", "pthread_create() with a stack of 16777216 bytes"},
    {"attribute_guard", "pthread_create() with a guard of 65536 bytes"},
    {"attribute_policy", "pthread_create() with scheduling policy 1"},
    {"cancel", "pthread_cancel()"},
    {"futex_pi", "futex() with FUTEX_LOCK_PI"},
};
#define TABLE_COUNT (int)(sizeof table / sizeof table[0])

static void open_module(struct runner *runner, const char *name, const char *backend) {
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    const struct runner_options options = {.backend = backend};
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modules/%s.so", folder, name);
    ck_assert_msg(runner_open(runner, path, &options), "%s: %s", path, runner->record->error);
}

static void run(struct runner *runner, uint64_t runs, bool exact) {
    ck_assert(runner_prepare(runner, "random", SEED, runs));
    runner->record->request.exact_seed = exact;
    ck_assert_int_eq(runner_run(runner, NULL), RUNNER_REPLIED);
    ck_assert_str_eq(runner->record->error, "");
}

START_TEST(what_is_not_simulated_ends_the_run_and_is_named) {
    const struct refused *refused = &table[_i];
    char name[64];
    snprintf(name, sizeof name, "refused_%s", refused->module);
    struct runner runner;

    open_module(&runner, name, "fiber");
    run(&runner, 1, true);

    const struct verdict *verdict = &runner.record->verdict;
    ck_assert_msg(verdict->kind == VERDICT_ESCAPE && strstr(verdict->message, refused->words),
                  "%s: %s",
                  verdict_name(verdict->kind),
                  verdict->message);
    runner_close(&runner);
}
END_TEST

/* Runs a module that asserts for itself under both back ends. */
static void expect_pass_and_equal(const char *name) {
    struct hash fingerprints[2];
    static const char *const backends[] = {"fiber", "baton"};
    for (unsigned i = 0; i < 2; i++) {
        struct runner runner;
        open_module(&runner, name, backends[i]);
        run(&runner, 10, false);
        ck_assert_msg(runner.record->verdict.kind == VERDICT_PASS,
                      "%s under %s: %s",
                      name,
                      backends[i],
                      runner.record->verdict.message);
        fingerprints[i] = runner.record->fingerprint;
        runner_close(&runner);
    }
    ck_assert_mem_eq(&fingerprints[0], &fingerprints[1], sizeof fingerprints[0]);
}

START_TEST(signals_are_delivered_at_points) {
    expect_pass_and_equal("signals");
}
END_TEST

START_TEST(raw_instructions_are_simulated_like_calls) {
    expect_pass_and_equal("traps");
}
END_TEST

START_TEST(names_resolve_to_nodes) {
    expect_pass_and_equal("names");
}
END_TEST

START_TEST(services_and_protocols_have_names) {
    expect_pass_and_equal("services");
}
END_TEST

START_TEST(a_node_has_a_loopback_and_a_network_interface) {
    expect_pass_and_equal("interfaces");
}
END_TEST

/* It can only be seen from outside, whichever process and OS thread it is in. */
START_TEST(a_run_that_never_calls_anything_is_a_hang_of_the_thread_that_does_not) {
    static const struct {
        const char *backend;
        uint32_t fork;
    } ways[] = {{"fiber", 0}, {"fiber", 1}, {"baton", 0}};
    struct runner runner;

    open_module(&runner, "verdict_hang", ways[_i].backend);
    runner_prepare(&runner, "fifo", SEED, 1);
    runner.record->request.fork = ways[_i].fork;
    ck_assert_int_eq(runner_run(&runner, NULL), RUNNER_REPLIED);

    ck_assert_str_eq(runner.record->error, "");
    ck_assert_int_eq(runner.record->verdict.kind, VERDICT_HANG);
    ck_assert_uint_eq(runner.record->verdict.thread, 2);
    ck_assert_uint_eq(runner.record->reply, RECORD_CRASHED);
    ck_assert_int_eq(runner.record->child, 0);
    runner_close(&runner);
}
END_TEST

START_TEST(the_thousandth_run_finds_nothing_of_the_first) {
    struct runner runner;
    open_module(&runner, "dirty", "fiber");
    run(&runner, 1, true);
    ck_assert_msg(runner.record->verdict.kind == VERDICT_PASS,
                  "%s",
                  runner.record->verdict.message);
    const struct hash first = runner.record->fingerprint;

    run(&runner, 998, true);
    run(&runner, 1, true);

    ck_assert_int_eq(runner.record->verdict.kind, VERDICT_PASS);
    ck_assert_uint_eq(runner.record->runs_total, 1000);
    ck_assert_mem_eq(&runner.record->fingerprint, &first, sizeof first);
    runner_close(&runner);
}
END_TEST

SUITE(escape) {
    SUITE_LOOP(what_is_not_simulated_ends_the_run_and_is_named, 0, TABLE_COUNT);
    SUITE_TEST(signals_are_delivered_at_points);
    SUITE_TEST(raw_instructions_are_simulated_like_calls);
    SUITE_TEST(names_resolve_to_nodes);
    SUITE_TEST(services_and_protocols_have_names);
    SUITE_TEST(a_node_has_a_loopback_and_a_network_interface);
    SUITE_LOOP(a_run_that_never_calls_anything_is_a_hang_of_the_thread_that_does_not, 0, 3);
    SUITE_TEST(the_thousandth_run_finds_nothing_of_the_first);
}
