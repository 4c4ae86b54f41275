#include "corpus/outcome.h"

#include <assert.h>

#include "corpus/cases.h"

static enum status insert_build(struct database *database, const struct outcome *outcome) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO builds(fingerprint, first_seen) VALUES(?, ?) "
                     "ON CONFLICT DO NOTHING");
    database_put_hash(&query, &outcome->build);
    database_put_number(&query, outcome->replayed_at);
    return database_finish_all(&query);
}

/* Inserts nothing when the case is not there. Must be later than what it replaces, since the later
 * one wins a merge. */
static enum status insert(struct database *database, const struct outcome *outcome) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO outcomes(case_id, build, kind, mismatch_at, replayed_at) "
                     "SELECT id, ?2, ?3, ?4, ?5 FROM cases WHERE id = ?1 "
                     "ON CONFLICT(case_id, build) DO UPDATE SET kind = excluded.kind, "
                     "mismatch_at = excluded.mismatch_at, "
                     "replayed_at = max(excluded.replayed_at, replayed_at + 1)");
    database_put_hash(&query, &outcome->case_id);
    database_put_hash(&query, &outcome->build);
    database_put_number(&query, outcome->kind);
    database_put_number(&query, (int64_t)outcome->mismatch_at);
    database_put_number(&query, outcome->replayed_at);
    const enum status status = database_finish_all(&query);
    return status == STATUS_OK && database_changes(database) == 0
               ? cases_fail_missing(database, &outcome->case_id)
               : status;
}

enum status outcome_add(struct store *store, const struct outcome *outcome) {
    assert(outcome->kind >= OUTCOME_EXACT && outcome->kind <= OUTCOME_ERROR);
    assert(outcome->kind == OUTCOME_DIVERGED || outcome->mismatch_at == 0);
    struct database *database = &store->database;
    enum status status = database_begin(database, DATABASE_SYNC_NORMAL);
    if (status != STATUS_OK) {
        return status;
    }
    status = insert_build(database, outcome);
    if (status == STATUS_OK) {
        status = insert(database, outcome);
    }
    return database_end(database, status);
}

enum status outcome_each(struct store *store,
                         const struct hash *case_id,
                         outcome_visitor *visit,
                         void *context) {
    struct database_query query;
    database_prepare(&query,
                     &store->database,
                     "SELECT build, kind, mismatch_at, replayed_at FROM outcomes "
                     "WHERE case_id = ? ORDER BY replayed_at, build");
    database_put_hash(&query, case_id);
    bool more = true;
    while (more && database_step(&query)) {
        struct outcome outcome = {.case_id = *case_id};
        database_get_hash(&query, &outcome.build);
        outcome.kind = (enum outcome_kind)database_get_number(&query);
        outcome.mismatch_at = (uint64_t)database_get_number(&query);
        outcome.replayed_at = database_get_number(&query);
        more = query.status == STATUS_OK && visit(context, &outcome);
    }
    return database_finish(&query);
}

const char *outcome_name(enum outcome_kind kind) {
    static const char *const names[] = {
        [OUTCOME_EXACT] = "reproduces",
        [OUTCOME_SAME_BUG] = "same-bug",
        [OUTCOME_OTHER_BUG] = "other-bug",
        [OUTCOME_PASSED] = "passes",
        [OUTCOME_DIVERGED] = "diverged",
        [OUTCOME_ERROR] = "error",
    };
    assert(kind >= OUTCOME_EXACT && kind <= OUTCOME_ERROR);
    return names[kind];
}
