#include "corpus/cases.h"

#include <assert.h>
#include <string.h>

#include "corpus/blob.h"

#define CASES_COLUMNS                                                                              \
    "id, scenario, scenario_hash, build, seed, strategy, choices_count, trace_version, "           \
    "fingerprint, steps, time_ns, verdict, signal, message, place, signature, found_at, pinned"

enum status cases_fail_missing(struct database *database, const struct hash *id) {
    char text[HASH_TEXT_SIZE];
    hash_print(id, text);
    return database_fail(
        database,
        STATUS_MISSING,
        "no case in corpus %s has the id %s; `sim corpus list` shows what is there",
        database->path,
        text);
}

/* ---- adding ---- */

static enum status insert_scenario(struct database *database, const struct case_record *record) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO scenarios(name, hash, first_seen) VALUES(?, ?, ?) "
                     "ON CONFLICT DO NOTHING");
    database_put_text(&query, record->scenario);
    database_put_hash(&query, &record->scenario_hash);
    database_put_number(&query, record->found_at);
    return database_finish_all(&query);
}

static enum status insert_build(struct database *database, const struct case_record *record) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO builds(fingerprint, first_seen) VALUES(?, ?) "
                     "ON CONFLICT DO NOTHING");
    database_put_hash(&query, &record->build);
    database_put_number(&query, record->found_at);
    return database_finish_all(&query);
}

static enum status
insert_bug(struct database *database, const struct case_record *record, bool *is_new) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO bugs(signature, verdict, message, place, first_seen, last_seen) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT DO NOTHING");
    database_put_hash(&query, &record->signature);
    database_put_number(&query, record->verdict);
    database_put_text(&query, record->message);
    database_put_text(&query, record->where);
    database_put_number(&query, record->found_at);
    const enum status status = database_finish_all(&query);
    *is_new = status == STATUS_OK && database_changes(database) == 1;
    return status;
}

static enum status insert_case(struct database *database,
                               const struct case_record *record,
                               const struct hash *choices) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO cases(" CASES_COLUMNS ", choices, choices_version) "
                     "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)");
    database_put_hash(&query, &record->id);
    database_put_text(&query, record->scenario);
    database_put_hash(&query, &record->scenario_hash);
    database_put_hash(&query, &record->build);
    database_put_number(&query, (int64_t)record->seed);
    database_put_text(&query, record->strategy);
    database_put_number(&query, (int64_t)record->choices_count);
    database_put_number(&query, record->trace_version);
    database_put_hash(&query, &record->fingerprint);
    database_put_number(&query, (int64_t)record->steps);
    database_put_number(&query, (int64_t)record->time_ns);
    database_put_number(&query, record->verdict);
    database_put_number(&query, record->signal);
    database_put_text(&query, record->message);
    database_put_text(&query, record->where);
    database_put_hash(&query, &record->signature);
    database_put_number(&query, record->found_at);
    database_put_hash(&query, choices);
    database_put_number(&query, CASE_CHOICES_VERSION);
    return database_finish_all(&query);
}

/* All rows of a case that is new. */
static enum status
insert_all(struct database *database, const struct case_record *record, bool *bug_is_new) {
    struct hash choices;
    enum status status = insert_scenario(database, record);
    if (status == STATUS_OK) {
        status = insert_build(database, record);
    }
    if (status == STATUS_OK) {
        status = insert_bug(database, record, bug_is_new);
    }
    if (status == STATUS_OK) {
        status = blob_put(database, record->choices, record->choices_size, &choices);
    }
    return status == STATUS_OK ? insert_case(database, record, &choices) : status;
}

/* The signature under which an id is stored already. */
static enum status find_stored(struct database *database,
                               const struct hash *id,
                               bool *is_stored,
                               struct hash *signature) {
    struct database_query query;
    database_prepare(&query, database, "SELECT signature FROM cases WHERE id = ?");
    database_put_hash(&query, id);
    *is_stored = database_step(&query);
    if (*is_stored) {
        database_get_hash(&query, signature);
    }
    return database_finish(&query);
}

static enum status
read_bug_status(struct database *database, const struct hash *signature, enum bug_status *status) {
    struct database_query query;
    database_prepare(&query, database, "SELECT status FROM bugs WHERE signature = ?");
    database_put_hash(&query, signature);
    *status = database_step(&query) ? (enum bug_status)database_get_number(&query) : BUG_OPEN;
    return database_finish(&query);
}

static enum status add(struct database *database,
                       const struct case_record *record,
                       const struct hash *campaign,
                       struct cases_added *added) {
    bool is_stored = false;
    struct hash signature = record->signature;
    enum status status = find_stored(database, &record->id, &is_stored, &signature);
    if (status == STATUS_OK && !is_stored) {
        status = insert_all(database, record, &added->bug_is_new);
        added->case_is_new = true;
    }
    if (status == STATUS_OK) {
        status = bug_sight(database, &signature, campaign, 1, record->found_at);
    }
    return status == STATUS_OK ? read_bug_status(database, &signature, &added->bug_status) : status;
}

