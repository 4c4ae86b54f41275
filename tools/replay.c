#include "tools/replay.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "corpus/cases.h"
#include "corpus/prefix.h"
#include "tools/choice_code.h"
#include "tools/finding.h"
#include "tools/hunt.h"
#include "tools/report.h"
#include "tools/runner.h"

static int load(const struct options *options, struct cases_entry *entry) {
    if (options->operand_count != 1) {
        fprintf(stderr, "sim: name one case by the first digits of its id; see sim corpus list\n");
        return EXIT_USAGE;
    }
    struct store store;
    struct hash id;
    enum status status = store_open(&store, options->corpus, STORE_READ);
    if (status == STATUS_OK) {
        status = prefix_find(&store, PREFIX_CASE, options->operands[0], &id);
    }
    if (status == STATUS_OK) {
        status = cases_load(&store, &id, entry);
    }
    if (status != STATUS_OK) {
        fprintf(stderr, "sim: %s\n", store_error(&store));
    }
    store_close(&store);
    return status == STATUS_OK ? EXIT_CLEAN : EXIT_USAGE;
}

/* Starts a worker with the case's choices as its script. */
static int prepare(const struct options *options,
                   const struct case_record *stored,
                   const char *module,
                   struct runner *runner) {
    const struct runner_options how = {.backend = options->backend};
    if (!runner_open(runner, module, &how)) {
        fprintf(stderr, "sim: %s\n", runner->record->error);
        runner_close(runner);
        return EXIT_USAGE;
    }
    struct record_request *request = &runner->record->request;
    *request = (struct record_request){.command = RECORD_RUN, .runs = 1, .exact_seed = 1};
    request->spec.seed = stored->seed;
    request->spec.mode = CHOICES_STRICT;
    if (strategy_parse(&request->spec.strategy, stored->strategy) != STATUS_OK ||
        choice_code_read(stored->choices,
                         stored->choices_size,
                         runner->record->script,
                         RECORD_CHOICES_MAX,
                         &request->spec.script_count) != STATUS_OK) {
        fprintf(stderr, "sim: the case is damaged: its strategy or choices cannot be read\n");
        runner_close(runner);
        return EXIT_BROKEN;
    }
    return EXIT_CLEAN;
}

static bool scenario_changed(const struct case_record *stored, const char *module) {
    struct hash now;
    return finding_file_hash(module, &now) != STATUS_OK ||
           memcmp(&now, &stored->scenario_hash, sizeof now) != 0;
}

static void diverged_print(const struct record *record, const struct case_record *stored) {
    const struct choice *asked = &record->mismatch;
    if (record->verdict.kind != VERDICT_DIVERGED) {
        printf("DIVERGED %s: recorded %s, now %s: %s.\n",
               stored->scenario,
               verdict_name((enum verdict_kind)stored->verdict),
               verdict_name((enum verdict_kind)record->verdict.kind),
               record->verdict.message);
        return;
    }
    const struct choice *wanted = NULL;
    for (uint64_t i = 0; i < record->request.spec.script_count && wanted == NULL; i++) {
        if (record->script[i].at >= record->mismatch_at ||
            record->script[i].ordinal >= asked->ordinal) {
            wanted = &record->script[i];
        }
    }
    printf("DIVERGED %s at choice %" PRIu64 ".\n", stored->scenario, record->mismatch_at);
    printf("  asked     %s by %016" PRIx64 ", its choice %" PRIu32 ", of %" PRIu64 "\n",
           choices_name(asked->kind),
           asked->who,
           asked->ordinal,
           asked->alternatives);
    if (wanted != NULL) {
        printf("  recorded  %s by %016" PRIx64 ", its choice %" PRIu32 ", of %" PRIu64 "\n",
               choices_name(wanted->kind),
               wanted->who,
               wanted->ordinal,
               wanted->alternatives);
    }
}

