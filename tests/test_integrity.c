/* The check of a corpus: whatever is wrong is found, and nothing that is read makes it crash. */
#include "tests/corpus_fixture.h"

struct problems {
    unsigned count;
    char text[8192];
};

static void take_problem(void *context, const char *problem) {
    struct problems *problems = context;
    const size_t size = strlen(problems->text);
    problems->count++;
    snprintf(problems->text + size, sizeof problems->text - size, "%s\n", problem);
}

START_TEST(the_check_finds_each_kind_of_damage) {
    static const struct {
        const char *sql;
        unsigned count;
        const char *words;
    } rows[] = {
        {"UPDATE cases SET seed = seed + 1 WHERE rowid = 3", 1, "is not what its id says"},
        {"UPDATE cases SET strategy = 'fifo' WHERE rowid = 3", 1, "is not what its id says"},
        {"UPDATE cases SET fingerprint = id WHERE rowid = 3", 1, "is not what its id says"},
        {"UPDATE cases SET scenario = printf('%.999c', 'x') WHERE rowid = 3", 2, "does not fit"},
        {"UPDATE blobs SET bytes = x'00', codec = 0", 12, "do not have their hash"},
        {"UPDATE blobs SET raw_size = 1 << 40", 12, "do not have their hash"},
        {"UPDATE blobs SET hash = zeroblob(16) WHERE rowid = 2", 2, "do not have their hash"},
        {"DELETE FROM bugs WHERE verdict = 3", 4, "cases refers to bugs"},
        {"DELETE FROM blobs WHERE rowid = 2", 2, "cases refers to blobs"},
        {"DELETE FROM builds", 12, "cases refers to builds"},
        {"DELETE FROM scenarios", 12, "cases refers to scenarios"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store store;
        struct problems problems = {0};
        uint64_t case_count;
        char path[16];
        snprintf(path, sizeof path, "%zu.db", i);
        fixture_corpus(path, 0, 12);
        fixture_open(&store, path);
        fixture_expect_sound(&store, 12);
        fixture_expect_ok(&store, database_run(&store.database, "PRAGMA foreign_keys = OFF"));
        fixture_expect_ok(&store, database_run(&store.database, rows[i].sql));

        const enum status status = integrity_check(&store, take_problem, &problems, &case_count);

        ck_assert_int_eq(status, STATUS_FORMAT);
        ck_assert_ptr_nonnull(strstr(store_error(&store), "is damaged in"));
        ck_assert_msg(strstr(problems.text, rows[i].words) != NULL &&
                          problems.count == rows[i].count,
                      "%s: %u\n%s",
                      rows[i].sql,
                      problems.count,
                      problems.text);
        store_close(&store);
    }
}
END_TEST

START_TEST(a_case_of_another_version_is_no_damage) {
    struct store store;
    uint64_t case_count;
    fixture_corpus("x.db", 0, 4);
    fixture_open(&store, "x.db");
    fixture_expect_ok(&store,
                      database_run(&store.database, "UPDATE cases SET choices_version = 9"));

    const enum status status = integrity_check(&store, NULL, NULL, &case_count);

    ck_assert_int_eq(status, STATUS_VERSION);
    ck_assert_ptr_nonnull(strstr(store_error(&store), "of version 9 and this sim reads version 2"));
    store_close(&store);
}
END_TEST

START_TEST(a_page_of_noise_is_found_and_never_crashes) {
    uint8_t noise[4096];
    fixture_corpus("whole.db", 0, 60);
    const off_t page_count = fixture_size_of("whole.db") / 4096;
    ck_assert_int_gt(page_count, 10);

    for (off_t page = 1; page < page_count; page++) {
        struct store store;
        uint64_t case_count;
        for (size_t i = 0; i < sizeof noise; i++) {
            noise[i] = (uint8_t)((i + 1) * (size_t)(2 * page + 1) * 2654435761u >> 13);
        }
        ck_assert_int_eq(system("cp whole.db x.db"), 0);
        fixture_patch("x.db", 4096 * page, noise, sizeof noise);

        enum status status = store_open(&store, "x.db", STORE_READ);
        if (status == STATUS_OK) {
            status = integrity_check(&store, NULL, NULL, &case_count);
        }

        ck_assert_msg(status == STATUS_FORMAT,
                      "page %lld: status %d: %s",
                      (long long)page,
                      (int)status,
                      store_error(&store));
        store_close(&store);
    }
}
END_TEST

SUITE(integrity) {
    FIXTURE_SUITE();
    SUITE_TEST(the_check_finds_each_kind_of_damage);
    SUITE_TEST(a_case_of_another_version_is_no_damage);
    SUITE_TEST(a_page_of_noise_is_found_and_never_crashes);
}
