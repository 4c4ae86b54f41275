/* What is not a sound corpus of this format is refused with its reason, and is left as it was. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "corpus/campaign.h"
#include "corpus/schema.h"
#include "tests/corpus_fixture.h"

#define NOBODY 65534

/* Rights do not bind root. */
static void become_nobody(void) {
    if (getuid() == 0) {
        ck_assert_int_eq(seteuid(NOBODY), 0);
    }
}

static void become_oneself(void) {
    ck_assert_int_eq(seteuid(getuid()), 0);
}

static struct hash hash_of_file(const char *path) {
    static char bytes[1u << 20];
    const int file = open(path, O_RDONLY | O_NONBLOCK);
    const ssize_t size = file >= 0 ? read(file, bytes, sizeof bytes) : -1;
    if (file >= 0) {
        close(file);
    }
    return hash_bytes(bytes, size > 0 ? (size_t)size : 0);
}

/* Opening it in either mode fails so, with these words and the path, and changes nothing. */
static void expect_refused(const char *path, enum status expected, const char *words) {
    const struct hash before = hash_of_file(path);
    for (unsigned i = 0; i < 2; i++) {
        struct store store;
        const enum status status = store_open(&store, path, i == 0 ? STORE_READ : STORE_WRITE);
        const char *error = store_error(&store);
        ck_assert_msg(status == expected && strstr(error, words) != NULL,
                      "status %d: %s",
                      (int)status,
                      error);
        ck_assert_ptr_nonnull(strstr(error, path));
        ck_assert_ptr_null(strchr(error, '\n'));
        store_close(&store);
    }
    const struct hash after = hash_of_file(path);
    ck_assert_mem_eq(&before, &after, sizeof before);
}

START_TEST(what_is_not_a_database_is_refused) {
    static const char prose[] = "a text that is longer than the header of a database, which "
                                "has one hundred bytes at the front of the file, begins so";
    const char *const contents[] = {"hello", "SQLite", "SQLite format 3", prose};
    static const char *const words[] = {"not a database",
                                        "truncated",
                                        "truncated",
                                        "not a database"};

    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        ck_assert(unlink("x.db") == 0 || errno == ENOENT);
        fixture_patch("x.db", 0, contents[i], strlen(contents[i]));
        expect_refused("x.db", STATUS_FORMAT, words[i]);
    }
    ck_assert_int_eq(mkdir("folder", 0777), 0);
    expect_refused("folder", STATUS_FORMAT, "not a file");
    ck_assert_int_eq(mkfifo("pipe", 0666), 0);
    expect_refused("pipe", STATUS_FORMAT, "not a file");
}
END_TEST

START_TEST(a_truncated_corpus_is_refused_wherever_it_ends) {
    fixture_corpus("whole.db", 0, 200);
    const off_t whole = fixture_size_of("whole.db");
    const off_t sizes[] =
        {0, 1, 15, 16, 99, 100, 511, 4095, 4096, 4097, whole / 2, whole - 4096, whole - 1};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ck_assert_int_eq(system("cp whole.db cut.db"), 0);
        ck_assert_int_eq(truncate("cut.db", sizes[i]), 0);
        expect_refused("cut.db", STATUS_FORMAT, "truncated");
        ck_assert_int_eq(fixture_size_of("cut.db"), sizes[i]);
    }
}
END_TEST

START_TEST(a_database_of_another_program_is_refused) {
    struct database database;
    ck_assert_int_eq(database_open(&database, "x.db", "x.db", DATABASE_CREATE), STATUS_OK);
    ck_assert_int_eq(database_run(&database, "CREATE TABLE cases(id)"), STATUS_OK);
    database_close(&database);

    expect_refused("x.db", STATUS_FORMAT, "another program (application id 0x00000000)");

    fixture_corpus("y.db", 0, 1);
    fixture_patch("y.db", 68, "GPKG", 4);
    expect_refused("y.db", STATUS_FORMAT, "another program (application id 0x47504b47)");
}
END_TEST

