#include "tools/ledger.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "corpus/sometimes.h"
#include "tools/complain.h"
#include "tools/finding.h"
#include "tools/module.h"

static void describe(struct campaign *campaign, const struct hunt *hunt) {
    const struct options *options = hunt->options;
    memset(campaign, 0, sizeof *campaign);
    snprintf(campaign->argv, sizeof campaign->argv, "%s", options->command);
    snprintf(campaign->strategy, sizeof campaign->strategy, "%.90s", options->strategy);
    campaign->base_seed = options->seed;
    campaign->shard = options->shard;
    campaign->shard_count = options->shard_count;
    campaign->budget_runs = options->runs;
    campaign->budget_s = options->time_s;
    campaign->started_at = time(NULL);
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
    }
    return EXIT_CLEAN;
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
        if (status == STATUS_MISSING) {
            status = campaign_begin(&store, &ledger->campaign);
        }
    }
    if (status != STATUS_OK) {
        result = complain_store(&store, status, "findings could not be stored: ");
    }
    store_close(&store);
    hunt->stored = status == STATUS_OK;
    hunt->campaign = ledger->campaign.id;
    hunt->seed = ledger->campaign.base_seed;
    hunt->first = ledger->campaign.next_index;
    return result;
}

/* What is told to the corpus in one beat. */
struct beat {
    struct board_scenario now[OPTIONS_OPERANDS_MAX];
    uint64_t held[OPTIONS_OPERANDS_MAX][DESCRIPTION_PROPERTIES_MAX];
    struct campaign_counters counters[OPTIONS_OPERANDS_MAX];
    struct campaign_sometimes sometimes[OPTIONS_OPERANDS_MAX][DESCRIPTION_PROPERTIES_MAX];
};

/* In how many runs each `sometimes` of a scenario held since the last beat. */
static void held_changes(const struct ledger *ledger,
                         const struct vacuity *vacuity,
                         unsigned index,
                         struct beat *beat,
                         struct campaign_counters *change) {
    change->sometimes = beat->sometimes[index];
    for (uint32_t i = 0; i < DESCRIPTION_PROPERTIES_MAX; i++) {
        const char *sentence = vacuity_sentence(vacuity, i);
        beat->held[index][i] = sentence == NULL ? 0 : vacuity->runs[i];
        const uint64_t runs = beat->held[index][i] - ledger->held[index][i];
        if (runs > 0) {
            beat->sometimes[index][change->sometimes_count++] =
                (struct campaign_sometimes){.sentence = sentence, .runs = runs};
        }
    }
}

/* What happened since the last beat, for scenarios where something did. */
static size_t changes(const struct ledger *ledger, const struct hunt *hunt, struct beat *beat) {
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
        count +=
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
    } else if (next == BOARD_DONE && campaign->budget_runs > campaign->next_index) {
        campaign->next_index = campaign->budget_runs;
    }
    campaign->beat_at = time(NULL);
    const size_t count = changes(ledger, hunt, &beat);
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
