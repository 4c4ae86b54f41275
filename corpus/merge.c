#include "corpus/merge.h"

#include <string.h>
#include <sys/stat.h>

#include "corpus/integrity.h"
#include "corpus/reach.h"
#include "corpus/sometimes.h"

/* Each row-value comparison is a total order on what may differ, so that of two rows the same one
 * wins on both sides. "WHERE true" parts SELECT from ON CONFLICT (SQLite's grammar). */
#define MERGE_BLOBS                                                                                \
    "INSERT INTO main.blobs(hash, codec, raw_size, bytes) "                                        \
    "SELECT hash, codec, raw_size, bytes FROM other.blobs WHERE true "                             \
    "ON CONFLICT DO NOTHING"

#define MERGE_SCENARIOS                                                                            \
    "INSERT INTO main.scenarios(name, hash, first_seen) "                                          \
    "SELECT name, hash, first_seen FROM other.scenarios WHERE true "                               \
    "ON CONFLICT(name, hash) DO UPDATE SET first_seen = min(first_seen, excluded.first_seen)"

#define MERGE_BUILDS                                                                               \
    "INSERT INTO main.builds(fingerprint, first_seen) "                                            \
    "SELECT fingerprint, first_seen FROM other.builds WHERE true "                                 \
    "ON CONFLICT(fingerprint) DO UPDATE SET first_seen = min(first_seen, excluded.first_seen)"

#define MERGE_CAMPAIGNS                                                                            \
    "INSERT INTO main.campaigns(id, argv, base_seed, shard, shard_count, strategy, budget_runs, "  \
    "budget_s, started_at, beat_at, ended_at, stop_reason, next_index) "                           \
    "SELECT id, argv, base_seed, shard, shard_count, strategy, budget_runs, budget_s, "            \
    "started_at, beat_at, ended_at, stop_reason, next_index FROM other.campaigns WHERE true "      \
    "ON CONFLICT(id) DO UPDATE SET beat_at = excluded.beat_at, ended_at = excluded.ended_at, "     \
    "stop_reason = excluded.stop_reason, next_index = excluded.next_index "                        \
    "WHERE (excluded.beat_at, excluded.next_index, excluded.ended_at, excluded.stop_reason) "      \
    "> (beat_at, next_index, ended_at, stop_reason)"

/* Three parts of a row merge on their own: what the bug is called, when it was seen, and what was
 * decided. first_seen stands in the first two, so the name is compared with the old value, which
 * is what SQLite shows to every expression of one UPDATE. */
#define BUG_NAME_IS_OLDER                                                                          \
    "(excluded.first_seen, excluded.verdict, excluded.message, excluded.place) "                   \
    "< (first_seen, verdict, message, place)"
#define MERGE_BUGS                                                                                 \
    "INSERT INTO main.bugs(signature, verdict, message, place, first_seen, last_seen, status, "    \
    "status_at) SELECT signature, verdict, message, place, first_seen, last_seen, status, "        \
    "status_at FROM other.bugs WHERE true "                                                        \
    "ON CONFLICT(signature) DO UPDATE SET "                                                        \
    "verdict = iif(" BUG_NAME_IS_OLDER ", excluded.verdict, verdict), "                            \
    "message = iif(" BUG_NAME_IS_OLDER ", excluded.message, message), "                            \
    "place = iif(" BUG_NAME_IS_OLDER ", excluded.place, place), "                                  \
    "first_seen = min(first_seen, excluded.first_seen), "                                          \
    "last_seen = max(last_seen, excluded.last_seen), "                                             \
    "status = iif((excluded.status_at, excluded.status) > (status_at, status), "                   \
    "excluded.status, status), "                                                                   \
    "status_at = max(status_at, excluded.status_at)"

#define MERGE_SIGHTINGS                                                                            \
    "INSERT INTO main.sightings(bug, origin, count) "                                              \
    "SELECT bug, origin, count FROM other.sightings WHERE true "                                   \
    "ON CONFLICT(bug, origin) DO UPDATE SET count = max(count, excluded.count)"

#define MERGE_CASES                                                                                \
    "INSERT INTO main.cases(id, scenario, scenario_hash, build, seed, strategy, choices, "         \
    "choices_version, choices_count, trace_version, fingerprint, steps, time_ns, verdict, "        \
    "signal, message, place, signature, found_at, pinned, pinned_at) "                             \
    "SELECT id, scenario, scenario_hash, build, seed, strategy, choices, choices_version, "        \
    "choices_count, trace_version, fingerprint, steps, time_ns, verdict, signal, message, "        \
    "place, signature, found_at, pinned, pinned_at FROM other.cases WHERE true "                   \
    "ON CONFLICT DO NOTHING"

/* What the id does not cover, for cases that both have. */
#define MERGE_CASES_FOUND                                                                          \
    "UPDATE main.cases SET choices_version = o.choices_version, "                                  \
    "choices_count = o.choices_count, trace_version = o.trace_version, steps = o.steps, "          \
    "time_ns = o.time_ns, verdict = o.verdict, signal = o.signal, message = o.message, "           \
    "place = o.place, signature = o.signature, found_at = o.found_at "                             \
    "FROM other.cases AS o WHERE o.id = main.cases.id AND "                                        \
    "(o.found_at, o.signature, o.verdict, o.signal, o.message, o.place, o.choices_version, "       \
    "o.choices_count, o.trace_version, o.steps, o.time_ns) "                                       \
    "< (cases.found_at, cases.signature, cases.verdict, cases.signal, cases.message, "             \
    "cases.place, cases.choices_version, cases.choices_count, cases.trace_version, "               \
    "cases.steps, cases.time_ns)"

