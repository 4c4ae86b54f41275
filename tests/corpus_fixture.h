/* What the tests of the corpus share: a folder of their own, and made-up cases.
 *
 * Memory:      the choices of a case are static; nothing to free.
 * Errors:      a failed assertion of Check.
 */
#ifndef TESTS_CORPUS_FIXTURE_H
#define TESTS_CORPUS_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "corpus/campaign.h"
#include "corpus/cases.h"
#include "corpus/integrity.h"
#include "corpus/store.h"
#include "tests/suite.h"

#define FIXTURE_CHOICES_SIZE (7 * 64)
#define FIXTURE_CASES 64 /* whose choices stand at the same time */

static char fixture_folder[64];
static uint8_t fixture_choices[FIXTURE_CASES][FIXTURE_CHOICES_SIZE];

/* Each test works in an empty folder, so that relative paths and leftovers are its own. */
static inline void fixture_setup(void) {
    strcpy(fixture_folder, "/tmp/sim-corpus-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture_folder));
    ck_assert_int_eq(chmod(fixture_folder, 0777), 0);
    ck_assert_int_eq(chdir(fixture_folder), 0);
}

static inline void fixture_teardown(void) {
    char command[128];
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -rf '%s'", fixture_folder);
    ck_assert_int_eq(system(command), 0);
}

#define FIXTURE_SUITE() tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown)

/* A sealed case, the same for the same numbers; cases with one `bug` share a signature. */
static inline struct case_record fixture_case(unsigned number, unsigned bug) {
    struct case_record record;
    memset(&record, 0, sizeof record);
    snprintf(record.scenario, sizeof record.scenario, "scenario-%u", bug % 3);
    record.scenario_hash = hash_bytes(record.scenario, strlen(record.scenario));
    record.build = hash_bytes(&bug, sizeof bug);
    record.seed = UINT64_MAX - number;
    snprintf(record.strategy, sizeof record.strategy, "pct:depth=%u", number % 4 + 2);
    record.choices_count = number % 7;
    record.choices_size = 64 * record.choices_count;
    uint8_t *choices = fixture_choices[number % FIXTURE_CASES];
    for (size_t i = 0; i < record.choices_size; i++) {
        choices[i] = (uint8_t)(i % 16 == 0 ? number + i : 0);
    }
    record.choices = record.choices_size > 0 ? choices : NULL;
    record.trace_version = 1;
    record.fingerprint = hash_bytes(&number, sizeof number);
    record.steps = number + 10;
    record.time_ns = number * UINT64_C(1000000007);
    record.verdict = bug % 5 + 2;
    record.signal = bug % 2 == 0 ? 0 : 11;
    snprintf(record.message, sizeof record.message, "bug %u is \"there\"", bug);
    record.signature = hash_bytes(record.message, strlen(record.message));
    snprintf(record.where, sizeof record.where, "main < worker_%u < lock", bug);
    record.found_at = 1700000000 + number / 2;
    case_seal(&record);
    return record;
}

static inline struct campaign fixture_campaign(void) {
    struct campaign campaign;
    memset(&campaign, 0, sizeof campaign);
    strcpy(campaign.argv, "sim fuzz bank --runs 1000");
    strcpy(campaign.strategy, "mix");
    campaign.base_seed = UINT64_MAX;
    campaign.shard = 1;
    campaign.shard_count = 4;
    campaign.budget_runs = 1000;
    campaign.started_at = 1700000000;
    return campaign;
}

static inline struct campaign_counters fixture_counters(uint64_t runs) {
    struct campaign_counters counters;
    memset(&counters, 0, sizeof counters);
    strcpy(counters.scenario, "bank");
    counters.scenario_hash = hash_bytes("bank", 4);
    counters.runs = runs;
    counters.findings = runs / 10;
    counters.steps = runs * 100;
    counters.time_us = runs * 7;
    return counters;
}

static inline void fixture_expect_ok(const struct store *store, enum status status) {
    ck_assert_msg(status == STATUS_OK, "status %d: %s", (int)status, store_error(store));
}

static inline void fixture_open(struct store *store, const char *path) {
    fixture_expect_ok(store, store_open(store, path, STORE_WRITE));
}

static inline struct cases_added fixture_add(struct store *store, unsigned number, unsigned bug) {
    const struct case_record record = fixture_case(number, bug);
    struct cases_added added;
    fixture_expect_ok(store, cases_add(store, &record, NULL, &added));
    return added;
}

/* A closed corpus with the cases from … to - 1 of four bugs. */
static inline void fixture_corpus(const char *path, unsigned from, unsigned to) {
    struct store store;
    fixture_open(&store, path);
    for (unsigned i = from; i < to; i++) {
        fixture_add(&store, i, i % 4);
    }
    store_close(&store);
}

static inline void fixture_expect_sound(struct store *store, uint64_t case_count) {
    uint64_t checked;
    fixture_expect_ok(store, integrity_check(store, NULL, NULL, &checked));
    ck_assert_uint_eq(checked, case_count);
}

/* Overwrites a part of a file, which is made if missing. */
static inline void fixture_patch(const char *path, off_t at, const void *bytes, size_t size) {
    const int file = open(path, O_WRONLY | O_CREAT, 0666);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(pwrite(file, bytes, size, at), (ssize_t)size);
    ck_assert_int_eq(close(file), 0);
}

static inline off_t fixture_size_of(const char *path) {
    struct stat about;
    ck_assert_int_eq(stat(path, &about), 0);
    return about.st_size;
}

#endif
