#include "tools/ledger.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "corpus/sometimes.h"
#include "tools/complain.h"
#include "tools/finding.h"
#include "tools/module.h"
#include "tools/runner.h"

static void describe(struct campaign *campaign, const struct hunt *hunt) {
    const struct options *options = hunt->options;
    memset(campaign, 0, sizeof *campaign);
    snprintf(campaign->argv, sizeof campaign->argv, "%s", options->command);
    snprintf(campaign->strategy, sizeof campaign->strategy, "%.90s", options->strategy);
    campaign->base_seed = options->seed;
    campaign->shard = options->shard;
    campaign->shard_count = options->shard_count;
    campaign->budget_runs = options->time_s == 0 ? hunt->runs_max : options->runs;
    campaign->budget_s = options->time_s;
    campaign->started_at = time(NULL);
}

/* Which libraries there are only a worker can tell. */
static int hash_build(const struct options *options, const char *module, struct hash *build) {
    struct runner runner;
    const struct runner_options how = {.backend = options->backend};
    int result = EXIT_CLEAN;
    if (!runner_open(&runner, module, &how)) {
        complain("%s", runner_error(&runner));
        const bool refused = runner.record != NULL && runner.record->reply == RECORD_REFUSED;
        result = refused ? EXIT_USAGE : EXIT_BROKEN;
    } else if (finding_build(runner.record, module, build) != STATUS_OK) {
        complain("the scenario %s cannot be read any more; run this again", module);
        result = EXIT_BROKEN;
    }
    runner_close(&runner);
    return result;
}

static int hash_scenarios(struct ledger *ledger, const struct options *options) {
    for (unsigned i = 0; i < options->operand_count; i++) {
        char module[PATH_MAX];
        if (!module_find(options->operands[i], module) ||
            !module_name(options->operands[i], ledger->names[i])) {
            return EXIT_USAGE;
        }
        if (finding_file_hash(module, &ledger->scenario_hashes[i]) != STATUS_OK) {
            complain("the scenario %s cannot be read; sim list shows what there is", module);
            return EXIT_USAGE;
        }
        const int result = hash_build(options, module, &ledger->builds[i]);
        if (result != EXIT_CLEAN) {
            return result;
        }
    }
    return EXIT_CLEAN;
}

static struct reach reach_of(const struct ledger *ledger, unsigned index) {
    const struct campaign *campaign = &ledger->campaign;
    return (struct reach){.scenario = ledger->names[index],
                          .build = &ledger->builds[index],
                          .strategy = campaign->strategy,
                          .base_seed = campaign->base_seed,
                          .shard = campaign->shard,
                          .shard_count = campaign->shard_count};
}

/* Where each search begins and ends. One that was stopped ends where it was to end. */
static enum status
place(struct ledger *ledger, struct hunt *hunt, struct store *store, bool resumed) {
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < hunt->options->operand_count && status == STATUS_OK; i++) {
        struct reach reach = reach_of(ledger, i);
        if (hunt->options->seed_given) {
            hunt->firsts[i] = ledger->campaign.next_index;
            continue;
        }
        status = reach_find(store, &reach);
        hunt->firsts[i] = reach.next_index;
        if (hunt->options->time_s == 0) {
            const uint64_t left = reach.end_index - reach.next_index; /* of what was stopped */
            const bool fewer = reach.end_index > reach.next_index && left < hunt->runs_max;
            hunt->ends[i] = reach.next_index + (resumed && fewer ? left : hunt->runs_max);
        }
    }
    return status;
}

int ledger_open(struct ledger *ledger, struct hunt *hunt) {
    memset(ledger, 0, sizeof *ledger);
    describe(&ledger->campaign, hunt);
    int result = hash_scenarios(ledger, hunt->options);
    if (result != EXIT_CLEAN) {
        return result;
    }
    struct store store;
    enum status status = store_open(&store, hunt->options->corpus, STORE_WRITE);
    if (status == STATUS_OK) {
        status = campaign_resume(&store, &ledger->campaign);
        const bool resumed = status == STATUS_OK;
        if (status == STATUS_MISSING) {
            status = campaign_begin(&store, &ledger->campaign);
        }
        if (status == STATUS_OK) {
            status = place(ledger, hunt, &store, resumed);
        }
    }
    if (status != STATUS_OK) {
        result = complain_store(&store, status, "findings could not be stored: ");
    }
    store_close(&store);
    hunt->stored = status == STATUS_OK;
    hunt->campaign = ledger->campaign.id;
    hunt->seed = ledger->campaign.base_seed;
    return result;
}

/* What is told to the corpus in one beat. */
struct beat {
    struct board_scenario now[OPTIONS_OPERANDS_MAX];
    uint64_t held[OPTIONS_OPERANDS_MAX][VACUITY_MARKS_MAX];
    struct campaign_counters counters[OPTIONS_OPERANDS_MAX];
    struct campaign_sometimes sometimes[OPTIONS_OPERANDS_MAX][VACUITY_MARKS_MAX];
    struct reach reaches[OPTIONS_OPERANDS_MAX];
};

