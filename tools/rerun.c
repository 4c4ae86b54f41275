#include "tools/rerun.h"

#include <string.h>
#include <time.h>

#include "corpus/prefix.h"
#include "tools/choice_code.h"
#include "tools/complain.h"
#include "tools/finding.h"
#include "tools/module.h"

void rerun_init(struct rerun *rerun) {
    memset(rerun, 0, sizeof *rerun);
    rerun->runner = (struct runner){.memory = -1, .request = -1, .reply = -1, .pid = -1};
}

int rerun_load(struct rerun *rerun, const struct options *options, const char *digits) {
    struct store store;
    struct hash id;
    enum status status = store_open(&store, options->corpus, STORE_READ);
    if (status == STATUS_OK) {
        status = prefix_find(&store, digits, &id);
    }
    if (status == STATUS_OK) {
        status = cases_load(&store, &id, &rerun->entry);
    }
    const int result = status == STATUS_OK ? EXIT_CLEAN : complain_store(&store, status, "");
    store_close(&store);
    return result;
}

/* The case's choices become the worker's script. */
static int fill_request(const struct case_record *stored, struct record *record) {
    struct record_request *request = &record->request;
    *request = (struct record_request){.command = RECORD_RUN, .runs = 1, .exact_seed = 1};
    request->spec.seed = stored->seed;
    request->spec.mode = CHOICES_STRICT;
    if (strategy_parse(&request->spec.strategy, stored->strategy) == STATUS_OK &&
        choice_code_read(stored->choices,
                         stored->choices_size,
                         record->script,
                         RECORD_CHOICES_MAX,
                         &request->spec.script_count) == STATUS_OK) {
        return EXIT_CLEAN;
    }
    complain("the case is damaged: its strategy or choices cannot be read; put back a copy of the "
             "corpus");
    return EXIT_BROKEN;
}

int rerun_open(struct rerun *rerun, const struct options *options, const char *const *environment) {
    if (!module_find(rerun->entry.record.scenario, rerun->module)) {
        return EXIT_USAGE;
    }
    const struct runner_options how = {.backend = options->backend, .environment = environment};
    if (!runner_open(&rerun->runner, rerun->module, &how)) {
        complain("%s", runner_error(&rerun->runner));
        return EXIT_USAGE;
    }
    if (finding_build(rerun->runner.record, rerun->module, &rerun->build) != STATUS_OK) {
        complain("the scenario %s cannot be read any more; run this again", rerun->module);
        return EXIT_BROKEN;
    }
    return fill_request(&rerun->entry.record, rerun->runner.record);
}

bool rerun_go(struct rerun *rerun) {
    const enum runner_end end = runner_run(&rerun->runner, NULL);
    const struct record *record = rerun->runner.record;
    if (end == RUNNER_REPLIED && record->error[0] == '\0') {
        return true;
    }
    complain("the worker %s before the run was over%s%s; see sim doctor",
             end == RUNNER_HUNG ? "hung" : "died",
             record->error[0] != '\0' ? ": " : "",
             record->error);
    return false;
}

static bool same_signature(const struct rerun *rerun) {
    struct symbols *symbols = symbols_open(rerun->runner.record);
    const struct hash signature = finding_signature(rerun->runner.record, symbols);
    symbols_close(symbols);
    return memcmp(&signature, &rerun->entry.record.signature, sizeof signature) == 0;
}

struct outcome rerun_outcome(const struct rerun *rerun) {
    const struct record *record = rerun->runner.record;
    const struct case_record *stored = &rerun->entry.record;
    struct outcome outcome = {.case_id = stored->id,
                              .build = rerun->build,
                              .replayed_at = time(NULL)};
    if (record->verdict.kind == stored->verdict &&
        memcmp(&record->fingerprint, &stored->fingerprint, sizeof(struct hash)) == 0) {
        outcome.kind = OUTCOME_EXACT;
    } else if (record->verdict.kind == VERDICT_PASS) {
        outcome.kind = OUTCOME_PASSED;
    } else if (record->verdict.kind == VERDICT_DIVERGED) {
        outcome.kind = OUTCOME_DIVERGED;
        outcome.mismatch_at = record->mismatch_at;
    } else {
        outcome.kind = same_signature(rerun) ? OUTCOME_SAME_BUG : OUTCOME_OTHER_BUG;
    }
    return outcome;
}

int rerun_keep(const struct options *options, const struct outcome *outcome) {
    struct store store;
    enum status status = store_open(&store, options->corpus, STORE_WRITE);
    if (status == STATUS_OK) {
        status = outcome_add(&store, outcome);
    }
    const int result = status == STATUS_OK || status == STATUS_READ_ONLY
                           ? EXIT_CLEAN
                           : complain_store(&store, status, "what came of it is not stored: ");
    store_close(&store);
    return result;
}

void rerun_close(struct rerun *rerun) {
    runner_close(&rerun->runner);
    case_deinit(&rerun->entry.record);
}
