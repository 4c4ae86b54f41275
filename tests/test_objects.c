/* Synchronisation objects of programs: modules that assert what POSIX and glibc say pass under
 * every seed and both back ends alike, and a program that uses an object wrongly is found out. */
#include "tests/suite.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tools/runner.h"

#define SEED 3
#define RUNS 300
#define RUNS_PLANTED 2000

static const char *const correct[] = {"mutexes", "rwlocks", "semaphores", "barriers", "spins"};
#define CORRECT_COUNT (int)(sizeof correct / sizeof correct[0])

struct planted {
    const char *name; /* misuse_… */
    enum verdict_kind kind;
    const char *words; /* of the verdict */
};

static const struct planted planted[] = {
    {"cond_destroy", VERDICT_DEADLOCK, "waits on condition variable #"},
    {"mutex_timeout", VERDICT_ASSERTION, "inside == 1"},
    {"mutex_robust", VERDICT_ESCAPE, "pthread_mutex_init() of a robust mutex"},
    {"mutex_inherit", VERDICT_ESCAPE, "pthread_mutex_init() with PTHREAD_PRIO_INHERIT"},
    {"mutex_protect", VERDICT_ESCAPE, "pthread_mutex_init() with PTHREAD_PRIO_PROTECT"},
    {"rwlock_upgrade",
     VERDICT_DEADLOCK,
     "waits for the write lock of rwlock #1, which it holds itself"},
    {"rwlock_reread",
     VERDICT_DEADLOCK,
     "thread 2 of main waits for a read lock of rwlock #1, which it holds itself"},
    {"rwlock_read_to_write", VERDICT_ASSERTION, "inside == 1"},
    {"rwlock_unlock", VERDICT_CRASH, "unlock of a read-write lock that the thread does not hold"},
    {"semaphore_lost_post", VERDICT_DEADLOCK, "thread 2 of main waits for semaphore #"},
    {"semaphore_open", VERDICT_ESCAPE, "sem_open() of /named"},
    {"semaphore_unlink", VERDICT_ESCAPE, "sem_unlink() of /named"},
    {"barrier_left_out", VERDICT_DEADLOCK, "thread 2 of main waits at barrier #"},
    {"barrier_too_few", VERDICT_ASSERTION, "inside == 1"},
    {"spin_self", VERDICT_DEADLOCK, "waits for spin lock #1, which it holds itself"},
    {"spin_raw", VERDICT_DEADLOCK, "waits for spin lock #1"},
    {"spin_free_for_all", VERDICT_ASSERTION, "inside == 1"},
    {"mutex_overwritten", VERDICT_CRASH, "the mutex was overwritten or never initialised"},
    {"cond_overwritten", VERDICT_CRASH, ", which was overwritten meanwhile"},
    {"rwlock_overwritten",
     VERDICT_CRASH,
     "the read-write lock was overwritten or never initialised"},
    {"semaphore_overwritten", VERDICT_CRASH, "the semaphore was overwritten or never initialised"},
    {"barrier_overwritten", VERDICT_CRASH, "the barrier was overwritten or never initialised"},
};
#define PLANTED_COUNT (int)(sizeof planted / sizeof planted[0])

static void
run_module(struct runner *runner, const char *name, const char *backend, uint64_t runs) {
    char folder[PATH_MAX - 300];
    char path[PATH_MAX];
    const struct runner_options options = {.backend = backend};
    runner_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/modules/%s.so", folder, name);
    ck_assert_msg(runner_open(runner, path, &options), "%s: %s", path, runner->record->error);
    ck_assert(runner_prepare(runner, "mix", SEED, runs));
    ck_assert_int_eq(runner_run(runner, NULL), RUNNER_REPLIED);
    ck_assert_str_eq(runner->record->error, "");
}

START_TEST(objects_do_what_posix_says) {
    static const char *const backends[] = {"fiber", "baton"};
    struct hash fingerprints[2];
    for (unsigned i = 0; i < 2; i++) {
        struct runner runner;

        run_module(&runner, correct[_i], backends[i], RUNS);

        const struct verdict *verdict = &runner.record->verdict;
        ck_assert_msg(verdict->kind == VERDICT_PASS,
                      "%s under %s, run %u: %s",
                      correct[_i],
                      backends[i],
                      (unsigned)runner.record->runs_done,
                      verdict->message);
        ck_assert_uint_eq(runner.record->runs_done, RUNS);
        fingerprints[i] = runner.record->fingerprint;
        runner_close(&runner);
    }
    ck_assert_mem_eq(&fingerprints[0], &fingerprints[1], sizeof fingerprints[0]);
}
END_TEST

START_TEST(misuse_is_found_and_named) {
    char name[64];
    snprintf(name, sizeof name, "misuse_%s", planted[_i].name);
    struct runner runner;

    run_module(&runner, name, "fiber", RUNS_PLANTED);

    const struct verdict *verdict = &runner.record->verdict;
    ck_assert_msg(verdict->kind == planted[_i].kind &&
                      strstr(verdict->message, planted[_i].words) != NULL,
                  "%s: %s: %s",
                  name,
                  verdict_name((enum verdict_kind)verdict->kind),
                  verdict->message);
    runner_close(&runner);
}
END_TEST

SUITE(objects) {
    SUITE_LOOP(objects_do_what_posix_says, 0, CORRECT_COUNT);
    SUITE_LOOP(misuse_is_found_and_named, 0, PLANTED_COUNT);
}