static int judge(const struct runner *runner, const struct case_record *stored, bool changed) {
    const struct record *record = runner->record;
    char id[HASH_TEXT_SIZE];
    hash_print(&stored->id, id);
    const bool same = memcmp(&record->fingerprint, &stored->fingerprint, sizeof(struct hash)) == 0;
    if (same && record->verdict.kind == stored->verdict) {
        struct symbols *symbols = symbols_open(record);
        report_print(stdout, record, symbols, NULL);
        symbols_close(symbols);
        char fingerprint[HASH_TEXT_SIZE];
        hash_print(&record->fingerprint, fingerprint);
        printf("\nReplayed bit-exactly: %" PRIu64 " events, fingerprint %s.\n",
               record->trace.count,
               fingerprint);
        printf("Every event:  sim trace %.12s\n", id);
        return EXIT_FOUND;
    }
    if (changed) {
        printf("The scenario %s has changed since the case was stored.\n", stored->scenario);
    }
    if (record->verdict.kind == VERDICT_PASS) {
        printf("PASS %s: the recorded choices no longer lead to the failure.\n", stored->scenario);
        return EXIT_CLEAN;
    }
    diverged_print(record, stored);
    return EXIT_DIVERGED;
}

int replay_case(const struct options *options) {
    struct cases_entry entry;
    int result = load(options, &entry);
    if (result != EXIT_CLEAN) {
        return result;
    }
    char module[PATH_MAX];
    struct runner runner;
    if (!hunt_find_module(entry.record.scenario, module)) {
        result = EXIT_USAGE;
    } else {
        result = prepare(options, &entry.record, module, &runner);
        if (result == EXIT_CLEAN) {
            const enum runner_end end = runner_run(&runner, NULL);
            if (end != RUNNER_REPLIED || runner.record->error[0] != '\0') {
                fprintf(stderr, "sim: the worker ended: %s\n", runner.record->error);
                runner_close(&runner);
                case_deinit(&entry.record);
                return EXIT_BROKEN;
            }
            result = judge(&runner, &entry.record, scenario_changed(&entry.record, module));
            runner_close(&runner);
        }
    }
    case_deinit(&entry.record);
    return result;
}

/* The worker wrote blocks of events into the file. */
static void trace_print(FILE *file, const struct record *record) {
    struct symbols *symbols = symbols_open(record);
    static struct event events[TRACE_BLOCK];
    static uint64_t sites[TRACE_BLOCK];
    uint32_t count;
    rewind(file);
    printf("%16s %-10s %4s  %-15s %6s %12s  %s\n",
           "us",
           "node",
           "thr",
           "what",
           "object",
           "result",
           "where");
    while (fread(&count, sizeof count, 1, file) == 1 && count <= TRACE_BLOCK &&
           fread(events, sizeof events[0], count, file) == count &&
           fread(sites, sizeof sites[0], count, file) == count) {
        for (uint32_t i = 0; i < count; i++) {
            report_event(stdout, record, symbols, &events[i], sites[i]);
        }
    }
    symbols_close(symbols);
}

int replay_trace(const struct options *options) {
    struct cases_entry entry;
    int result = load(options, &entry);
    if (result != EXIT_CLEAN) {
        return result;
    }
    FILE *file = tmpfile();
    char module[PATH_MAX];
    char number[16];
    struct runner runner;
    if (file == NULL) {
        perror("sim: no temporary file for the trace");
        result = EXIT_BROKEN;
    } else if (!hunt_find_module(entry.record.scenario, module)) {
        result = EXIT_USAGE;
    } else {
        snprintf(number, sizeof number, "%d", fileno(file));
        setenv("SIM_TRACE_FD", number, 1);
        result = prepare(options, &entry.record, module, &runner);
        if (result == EXIT_CLEAN) {
            runner.record->request.stream = 1;
            runner_run(&runner, NULL);
            trace_print(file, runner.record);
            runner_close(&runner);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    case_deinit(&entry.record);
    return result;
}
