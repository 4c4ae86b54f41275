/* What was reported as stored is there after the writer was killed, and the file is sound. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "corpus/campaign.h"
#include "tests/corpus_fixture.h"

#define ROUNDS 25
#define CASES_A_ROUND 1000
#define DELAY_US_MAX 40000

/* As the supervisor does: counters now and then, a case with its commit, and only then its name.
 * Each report is one write of fewer than PIPE_BUF bytes: whole or not at all. */
static _Noreturn void write_until_killed(unsigned round, int report) {
    struct store store;
    struct campaign campaign = fixture_campaign();
    const struct campaign_counters counters = fixture_counters(10);
    enum status status = store_open(&store, STORE_PATH, STORE_WRITE);
    if (status == STATUS_OK) {
        status = campaign_begin(&store, &campaign);
    }
    for (unsigned i = 0; i < CASES_A_ROUND && status == STATUS_OK; i++) {
        const struct case_record record = fixture_case(round * CASES_A_ROUND + i, i % 4);
        struct cases_added added;
        status = cases_add(&store, &record, &campaign.id, &added);
        if (status == STATUS_OK && write(report, &record.id, sizeof record.id) < 0) {
            status = STATUS_IO;
        }
        if (status == STATUS_OK && i % 5 == 0) {
            status = campaign_beat(&store, &campaign, &counters, 1);
        }
    }
    for (;;) { /* done or failed: the parent kills in either case, and sees what is missing */
        pause();
    }
}

static void wait_us(uint64_t microseconds) {
    const struct timespec delay = {.tv_nsec = (long)microseconds * 1000};
    nanosleep(&delay, NULL);
}

/* Runs a writer, kills it in the middle, and appends what it reported. Returns the new count. Every
 * second round begins to wait when the first case is reported, on a busy machine too. */
static size_t run_round(unsigned round, uint64_t delay_us, struct hash *reported, size_t count) {
    int report[2];
    int result;
    ck_assert_int_eq(pipe(report), 0);
    const pid_t writer = fork();
    ck_assert_int_ge(writer, 0);
    if (writer == 0) {
        close(report[0]);
        write_until_killed(round, report[1]);
    }
    close(report[1]);
    if (round % 2 == 1) {
        ck_assert_int_eq(read(report[0], &reported[count], sizeof reported[count]),
                         sizeof reported[count]);
        count++;
    }
    wait_us(delay_us);
    ck_assert_int_eq(kill(writer, SIGKILL), 0);
    ck_assert_int_eq(waitpid(writer, &result, 0), writer);
    ck_assert(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
    ssize_t size;
    while ((size = read(report[0], &reported[count], sizeof reported[count])) > 0) {
        ck_assert_int_eq(size, sizeof reported[count]);
        count++;
    }
    close(report[0]);
    return count;
}

static uint64_t count_rows(struct store *store, const char *sql) {
    struct database_query query;
    database_prepare(&query, &store->database, sql);
    const uint64_t count = database_step(&query) ? (uint64_t)database_get_number(&query) : 0;
    fixture_expect_ok(store, database_finish(&query));
    return count;
}

START_TEST(no_reported_case_is_missing_after_kills) {
    static struct hash reported[ROUNDS * CASES_A_ROUND];
    size_t count = 0;
    uint64_t state = 42;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct store store;
        uint64_t checked;
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        count = run_round(round, (state >> 33) % DELAY_US_MAX, reported, count);
        fixture_open(&store, STORE_PATH);
        fixture_expect_ok(&store, integrity_check(&store, NULL, NULL, &checked));
        ck_assert_uint_ge(checked, count);
        ck_assert_uint_le(checked,
                          count + round + 1); /* at most one a round was not reported yet */
        for (size_t i = 0; i < count; i++) {
            struct cases_entry entry;
            fixture_expect_ok(&store, cases_load(&store, &reported[i], &entry));
            case_deinit(&entry.record);
        }
        ck_assert_uint_eq(count_rows(&store, "SELECT coalesce(sum(count), 0) FROM sightings"),
                          checked);
        store_close(&store);
    }

    ck_assert_uint_gt(count, ROUNDS / 2); /* else it was killed before it came to anything */
}
END_TEST

SUITE(durability) {
    FIXTURE_SUITE();
    SUITE_TEST(no_reported_case_is_missing_after_kills);
}
