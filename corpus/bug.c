#include "corpus/bug.h"

#include <assert.h>

#define BUG_COLUMNS                                                                                \
    "signature, verdict, message, place, status, first_seen, last_seen, hits, case_count, "        \
    "coalesce(best, zeroblob(16))"

static const char *const names[BUG_STATUS_COUNT] = {
    [BUG_OPEN] = "open",
    [BUG_FIXED] = "fixed",
    [BUG_WONT_FIX] = "wont-fix",
    [BUG_MUTED] = "muted",
};

static void get_bug(struct database_query *query, struct bug *bug) {
    database_get_hash(query, &bug->signature);
    bug->verdict = (uint32_t)database_get_number(query);
    database_get_text(query, bug->message, sizeof bug->message);
    database_get_text(query, bug->where, sizeof bug->where);
    bug->status = (enum bug_status)database_get_number(query);
    bug->first_seen = database_get_number(query);
    bug->last_seen = database_get_number(query);
    bug->hits = (uint64_t)database_get_number(query);
    bug->case_count = (uint64_t)database_get_number(query);
    database_get_hash(query, &bug->best);
}

static enum status fail_missing(struct database *database, const struct hash *signature) {
    char text[HASH_TEXT_SIZE];
    hash_print(signature, text);
    return database_fail(database,
                         STATUS_MISSING,
                         "no bug in corpus %s has the signature %s; `sim corpus list` shows what "
                         "is there",
                         database->path,
                         text);
}

enum status bug_each(struct store *store, bug_visitor *visit, void *context) {
    struct database_query query;
    database_prepare(&query,
                     &store->database,
                     "SELECT " BUG_COLUMNS " FROM bug_list ORDER BY first_seen, signature");
    bool more = true;
    while (more && database_step(&query)) {
        struct bug bug;
        get_bug(&query, &bug);
        more = query.status == STATUS_OK && visit(context, &bug);
    }
    return database_finish(&query);
}

enum status bug_load(struct store *store, const struct hash *signature, struct bug *bug) {
    struct database_query query;
    database_prepare(&query,
                     &store->database,
                     "SELECT " BUG_COLUMNS " FROM bug_list WHERE signature = ?");
    database_put_hash(&query, signature);
    const bool found = database_step(&query);
    if (found) {
        get_bug(&query, bug);
    }
    const enum status status = database_finish(&query);
    return status == STATUS_OK && !found ? fail_missing(&store->database, signature) : status;
}

/* The later decision wins a merge, so it must be later than the one before it, whatever the clock
 * says. */
static enum status update_status(struct database *database,
                                 const struct hash *signature,
                                 enum bug_status bug_status,
                                 int64_t now) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "UPDATE bugs SET status = ?, status_at = max(?, status_at + 1) "
                     "WHERE signature = ?");
    database_put_number(&query, bug_status);
    database_put_number(&query, now);
    database_put_hash(&query, signature);
    const enum status status = database_finish_all(&query);
    return status == STATUS_OK && database_changes(database) == 0
               ? fail_missing(database, signature)
               : status;
}

enum status bug_set_status(struct store *store,
                           const struct hash *signature,
                           enum bug_status status,
                           int64_t now) {
    assert(status < BUG_STATUS_COUNT);
    struct database *database = &store->database;
    const enum status begun = database_begin(database, DATABASE_SYNC_FULL);
    return begun != STATUS_OK
               ? begun
               : database_end(database, update_status(database, signature, status, now));
}

enum status bug_count(struct store *store,
                      const struct hash *signature,
                      const struct hash *campaign,
                      uint64_t hits,
                      int64_t now) {
    struct database *database = &store->database;
    const enum status begun = database_begin(database, DATABASE_SYNC_NORMAL);
    return begun != STATUS_OK
               ? begun
               : database_end(database, bug_sight(database, signature, campaign, hits, now));
}

static enum status
update_last_seen(struct database *database, const struct hash *signature, int64_t now) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "UPDATE bugs SET first_seen = min(first_seen, ?1), "
                     "last_seen = max(last_seen, ?1) WHERE signature = ?2");
    database_put_number(&query, now);
    database_put_hash(&query, signature);
    const enum status status = database_finish_all(&query);
    return status == STATUS_OK && database_changes(database) == 0
               ? fail_missing(database, signature)
               : status;
}

enum status bug_sight(struct database *database,
                      const struct hash *signature,
                      const struct hash *campaign,
                      uint64_t hits,
                      int64_t now) {
    const enum status status = update_last_seen(database, signature, now);
    if (status != STATUS_OK || hits == 0) {
        return status;
    }
    static const struct hash none;
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO sightings(bug, origin, count) "
                     "VALUES(?, coalesce(nullif(?, zeroblob(16)), (SELECT id FROM origin)), ?) "
                     "ON CONFLICT(bug, origin) DO UPDATE SET count = count + excluded.count");
    database_put_hash(&query, signature);
    database_put_hash(&query, campaign != NULL ? campaign : &none);
    database_put_number(&query, (int64_t)hits);
    return database_finish_all(&query);
}

const char *bug_status_name(enum bug_status status) {
    assert(status < BUG_STATUS_COUNT);
    return names[status];
}
