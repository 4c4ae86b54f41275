/* Files of simulated programs: random sequences of calls come to the same end as in this machine's
 * kernel; the host's files stay as they are; and nothing of a run is left to the next one. */
#include "tests/suite.h"

#include <dirent.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module_fixture.h"
#include "tests/modules/paths.h"
#include "tests/modules/scratch.h"
#include "tests/transcript.h"

#define SEQUENCES 600
#define TEXT_SIZE 60000

static char *native; /* shared with the child that makes the calls */

/* ---- scratch folders ---- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where) {
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static void clear(const char *folder) {
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void enter(const char *scratch) {
    mkdir(scratch, 0755);
    ck_assert_int_eq(chdir(scratch), 0);
    ck_assert_int_eq(scratch_enter(), 0);
}

static char tree_text[1 << 16];

static int add_one(const char *path, const struct stat *status, int kind, struct FTW *where) {
    char bytes[9001] = "";
    (void)where;
    if (kind == FTW_SL) {
        ck_assert_int_ge(readlink(path, bytes, sizeof bytes - 1), 0);
    } else if (kind == FTW_F) {
        FILE *file = fopen(path, "r");
        ck_assert_ptr_nonnull(file);
        bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
        fclose(file);
    }
    const size_t used = strlen(tree_text);
    snprintf(tree_text + used,
             sizeof tree_text - used,
             "%s %o %ld %ld %ld %s\n",
             path,
             status->st_mode,
             (long)status->st_ino,
             (long)status->st_mtim.tv_sec,
             (long)status->st_mtim.tv_nsec,
             bytes);
    return 0;
}

/* All names, kinds, modes, times and bytes of a folder; what is in it is told in one text. */
static const char *tell(const char *folder) {
    tree_text[0] = '\0';
    ck_assert_int_eq(nftw(folder, add_one, 16, FTW_PHYS), 0);
    return tree_text;
}

/* ---- workers ---- */

static void run(struct runner *runner, uint64_t base, uint64_t runs) {
    ck_assert(runner_prepare(runner, "fifo", base, runs));
    ck_assert_int_eq(runner_run(runner, NULL), RUNNER_REPLIED);
    ck_assert_str_eq(runner->record->error, "");
    ck_assert_msg(runner->record->verdict.kind == VERDICT_PASS,
                  "%s\n%.*s",
                  runner->record->verdict.message,
                  (int)runner->record->output_size,
                  runner->record->output);
}

/* ---- sequences ---- */

/* What this machine's kernel makes of a sequence. */
static void run_native(uint64_t seed, const char *scratch) {
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        closefrom(3);
        enter(scratch);
        if ((seed & 1) != 0) {
            umask(022);
            scratch_populate();
        }
        native[paths_run(seed, native, TEXT_SIZE - 1)] = '\0';
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "seed %" PRIu64, seed);
    clear(scratch);
}