#define MERGE_CASES_PINNED                                                                         \
    "UPDATE main.cases SET pinned = o.pinned, pinned_at = o.pinned_at "                            \
    "FROM other.cases AS o WHERE o.id = main.cases.id AND "                                        \
    "(o.pinned_at, o.pinned) > (cases.pinned_at, cases.pinned)"

#define MERGE_OUTCOMES                                                                             \
    "INSERT INTO main.outcomes(case_id, build, kind, mismatch_at, replayed_at) "                   \
    "SELECT case_id, build, kind, mismatch_at, replayed_at FROM other.outcomes WHERE true "        \
    "ON CONFLICT(case_id, build) DO UPDATE SET kind = excluded.kind, "                             \
    "mismatch_at = excluded.mismatch_at, replayed_at = excluded.replayed_at "                      \
    "WHERE (excluded.replayed_at, excluded.kind, excluded.mismatch_at) "                           \
    "> (replayed_at, kind, mismatch_at)"

#define MERGE_COUNTERS                                                                             \
    "INSERT INTO main.counters(campaign, scenario, scenario_hash, runs, findings, cases, "         \
    "nondeterminism, steps, time_us) SELECT campaign, scenario, scenario_hash, runs, findings, "   \
    "cases, nondeterminism, steps, time_us FROM other.counters WHERE true "                        \
    "ON CONFLICT(campaign, scenario, scenario_hash) DO UPDATE SET "                                \
    "runs = max(runs, excluded.runs), findings = max(findings, excluded.findings), "               \
    "cases = max(cases, excluded.cases), "                                                         \
    "nondeterminism = max(nondeterminism, excluded.nondeterminism), "                              \
    "steps = max(steps, excluded.steps), time_us = max(time_us, excluded.time_us)"

enum part { PART_CASES = 6 };

/* In the order in which rows refer to each other. */
static const char *const parts[] = {
    MERGE_BLOBS,
    MERGE_SCENARIOS,
    MERGE_BUILDS,
    MERGE_CAMPAIGNS,
    MERGE_BUGS,
    MERGE_SIGHTINGS,
    [PART_CASES] = MERGE_CASES,
    MERGE_CASES_FOUND,
    MERGE_CASES_PINNED,
    MERGE_OUTCOMES,
    MERGE_COUNTERS,
};

static bool is_same_file(const char *one, const char *two) {
    struct stat about_one;
    struct stat about_two;
    return stat(one, &about_one) == 0 && stat(two, &about_two) == 0 &&
           about_one.st_dev == about_two.st_dev && about_one.st_ino == about_two.st_ino;
}

/* Whether the other file may be merged, and how it is to be opened. */
static enum status judge(struct store *store, const char *path, enum database_mode *mode) {
    struct store other;
    uint64_t case_count;
    enum status status = store_open(&other, path, STORE_READ);
    if (status == STATUS_OK) {
        status = integrity_check(&other, NULL, NULL, &case_count);
    }
    *mode = other.mode;
    if (status != STATUS_OK) {
        memcpy(store->database.error, other.database.error, sizeof store->database.error);
    }
    store_close(&other);
    return status;
}

static enum status count_bugs(struct database *database, uint64_t *count) {
    struct database_query query;
    database_prepare(&query, database, "SELECT count(*) FROM main.bugs");
    *count = database_step(&query) ? (uint64_t)database_get_number(&query) : 0;
    return database_finish(&query);
}

static enum status merge_parts(struct database *database, struct merge_result *result) {
    uint64_t bugs_before;
    uint64_t bugs_after;
    enum status status = count_bugs(database, &bugs_before);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == STATUS_OK; i++) {
        status = database_run(database, parts[i]);
        if (i == PART_CASES) {
            result->cases_new = database_changes(database);
        }
    }
    if (status == STATUS_OK) {
        status = sometimes_merge(database);
    }
    if (status == STATUS_OK) {
        status = reach_merge(database);
    }
    if (status == STATUS_OK) {
        status = count_bugs(database, &bugs_after);
        result->bugs_new = bugs_after - bugs_before;
    }
    return status;
}

enum status merge_file(struct store *store, const char *path, struct merge_result *result) {
    struct database *database = &store->database;
    enum database_mode mode;
    memset(result, 0, sizeof *result);
    if (is_same_file(database->path, path)) {
        return STATUS_OK;
    }
    enum status status = judge(store, path, &mode);
    if (status == STATUS_OK) {
        status = database_attach(database, path, mode);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = database_begin(database, DATABASE_SYNC_FULL);
    if (status == STATUS_OK) {
        status = database_end(database, merge_parts(database, result));
    }
    database_detach(database);
    if (status != STATUS_OK) {
        memset(result, 0, sizeof *result);
    }
    return status;
}