START_TEST(a_newer_format_is_refused) {
    static const uint8_t newer[] = {0, 0, 0, SCHEMA_VERSION + 1};
    struct store store;
    fixture_corpus("x.db", 0, 1);
    fixture_patch("x.db", 60, newer, sizeof newer);

    expect_refused("x.db", STATUS_VERSION, "is of format 2 and this sim knows up to 1");

    /* The same, still only in the log: the process that changed it was killed. */
    fixture_corpus("y.db", 0, 1);
    fixture_open(&store, "y.db");
    fixture_expect_ok(&store, database_run(&store.database, "PRAGMA user_version = 2"));
    ck_assert_int_eq(system("cp y.db z.db && cp y.db-wal z.db-wal"), 0);
    store_close(&store);
    ck_assert_int_eq(store_open(&store, "z.db", STORE_READ), STATUS_VERSION);
    ck_assert_int_eq(store_open(&store, "z.db", STORE_WRITE), STATUS_VERSION);
}
END_TEST

START_TEST(a_format_before_the_first_is_damage) {
    static const uint8_t older[] = {0, 0, 0, 0};
    fixture_corpus("x.db", 0, 1);
    fixture_patch("x.db", 60, older, sizeof older);

    expect_refused("x.db", STATUS_FORMAT, "is damaged (format 0)");
}
END_TEST

START_TEST(a_log_without_its_corpus_is_not_replaced) {
    struct store store;
    fixture_open(&store, "y.db");
    fixture_add(&store, 1, 1);
    ck_assert_int_eq(system("cp y.db-wal x.db-wal"), 0);
    store_close(&store);

    const enum status status = store_open(&store, "x.db", STORE_WRITE);

    ck_assert_int_eq(status, STATUS_FORMAT);
    ck_assert_ptr_nonnull(strstr(store_error(&store), "its log x.db-wal is there"));
    ck_assert_int_ne(access("x.db", F_OK), 0);
    ck_assert_int_gt(fixture_size_of("x.db-wal"), 0);
}
END_TEST

START_TEST(a_path_must_have_a_length_that_fits) {
    struct store store;
    char path[DATABASE_PATH_SIZE + 1];
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';

    ck_assert_int_eq(store_open(&store, path, STORE_WRITE), STATUS_LIMIT);
    ck_assert_int_eq(store_open(&store, "", STORE_WRITE), STATUS_LIMIT);
    store_close(&store);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_named) {
    static const struct {
        const char *path;
        enum status status;
        const char *words;
    } rows[] = {
        {"none/sub/c.db", STATUS_IO, "cannot create none/sub/ for corpus none/sub/c.db: No such"},
        {"file/c.db", STATUS_IO, "corpus file/c.db: Not a directory"},
        {"closed/sub/c.db", STATUS_READ_ONLY, "cannot create closed/sub/ for corpus"},
        {"closed/c.db", STATUS_READ_ONLY, "cannot create corpus closed/c.db: Permission denied"},
    };
    fixture_patch("file", 0, "x", 1);
    ck_assert_int_eq(mkdir("closed", 0555), 0);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store store;
        become_nobody();
        const enum status status = store_open(&store, rows[i].path, STORE_WRITE);
        become_oneself();
        ck_assert_msg(status == rows[i].status && strstr(store_error(&store), rows[i].words),
                      "status %d: %s",
                      (int)status,
                      store_error(&store));
    }
    ck_assert_int_eq(system("test -z \"$(ls -A closed)\" && test ! -e none"), 0);
}
END_TEST

/* ---- reading what may not be written ---- */

START_TEST(a_read_only_file_is_read_and_not_written) {
    struct store store;
    struct cases_added added;
    const struct case_record record = fixture_case(9, 1);
    fixture_corpus("x.db", 0, 4);
    ck_assert_int_eq(chmod("x.db", 0444), 0);
    const struct hash before = hash_of_file("x.db");

    become_nobody();
    const enum status written = store_open(&store, "x.db", STORE_WRITE);
    become_oneself();
    ck_assert_int_eq(written, STATUS_READ_ONLY);
    ck_assert_ptr_nonnull(strstr(store_error(&store), "x.db: it or its folder is read-only"));

    become_nobody();
    fixture_expect_ok(&store, store_open(&store, "x.db", STORE_READ));
    fixture_expect_sound(&store, 4);
    ck_assert_int_eq(cases_add(&store, &record, NULL, &added), STATUS_READ_ONLY);
    store_close(&store);
    become_oneself();

    const struct hash after = hash_of_file("x.db");
    ck_assert_mem_eq(&before, &after, sizeof before);
}
END_TEST

