#include "corpus/reach.h"
#include "corpus/table.h"

#define CREATE                                                                                     \
    "CREATE TABLE IF NOT EXISTS main.reach("                                                       \
    "scenario TEXT NOT NULL, "                                                                     \
    "build BLOB NOT NULL CHECK(length(build) = 16), "                                              \
    "strategy TEXT NOT NULL, "                                                                     \
    "base_seed INTEGER NOT NULL, "                                                                 \
    "shard INTEGER NOT NULL, "                                                                     \
    "shard_count INTEGER NOT NULL, "                                                               \
    "next_index INTEGER NOT NULL, " /* the larger, with its end_index */                           \
    "end_index INTEGER NOT NULL, "                                                                 \
    "PRIMARY KEY(scenario, build, strategy, base_seed, shard, shard_count)"                        \
    ") STRICT, WITHOUT ROWID"

#define ON_CONFLICT                                                                                \
    "ON CONFLICT(scenario, build, strategy, base_seed, shard, shard_count) DO UPDATE SET "         \
    "next_index = excluded.next_index, end_index = excluded.end_index "                            \
    "WHERE (excluded.next_index, excluded.end_index) > (next_index, end_index)"

#define INSERT                                                                                     \
    "INSERT INTO main.reach(scenario, build, strategy, base_seed, shard, shard_count, "            \
    "next_index, end_index) "

#define MERGE                                                                                      \
    INSERT "SELECT scenario, build, strategy, base_seed, shard, shard_count, next_index, "         \
           "end_index FROM other.reach WHERE true " ON_CONFLICT

static void put_key(struct database_query *query, const struct reach *reach) {
    database_put_text(query, reach->scenario);
    database_put_hash(query, reach->build);
    database_put_text(query, reach->strategy);
    database_put_number(query, (int64_t)reach->base_seed);
    database_put_number(query, reach->shard);
    database_put_number(query, reach->shard_count);
}

enum status reach_find(struct store *store, struct reach *reach) {
    struct database *database = &store->database;
    struct database_query query;
    bool exists;
    reach->next_index = 0;
    reach->end_index = 0;
    const enum status status = table_find(database, "reach", &exists);
    if (status != STATUS_OK || !exists) {
        return status;
    }
    database_prepare(&query,
                     database,
                     "SELECT next_index, end_index FROM reach WHERE scenario = ? AND build = ? "
                     "AND strategy = ? AND base_seed = ? AND shard = ? AND shard_count = ?");
    put_key(&query, reach);
    if (database_step(&query)) {
        reach->next_index = (uint64_t)database_get_number(&query);
        reach->end_index = (uint64_t)database_get_number(&query);
    }
    return database_finish(&query);
}

enum status reach_note(struct database *database, const struct reach *reach) {
    struct database_query query;
    const enum status status = database_run(database, CREATE);
    if (status != STATUS_OK) {
        return status;
    }
    database_prepare(&query, database, INSERT "VALUES(?, ?, ?, ?, ?, ?, ?, ?) " ON_CONFLICT);
    put_key(&query, reach);
    database_put_number(&query, (int64_t)reach->next_index);
    database_put_number(&query, (int64_t)reach->end_index);
    return database_finish_all(&query);
}

enum status reach_merge(struct database *database) {
    return table_merge(database, "reach", CREATE, MERGE);
}