START_TEST(random_sequences_of_calls_on_files_end_as_in_the_kernel) {
    char scratch[] = "/tmp/sim-test-files-XXXXXX";
    struct runner runner;
    static char before[sizeof tree_text];
    ck_assert_ptr_nonnull(mkdtemp(scratch));
    clear(FIXTURE);
    umask(022);
    enter(FIXTURE);
    scratch_populate();
    strcpy(before, tell(FIXTURE));
    module_fixture_open(&runner, "file_calls", "fiber");
    native = mmap(NULL, TEXT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(native, MAP_FAILED);

    for (uint64_t i = 0; i < SEQUENCES; i++) {
        run(&runner, i, 1);
        ck_assert_uint_lt(runner.record->output_size, TEXT_SIZE);
        runner.record->output[runner.record->output_size] = '\0';
        char *rest;
        const uint64_t seed = strtoull(runner.record->output, &rest, 10);
        run_native(seed, scratch);
        if (strcmp(native, rest + 1) != 0) {
            transcript_report(seed, native, rest + 1);
        }
    }
    ck_assert_str_eq(tell(FIXTURE), before); /* the host's files are as they were */
    ck_assert_int_eq(munmap(native, TEXT_SIZE), 0);
    runner_close(&runner);
}
END_TEST

/* ---- streams ---- */

START_TEST(a_stream_is_written_out_by_its_own_node) {
    static const char *const backs[] = {"fiber", "baton"};
    struct runner runner;
    module_fixture_open(&runner, "streams", backs[_i]);
    ck_assert(runner_prepare(&runner, "random", 1, 100));
    ck_assert_int_eq(runner_run(&runner, NULL), RUNNER_REPLIED);
    ck_assert_msg(runner.record->verdict.kind == VERDICT_PASS,
                  "%s",
                  runner.record->verdict.message);
    ck_assert_uint_eq(runner.record->runs_done, 100);
    runner_close(&runner);
}
END_TEST

/* ---- from run to run ---- */

START_TEST(the_thousandth_run_finds_the_files_as_the_first_did) {
    struct runner runner;
    module_fixture_open(&runner, "files", "fiber");
    static char output[RECORD_OUTPUT_SIZE];

    run(&runner, 7, 1);
    const struct hash first = runner.record->fingerprint;
    const uint64_t size = runner.record->output_size;
    memcpy(output, runner.record->output, size);
    ck_assert(runner_prepare(&runner, "fifo", 7, 1000));
    runner.record->request.exact_seed = 1;
    runner.record->request.spec.seed = runner.record->seed;
    ck_assert_int_eq(runner_run(&runner, NULL), RUNNER_REPLIED);

    ck_assert_uint_eq(runner.record->runs_done, 1000);
    ck_assert_int_eq(runner.record->verdict.kind, VERDICT_PASS);
    ck_assert_mem_eq(&runner.record->fingerprint, &first, sizeof first);
    ck_assert_uint_eq(runner.record->output_size, size);
    ck_assert_mem_eq(runner.record->output, output, size);
    runner_close(&runner);
}
END_TEST

START_TEST(files_are_the_same_when_every_run_has_a_process) {
    struct runner runner;
    struct runner other;
    module_fixture_open(&runner, "files", "fiber");
    module_fixture_open(&other, "files", "baton");

    run(&runner, 7, 1);
    run(&other, 7, 1);

    ck_assert_mem_eq(&runner.record->fingerprint, &other.record->fingerprint, sizeof(struct hash));
    ck_assert_uint_eq(runner.record->output_size, other.record->output_size);
    ck_assert_mem_eq(runner.record->output, other.record->output, other.record->output_size);
    runner_close(&runner);
    runner_close(&other);
}
END_TEST

START_TEST(a_disk_without_room_is_told_and_is_no_finding) {
    struct runner runner;
    const struct rlimit limit = {1 << 20, 1 << 20};
    module_fixture_open(&runner, "file_large", "fiber");
    run(&runner, 1, 3);
    ck_assert_int_eq(prlimit(runner.pid, RLIMIT_FSIZE, &limit, NULL), 0);

    ck_assert(runner_prepare(&runner, "fifo", 1, 1));
    ck_assert_int_eq(runner_run(&runner, NULL), RUNNER_REPLIED);

    ck_assert_int_eq(runner.record->verdict.kind, VERDICT_NONE);
    ck_assert_ptr_nonnull(strstr(runner.record->error, "cannot be kept in"));
    ck_assert_ptr_nonnull(strstr(runner.record->error, "File too large"));
    runner_close(&runner);
}
END_TEST

/* How many names there are in the folder where runs keep what they write. */
static int count_names(const char *folder) {
    int count = 0;
    DIR *stream = opendir(folder);
    ck_assert_ptr_nonnull(stream);
    while (readdir(stream) != NULL) {
        count++;
    }
    closedir(stream);
    return count;
}

START_TEST(a_worker_that_is_killed_leaves_no_files) {
    struct runner runner;
    char place[] = "/tmp/sim-test-files-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(place));
    ck_assert_int_eq(setenv("TMPDIR", place, 1), 0);
    module_fixture_open(&runner, "file_large", "fiber");

    run(&runner, 1, 2);
    ck_assert_int_eq(count_names(place), 2); /* . and .., while the worker lives */
    ck_assert_int_eq(kill(runner.pid, SIGKILL), 0);
    runner_close(&runner);

    ck_assert_int_eq(count_names(place), 2);
    ck_assert_int_eq(rmdir(place), 0);
}
END_TEST

SUITE(files) {
    SUITE_TEST(random_sequences_of_calls_on_files_end_as_in_the_kernel);
    SUITE_LOOP(a_stream_is_written_out_by_its_own_node, 0, 2);
    SUITE_TEST(the_thousandth_run_finds_the_files_as_the_first_did);
    SUITE_TEST(files_are_the_same_when_every_run_has_a_process);
    SUITE_TEST(a_disk_without_room_is_told_and_is_no_finding);
    SUITE_TEST(a_worker_that_is_killed_leaves_no_files);
}