/* In how many runs each `sometimes` of a scenario held since the last beat. */
static void held_changes(const struct ledger *ledger,
                         const struct vacuity *vacuity,
                         unsigned index,
                         struct beat *beat,
                         struct campaign_counters *change) {
    change->sometimes = beat->sometimes[index];
    for (uint32_t i = 0; i < VACUITY_MARKS_MAX; i++) {
        const char *sentence = vacuity_sentence(vacuity, i);
        beat->held[index][i] = sentence == NULL ? 0 : vacuity->runs[i];
        const uint64_t runs = beat->held[index][i] - ledger->held[index][i];
        if (runs > 0) {
            beat->sometimes[index][change->sometimes_count++] =
                (struct campaign_sometimes){.sentence = sentence, .runs = runs};
        }
    }
}

/* All runs of a scenario before this one are done, also those of other shards: they have theirs. */
static uint64_t scenario_next(const struct hunt *hunt, unsigned index, uint32_t lanes) {
    const uint64_t next = board_scenario_next(&hunt->board->scenarios[index], lanes);
    return next < hunt->ends[index] ? next : hunt->ends[index];
}

/* What happened since the last beat, for scenarios where something did: a lane counts runs one by
 * one, and says at the end of its turn how far it came. */
static size_t
changes(const struct ledger *ledger, const struct hunt *hunt, uint32_t lanes, struct beat *beat) {
    struct board_scenario *now = beat->now;
    size_t count = 0;
    for (unsigned i = 0; i < hunt->options->operand_count; i++) {
        const struct board_scenario *was = &ledger->counted[i];
        now[i] = hunt->board->scenarios[i];
        struct campaign_counters *change = &beat->counters[count];
        memset(change, 0, sizeof *change);
        memcpy(change->scenario, ledger->names[i], sizeof change->scenario);
        change->scenario_hash = ledger->scenario_hashes[i];
        change->runs = now[i].runs - was->runs;
        change->findings = now[i].findings - was->findings;
        change->cases = now[i].cases - was->cases;
        change->nondeterminism = now[i].nondeterminism - was->nondeterminism;
        change->steps = now[i].steps - was->steps;
        change->time_us = (now[i].time_ns - was->time_ns) / 1000;
        held_changes(ledger, &hunt->board->vacuities[i], i, beat, change);
        beat->reaches[i] = reach_of(ledger, i);
        beat->reaches[i].next_index = scenario_next(hunt, i, lanes);
        beat->reaches[i].end_index = hunt->ends[i];
        change->reach = &beat->reaches[i];
        const bool came_on = board_scenario_next(&now[i], lanes) > board_scenario_next(was, lanes);
        count +=
            came_on ||
            change->runs + change->findings + change->nondeterminism + change->sometimes_count > 0;
    }
    return count;
}

static enum status
tell(struct ledger *ledger, const struct hunt *hunt, uint32_t lanes, struct store *store) {
    static struct beat beat;
    const uint64_t next = board_next(hunt->board, lanes);
    struct campaign *campaign = &ledger->campaign;
    if (next != BOARD_DONE && next > campaign->next_index) {
        campaign->next_index = next;
    }
    for (unsigned i = 0; next == BOARD_DONE && i < hunt->options->operand_count; i++) {
        const uint64_t of_scenario = scenario_next(hunt, i, lanes);
        campaign->next_index =
            of_scenario > campaign->next_index ? of_scenario : campaign->next_index;
    }
    campaign->beat_at = time(NULL);
    const size_t count = changes(ledger, hunt, lanes, &beat);
    const enum status status = campaign_beat(store, campaign, beat.counters, count);
    if (status == STATUS_OK) {
        memcpy(ledger->counted, beat.now, sizeof beat.now[0] * hunt->options->operand_count);
        memcpy(ledger->held, beat.held, sizeof beat.held);
    }
    return status;
}

void ledger_beat(struct ledger *ledger, const struct hunt *hunt, uint32_t lanes) {
    struct store store;
    enum status status = store_open(&store, hunt->options->corpus, STORE_WRITE);
    if (status == STATUS_OK) {
        status = tell(ledger, hunt, lanes, &store);
    }
    if (status != STATUS_OK && !ledger->complained) {
        complain_store(&store, status, "progress is not stored: ");
        ledger->complained = true;
    }
    store_close(&store);
}

int ledger_close(struct ledger *ledger, const struct hunt *hunt, uint32_t lanes, bool stopped) {
    struct store store;
    enum status status = store_open(&store, hunt->options->corpus, STORE_WRITE);
    if (status == STATUS_OK) {
        status = tell(ledger, hunt, lanes, &store);
    }
    if (status == STATUS_OK) {
        ledger->campaign.ended_at = time(NULL);
        snprintf(ledger->campaign.stop_reason,
                 sizeof ledger->campaign.stop_reason,
                 "%s",
                 stopped ? CAMPAIGN_REASON_STOPPED : "done");
        status = campaign_end(&store, &ledger->campaign);
    }
    const int result = status == STATUS_OK
                           ? EXIT_CLEAN
                           : complain_store(&store, status, "how far it came is not stored: ");
    store_close(&store);
    return result;
}

int ledger_held(struct ledger *ledger,
                const struct hunt *hunt,
                unsigned index,
                const char *sentence,
                uint64_t *runs) {
    struct store store;
    enum status status = store_open(&store, hunt->options->corpus, STORE_READ);
    if (status == STATUS_OK) {
        status = sometimes_sum(&store, &ledger->campaign.id, ledger->names[index], sentence, runs);
    }
    const int result = status == STATUS_OK
                           ? EXIT_CLEAN
                           : complain_store(&store, status, "what held sometimes is unknown: ");
    store_close(&store);
    return result;
}