START_TEST(a_read_only_folder_is_read_though_the_corpus_is_in_wal_mode) {
    struct store store;
    ck_assert_int_eq(mkdir("closed", 0777), 0);
    fixture_corpus("closed/x.db", 0, 4);
    ck_assert_int_eq(chmod("closed/x.db", 0444) | chmod("closed", 0555), 0);

    become_nobody();
    const enum status written = store_open(&store, "closed/x.db", STORE_WRITE);
    const enum status read = store_open(&store, "closed/x.db", STORE_READ);
    become_oneself();

    ck_assert_int_eq(written, STATUS_READ_ONLY);
    fixture_expect_ok(&store, read);
    ck_assert_int_eq(store.mode, DATABASE_IMMUTABLE);
    fixture_expect_sound(&store, 4);
    store_close(&store);
}
END_TEST

START_TEST(commits_that_are_only_in_the_log_are_read_or_missed_aloud) {
    struct store store;
    ck_assert_int_eq(mkdir("log", 0777) | mkdir("both", 0777), 0);
    fixture_corpus("x.db", 0, 4);
    fixture_open(&store, "x.db");
    fixture_add(&store, 10, 1);
    /* As after a kill: with the log alone, and with the index of the log too. */
    ck_assert_int_eq(system("cp x.db x.db-wal log && cp x.db x.db-wal x.db-shm both && "
                            "chmod 0444 log/* both/* && chmod 0555 log both"),
                     0);
    store_close(&store);

    become_nobody();
    const enum status without = store_open(&store, "log/x.db", STORE_READ);
    become_oneself();
    ck_assert_int_eq(without, STATUS_READ_ONLY);
    ck_assert_ptr_nonnull(strstr(store_error(&store), "its last commits are in log/x.db-wal"));

    become_nobody();
    const enum status with = store_open(&store, "both/x.db", STORE_READ);
    become_oneself();
    fixture_expect_ok(&store, with);
    fixture_expect_sound(&store, 5);
    store_close(&store);
}
END_TEST

/* ---- others, and the disk ---- */

START_TEST(a_lock_that_is_held_too_long_is_reported_and_nothing_is_stored) {
    struct store store;
    struct database other;
    struct cases_added added;
    const struct case_record record = fixture_case(9, 1);
    fixture_corpus("x.db", 0, 4);
    fixture_open(&store, "x.db");
    database_set_busy_ms(&store.database, 20);
    ck_assert_int_eq(database_open(&other, "x.db", "x.db", DATABASE_WRITE), STATUS_OK);
    ck_assert_int_eq(database_run(&other, "BEGIN IMMEDIATE"), STATUS_OK);

    const enum status held = cases_add(&store, &record, NULL, &added);
    ck_assert_int_eq(held, STATUS_BUSY);
    ck_assert_ptr_nonnull(strstr(store_error(&store), "x.db is locked: another process has held"));
    fixture_expect_sound(&store, 4);
    database_close(&other);

    fixture_add(&store, 9, 1);
    fixture_expect_sound(&store, 5);
    store_close(&store);
}
END_TEST

START_TEST(many_processes_may_begin_the_same_corpus) {
    enum { PROCESSES = 8, CASES = 5 };
    struct store store;

    for (unsigned i = 0; i < PROCESSES; i++) {
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            fixture_corpus(STORE_PATH, CASES * i, CASES * (i + 1));
            _exit(0);
        }
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        int result;
        ck_assert_int_gt(wait(&result), 0);
        ck_assert_int_eq(result, 0);
    }

    fixture_open(&store, STORE_PATH);
    fixture_expect_sound(&store, PROCESSES * CASES);
    store_close(&store);
    ck_assert_int_eq(system("test $(ls -A .sim | wc -l) = 1"), 0);
}
END_TEST

