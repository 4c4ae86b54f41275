#include "corpus/sometimes.h"
#include "corpus/table.h"

/* Each only grows and has one writer: the larger value is the newer one. */
#define CREATE                                                                                     \
    "CREATE TABLE IF NOT EXISTS main.sometimes("                                                   \
    "campaign BLOB NOT NULL REFERENCES campaigns(id), "                                            \
    "scenario TEXT NOT NULL, "                                                                     \
    "scenario_hash BLOB NOT NULL, "                                                                \
    "sentence TEXT NOT NULL, "                                                                     \
    "runs INTEGER NOT NULL, " /* in which it held */                                               \
    "PRIMARY KEY(campaign, scenario, scenario_hash, sentence), "                                   \
    "FOREIGN KEY(scenario, scenario_hash) REFERENCES scenarios(name, hash)"                        \
    ") STRICT, WITHOUT ROWID"

#define MERGE                                                                                      \
    "INSERT INTO main.sometimes(campaign, scenario, scenario_hash, sentence, runs) "               \
    "SELECT campaign, scenario, scenario_hash, sentence, runs FROM other.sometimes WHERE true "    \
    "ON CONFLICT(campaign, scenario, scenario_hash, sentence) "                                    \
    "DO UPDATE SET runs = max(runs, excluded.runs)"

static enum status insert(struct database *database, const struct sometimes *sometimes) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO sometimes(campaign, scenario, scenario_hash, sentence, runs) "
                     "VALUES(?, ?, ?, ?, ?) "
                     "ON CONFLICT(campaign, scenario, scenario_hash, sentence) "
                     "DO UPDATE SET runs = runs + excluded.runs");
    database_put_hash(&query, sometimes->campaign);
    database_put_text(&query, sometimes->scenario);
    database_put_hash(&query, sometimes->scenario_hash);
    database_put_text(&query, sometimes->sentence);
    database_put_number(&query, (int64_t)sometimes->runs);
    return database_finish_all(&query);
}

enum status sometimes_add(struct database *database, const struct sometimes *sometimes) {
    const enum status status = database_run(database, CREATE);
    return status == STATUS_OK ? insert(database, sometimes) : status;
}

enum status sometimes_sum(struct store *store,
                          const struct hash *campaign,
                          const char *scenario,
                          const char *sentence,
                          uint64_t *runs) {
    struct database *database = &store->database;
    struct database_query query;
    bool exists;
    *runs = 0;
    const enum status status = table_find(database, "sometimes", &exists);
    if (status != STATUS_OK || !exists) {
        return status;
    }
    database_prepare(&query,
                     database,
                     "SELECT coalesce(sum(runs), 0) FROM sometimes "
                     "WHERE campaign = ? AND scenario = ? AND sentence = ?");
    database_put_hash(&query, campaign);
    database_put_text(&query, scenario);
    database_put_text(&query, sentence);
    if (database_step(&query)) {
        *runs = (uint64_t)database_get_number(&query);
    }
    return database_finish_all(&query);
}

enum status sometimes_merge(struct database *database) {
    return table_merge(database, "sometimes", CREATE, MERGE);
}