static bool is_sealed(const struct case_record *record) {
    struct case_record copy = *record;
    case_seal(&copy);
    return memcmp(&copy.id, &record->id, sizeof copy.id) == 0;
}

enum status cases_add(struct store *store,
                      const struct case_record *record,
                      const struct hash *campaign,
                      struct cases_added *added) {
    assert(is_sealed(record));
    struct database *database = &store->database;
    memset(added, 0, sizeof *added);
    enum status status = database_begin(database, DATABASE_SYNC_FULL);
    if (status == STATUS_OK) {
        status = database_end(database, add(database, record, campaign, added));
    }
    if (status != STATUS_OK) {
        memset(added, 0, sizeof *added);
    }
    return status;
}

/* ---- reading ---- */

static void get_entry(struct database_query *query, struct cases_entry *entry) {
    struct case_record *record = &entry->record;
    memset(entry, 0, sizeof *entry);
    database_get_hash(query, &record->id);
    database_get_text(query, record->scenario, sizeof record->scenario);
    database_get_hash(query, &record->scenario_hash);
    database_get_hash(query, &record->build);
    record->seed = (uint64_t)database_get_number(query);
    database_get_text(query, record->strategy, sizeof record->strategy);
    record->choices_count = (uint64_t)database_get_number(query);
    record->trace_version = (uint32_t)database_get_number(query);
    database_get_hash(query, &record->fingerprint);
    record->steps = (uint64_t)database_get_number(query);
    record->time_ns = (uint64_t)database_get_number(query);
    record->verdict = (uint32_t)database_get_number(query);
    record->signal = (int32_t)database_get_number(query);
    database_get_text(query, record->message, sizeof record->message);
    database_get_text(query, record->where, sizeof record->where);
    database_get_hash(query, &record->signature);
    record->found_at = database_get_number(query);
    entry->pinned = database_get_number(query) != 0;
}

enum status
cases_each(struct store *store, const struct hash *signature, cases_visitor *visit, void *context) {
    struct database_query query;
    database_prepare(&query,
                     &store->database,
                     signature != NULL ? "SELECT " CASES_COLUMNS " FROM cases WHERE signature = ? "
                                         "ORDER BY found_at, id"
                                       : "SELECT " CASES_COLUMNS " FROM cases "
                                         "ORDER BY found_at, id");
    if (signature != NULL) {
        database_put_hash(&query, signature);
    }
    bool more = true;
    while (more && database_step(&query)) {
        struct cases_entry entry;
        get_entry(&query, &entry);
        more = query.status == STATUS_OK && visit(context, &entry);
    }
    return database_finish(&query);
}

static enum status read_entry(struct database *database,
                              const struct hash *id,
                              struct cases_entry *entry,
                              struct hash *choices) {
    int64_t choices_version = CASE_CHOICES_VERSION;
    struct database_query query;
    database_prepare(&query,
                     database,
                     "SELECT " CASES_COLUMNS ", choices, choices_version FROM cases WHERE id = ?");
    database_put_hash(&query, id);
    const bool found = database_step(&query);
    if (found) {
        get_entry(&query, entry);
        database_get_hash(&query, choices);
        choices_version = database_get_number(&query);
    }
    const enum status status = database_finish(&query);
    if (status != STATUS_OK) {
        return status;
    }
    if (!found) {
        return cases_fail_missing(database, id);
    }
    if (choices_version != CASE_CHOICES_VERSION) {
        return database_fail(database,
                             STATUS_VERSION,
                             "the choices of this case in corpus %s are of version %lld and this "
                             "sim reads version %d; use the sim that found it",
                             database->path,
                             (long long)choices_version,
                             CASE_CHOICES_VERSION);
    }
    return STATUS_OK;
}

enum status cases_load(struct store *store, const struct hash *id, struct cases_entry *entry) {
    struct database *database = &store->database;
    struct hash choices;
    memset(entry, 0, sizeof *entry);
    enum status status = read_entry(database, id, entry, &choices);
    if (status == STATUS_OK) {
        struct case_record *record = &entry->record;
        status = blob_get(database, &choices, &record->choices, &record->choices_size);
    }
    if (status != STATUS_OK) {
        case_deinit(&entry->record);
        entry->pinned = false;
    }
    return status;
}

/* ---- pinning ---- */

/* The later pin wins a merge, so it must be later than the one before it. */
static enum status
update_pin(struct database *database, const struct hash *id, bool pinned, int64_t now) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "UPDATE cases SET pinned = ?, pinned_at = max(?, pinned_at + 1) WHERE id = ?");
    database_put_number(&query, pinned);
    database_put_number(&query, now);
    database_put_hash(&query, id);
    const enum status status = database_finish_all(&query);
    return status == STATUS_OK && database_changes(database) == 0 ? cases_fail_missing(database, id)
                                                                  : status;
}

enum status cases_pin(struct store *store, const struct hash *id, bool pinned, int64_t now) {
    struct database *database = &store->database;
    const enum status begun = database_begin(database, DATABASE_SYNC_FULL);
    return begun != STATUS_OK ? begun
                              : database_end(database, update_pin(database, id, pinned, now));
}
