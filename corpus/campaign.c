#include "corpus/campaign.h"

#include <assert.h>
#include <string.h>

#include "corpus/sometimes.h"

/* ---- begin and resume ---- */

static enum status insert(struct database *database, struct campaign *campaign) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO campaigns(id, argv, base_seed, shard, shard_count, strategy, "
                     "budget_runs, budget_s, started_at, beat_at, ended_at, stop_reason, "
                     "next_index) "
                     "VALUES(randomblob(16), ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?) RETURNING id");
    database_put_text(&query, campaign->argv);
    database_put_number(&query, (int64_t)campaign->base_seed);
    database_put_number(&query, campaign->shard);
    database_put_number(&query, campaign->shard_count);
    database_put_text(&query, campaign->strategy);
    database_put_number(&query, (int64_t)campaign->budget_runs);
    database_put_number(&query, (int64_t)campaign->budget_s);
    database_put_number(&query, campaign->started_at);
    database_put_number(&query, campaign->started_at);
    database_put_number(&query, (int64_t)campaign->next_index);
    if (database_step(&query)) {
        database_get_hash(&query, &campaign->id);
    }
    return database_finish_all(&query);
}

enum status campaign_begin(struct store *store, struct campaign *campaign) {
    assert(campaign->shard < campaign->shard_count);
    struct database *database = &store->database;
    enum status status = database_begin(database, DATABASE_SYNC_NORMAL);
    if (status == STATUS_OK) {
        status = database_end(database, insert(database, campaign));
    }
    if (status == STATUS_OK) {
        campaign->beat_at = campaign->started_at;
        campaign->ended_at = 0;
        campaign->stop_reason[0] = '\0';
    }
    return status;
}

static enum status find_stopped(struct database *database, struct campaign *campaign, bool *found) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "SELECT id, base_seed, started_at, next_index FROM campaigns "
                     "WHERE argv = ?1 AND shard = ?2 AND shard_count = ?3 "
                     "AND (stop_reason = '" CAMPAIGN_REASON_STOPPED "' "
                     "OR (ended_at = 0 AND beat_at <= ?4)) "
                     "ORDER BY started_at DESC, id LIMIT 1");
    database_put_text(&query, campaign->argv);
    database_put_number(&query, campaign->shard);
    database_put_number(&query, campaign->shard_count);
    database_put_number(&query, campaign->started_at - CAMPAIGN_STALE_S);
    *found = database_step(&query);
    if (*found) {
        database_get_hash(&query, &campaign->id);
        campaign->base_seed = (uint64_t)database_get_number(&query);
        campaign->started_at = database_get_number(&query);
        campaign->next_index = (uint64_t)database_get_number(&query);
    }
    return database_finish(&query);
}

/* The later beat wins a merge, so that beats are made to grow, whatever the clock says. */
static enum status update(struct database *database, const struct campaign *campaign) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "UPDATE campaigns SET beat_at = max(?, beat_at + 1), ended_at = ?, "
                     "stop_reason = ?, next_index = ? WHERE id = ?");
    database_put_number(&query, campaign->beat_at);
    database_put_number(&query, campaign->ended_at);
    database_put_text(&query, campaign->stop_reason);
    database_put_number(&query, (int64_t)campaign->next_index);
    database_put_hash(&query, &campaign->id);
    const enum status status = database_finish_all(&query);
    return status == STATUS_OK && database_changes(database) == 0
               ? database_fail(database,
                               STATUS_MISSING,
                               "this campaign is no longer in corpus %s; begin it again",
                               database->path)
               : status;
}

enum status campaign_resume(struct store *store, struct campaign *campaign) {
    struct database *database = &store->database;
    struct campaign stopped = *campaign;
    bool found = false;
    enum status status = database_begin(database, DATABASE_SYNC_NORMAL);
    if (status != STATUS_OK) {
        return status;
    }
    status = find_stopped(database, &stopped, &found);
    if (status == STATUS_OK && !found) {
        status = database_fail(database,
                               STATUS_MISSING,
                               "no stopped campaign in corpus %s has this command line; begin one",
                               database->path);
    }
    if (status == STATUS_OK) {
        stopped.beat_at = campaign->started_at;
        stopped.ended_at = 0;
        stopped.stop_reason[0] = '\0';
        status = update(database, &stopped);
    }
    status = database_end(database, status);
    if (status == STATUS_OK) {
        *campaign = stopped;
    }
    return status;
}

/* ---- beat and end ---- */

static enum status insert_scenario(struct database *database,
                                   const struct campaign *campaign,
                                   const struct campaign_counters *counters) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO scenarios(name, hash, first_seen) VALUES(?, ?, ?) "
                     "ON CONFLICT DO NOTHING");
    database_put_text(&query, counters->scenario);
    database_put_hash(&query, &counters->scenario_hash);
    database_put_number(&query, campaign->beat_at);
    return database_finish_all(&query);
}