/* No file may grow beyond this, as if the disk were full. Raising it needs only the soft limit. */
static void limit_files(rlim_t size) {
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(on_a_full_disk_nothing_is_lost_and_nothing_half_stored) {
    struct store store;
    unsigned stored = 0;
    enum status status = STATUS_OK;
    signal(SIGXFSZ, SIG_IGN);
    fixture_open(&store, "x.db");

    limit_files(300000);
    while (status == STATUS_OK && stored < 1000) {
        const struct case_record record = fixture_case(stored, stored % 4);
        struct cases_added added;
        status = cases_add(&store, &record, NULL, &added);
        stored += status == STATUS_OK;
    }
    ck_assert_int_eq(status, STATUS_FULL);
    ck_assert_ptr_nonnull(strstr(store_error(&store), "x.db: the disk is full"));
    ck_assert_uint_gt(stored, 5);
    fixture_expect_sound(&store, stored);

    limit_files(RLIM_INFINITY);
    fixture_add(&store, stored, stored % 4);
    store_close(&store);
    fixture_open(&store, "x.db");
    fixture_expect_sound(&store, stored + 1);
    store_close(&store);
}
END_TEST

START_TEST(a_corpus_that_did_not_fit_was_not_begun) {
    signal(SIGXFSZ, SIG_IGN);

    for (rlim_t size = 0; size < 40000; size += 5000) {
        struct store store;
        limit_files(size);
        const enum status status = store_open(&store, "x.db", STORE_WRITE);
        limit_files(RLIM_INFINITY);
        ck_assert_msg(status == STATUS_FULL, "status %d: %s", (int)status, store_error(&store));
        ck_assert_int_eq(system("test -z \"$(ls -A)\""), 0);
    }
}
END_TEST

START_TEST(on_a_full_disk_a_corpus_is_read_and_not_opened_for_writing) {
    struct store store;
    fixture_corpus("x.db", 0, 4);
    const struct hash before = hash_of_file("x.db");
    signal(SIGXFSZ, SIG_IGN);

    for (rlim_t size = 0; size < 32768; size += 4096) { /* the index of the log needs 32 KiB */
        limit_files(size);
        const enum status status = store_open(&store, "x.db", STORE_WRITE);
        ck_assert_msg(status == STATUS_FULL, "status %d: %s", (int)status, store_error(&store));
        fixture_expect_ok(&store, store_open(&store, "x.db", STORE_READ));
        fixture_expect_sound(&store, 4);
        store_close(&store);
        limit_files(RLIM_INFINITY);
        const struct hash after = hash_of_file("x.db");
        ck_assert_mem_eq(&before, &after, sizeof before);
    }
}
END_TEST

SUITE(store) {
    FIXTURE_SUITE();
    SUITE_TEST(what_is_not_a_database_is_refused);
    SUITE_TEST(a_truncated_corpus_is_refused_wherever_it_ends);
    SUITE_TEST(a_database_of_another_program_is_refused);
    SUITE_TEST(a_newer_format_is_refused);
    SUITE_TEST(a_format_before_the_first_is_damage);
    SUITE_TEST(a_log_without_its_corpus_is_not_replaced);
    SUITE_TEST(a_path_must_have_a_length_that_fits);
    SUITE_TEST(a_folder_that_cannot_be_made_is_named);
    SUITE_TEST(a_read_only_file_is_read_and_not_written);
    SUITE_TEST(a_read_only_folder_is_read_though_the_corpus_is_in_wal_mode);
    SUITE_TEST(commits_that_are_only_in_the_log_are_read_or_missed_aloud);
    SUITE_TEST(a_lock_that_is_held_too_long_is_reported_and_nothing_is_stored);
    SUITE_TEST(many_processes_may_begin_the_same_corpus);
    SUITE_TEST(on_a_full_disk_nothing_is_lost_and_nothing_half_stored);
    SUITE_TEST(a_corpus_that_did_not_fit_was_not_begun);
    SUITE_TEST(on_a_full_disk_a_corpus_is_read_and_not_opened_for_writing);
}