static enum status add(struct database *database,
                       const struct campaign *campaign,
                       const struct campaign_counters *counters) {
    struct database_query query;
    database_prepare(&query,
                     database,
                     "INSERT INTO counters(campaign, scenario, scenario_hash, runs, findings, "
                     "cases, nondeterminism, steps, time_us) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) "
                     "ON CONFLICT(campaign, scenario, scenario_hash) DO UPDATE SET "
                     "runs = runs + excluded.runs, findings = findings + excluded.findings, "
                     "cases = cases + excluded.cases, "
                     "nondeterminism = nondeterminism + excluded.nondeterminism, "
                     "steps = steps + excluded.steps, time_us = time_us + excluded.time_us");
    database_put_hash(&query, &campaign->id);
    database_put_text(&query, counters->scenario);
    database_put_hash(&query, &counters->scenario_hash);
    database_put_number(&query, (int64_t)counters->runs);
    database_put_number(&query, (int64_t)counters->findings);
    database_put_number(&query, (int64_t)counters->cases);
    database_put_number(&query, (int64_t)counters->nondeterminism);
    database_put_number(&query, (int64_t)counters->steps);
    database_put_number(&query, (int64_t)counters->time_us);
    return database_finish_all(&query);
}

static enum status add_sometimes(struct database *database,
                                 const struct campaign *campaign,
                                 const struct campaign_counters *counters) {
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < counters->sometimes_count && status == STATUS_OK; i++) {
        const struct sometimes sometimes = {.campaign = &campaign->id,
                                            .scenario = counters->scenario,
                                            .scenario_hash = &counters->scenario_hash,
                                            .sentence = counters->sometimes[i].sentence,
                                            .runs = counters->sometimes[i].runs};
        status = sometimes_add(database, &sometimes);
    }
    return status;
}

enum status campaign_beat(struct store *store,
                          const struct campaign *campaign,
                          const struct campaign_counters *counters,
                          size_t count) {
    struct database *database = &store->database;
    enum status status = database_begin(database, DATABASE_SYNC_NORMAL);
    if (status != STATUS_OK) {
        return status;
    }
    status = update(database, campaign);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = insert_scenario(database, campaign, &counters[i]);
        if (status == STATUS_OK) {
            status = add(database, campaign, &counters[i]);
        }
        if (status == STATUS_OK) {
            status = add_sometimes(database, campaign, &counters[i]);
        }
        if (status == STATUS_OK && counters[i].reach != NULL) {
            status = reach_note(database, counters[i].reach);
        }
    }
    return database_end(database, status);
}

enum status campaign_end(struct store *store, const struct campaign *campaign) {
    assert(campaign->ended_at != 0 && campaign->stop_reason[0] != '\0');
    return campaign_beat(store, campaign, NULL, 0);
}

/* ---- reading ---- */

static void get_campaign(struct database_query *query, struct campaign *campaign) {
    database_get_hash(query, &campaign->id);
    database_get_text(query, campaign->argv, sizeof campaign->argv);
    campaign->base_seed = (uint64_t)database_get_number(query);
    campaign->shard = (uint32_t)database_get_number(query);
    campaign->shard_count = (uint32_t)database_get_number(query);
    database_get_text(query, campaign->strategy, sizeof campaign->strategy);
    campaign->budget_runs = (uint64_t)database_get_number(query);
    campaign->budget_s = (uint64_t)database_get_number(query);
    campaign->started_at = database_get_number(query);
    campaign->beat_at = database_get_number(query);
    campaign->ended_at = database_get_number(query);
    database_get_text(query, campaign->stop_reason, sizeof campaign->stop_reason);
    campaign->next_index = (uint64_t)database_get_number(query);
}

static void get_totals(struct database_query *query, struct campaign_counters *totals) {
    memset(totals, 0, sizeof *totals);
    totals->runs = (uint64_t)database_get_number(query);
    totals->findings = (uint64_t)database_get_number(query);
    totals->cases = (uint64_t)database_get_number(query);
    totals->nondeterminism = (uint64_t)database_get_number(query);
    totals->steps = (uint64_t)database_get_number(query);
    totals->time_us = (uint64_t)database_get_number(query);
}

enum status campaign_each(struct store *store, campaign_visitor *visit, void *context) {
    struct database_query query;
    database_prepare(&query,
                     &store->database,
                     "SELECT id, argv, base_seed, shard, shard_count, campaigns.strategy, "
                     "budget_runs, budget_s, started_at, beat_at, ended_at, stop_reason, "
                     "next_index, coalesce(sum(runs), 0), coalesce(sum(findings), 0), "
                     "coalesce(sum(cases), 0), coalesce(sum(nondeterminism), 0), "
                     "coalesce(sum(steps), 0), coalesce(sum(time_us), 0) "
                     "FROM campaigns LEFT JOIN counters ON counters.campaign = campaigns.id "
                     "GROUP BY campaigns.id ORDER BY started_at, id");
    bool more = true;
    while (more && database_step(&query)) {
        struct campaign campaign;
        struct campaign_counters totals;
        get_campaign(&query, &campaign);
        get_totals(&query, &totals);
        more = query.status == STATUS_OK && visit(context, &campaign, &totals);
    }
    return database_finish(&query);
}
