#include "tools/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/complain.h"
#include "tools/finding.h"
#include "tools/paint.h"
#include "tools/recording.h"
#include "tools/report.h"
#include "tools/rerun.h"

/* From the command line to a worker that has the case. */
static int
prepare(struct rerun *rerun, const struct options *options, const char *const *environment) {
    rerun_init(rerun);
    if (options->operand_count != 1) {
        complain("name one case by the first digits of its id; see sim corpus list");
        return EXIT_USAGE;
    }
    const int result = rerun_load(rerun, options, options->operands[0]);
    return result == EXIT_CLEAN ? rerun_open(rerun, options, environment) : result;
}

static bool scenario_changed(const struct case_record *stored, const char *module) {
    struct hash now;
    return finding_file_hash(module, &now) != STATUS_OK ||
           memcmp(&now, &stored->scenario_hash, sizeof now) != 0;
}

static void choice_print(const char *label, const struct choice *choice) {
    printf("  %-9s %s by %016" PRIx64 ", its choice %" PRIu32 ", of %" PRIu64 "%s\n",
           label,
           choice_name(choice->kind),
           choice->who,
           choice->ordinal,
           choice->last + UINT64_C(1),
           choice->last == UINT32_MAX ? " or more" : "");
}

static void diverged_say(const struct options *options, const struct case_record *stored) {
    printf("The program, the scenario or sim is not what it was when this failed.\n"
           "To look for it again:  sim fuzz %s%s\n",
           stored->scenario,
           options->again);
}

static void diverged_print(const struct record *record, const struct case_record *stored) {
    if (record->verdict.kind != VERDICT_DIVERGED) {
        paint_word(stdout, PAINT_DOUBT, "DIVERGED");
        printf(" %s: recorded %s, now %s: %s.\n",
               stored->scenario,
               verdict_name((enum verdict_kind)stored->verdict),
               verdict_name((enum verdict_kind)record->verdict.kind),
               record->verdict.message);
        return;
    }
    const struct choice *wanted = NULL;
    for (uint64_t i = 0; i < record->request.spec.script_count && wanted == NULL; i++) {
        if (record->script[i].at >= record->mismatch_at) {
            wanted = &record->script[i];
        }
    }
    paint_word(stdout, PAINT_DOUBT, "DIVERGED");
    printf(" %s at choice %" PRIu64 ".\n", stored->scenario, record->mismatch_at);
    choice_print("asked", &record->mismatch);
    if (wanted != NULL) {
        choice_print("recorded", wanted);
    }
}

static void same_print(const struct options *options,
                       const struct record *record,
                       const struct case_record *stored) {
    char id[HASH_TEXT_SIZE];
    char fingerprint[HASH_TEXT_SIZE];
    hash_print(&stored->id, id);
    hash_print(&record->fingerprint, fingerprint);
    struct symbols *symbols = symbols_open(record);
    report_print(stdout, record, symbols, NULL);
    symbols_close(symbols);
    printf("\nReplayed bit-exactly: %" PRIu64 " event%s, fingerprint %s.\n",
           record->trace.count,
           record->trace.count == 1 ? "" : "s",
           fingerprint);
    printf("Every event:  sim trace %.12s%s\n", id, options->again);
}

static void json_print(const struct record *record, const struct case_record *stored, int result) {
    char id[HASH_TEXT_SIZE];
    char fingerprint[HASH_TEXT_SIZE];
    hash_print(&stored->id, id);
    hash_print(&record->fingerprint, fingerprint);
    printf(
        "{\"event\":\"replay\",\"id\":\"%s\",\"result\":\"%s\",\"verdict\":\"%s\",\"seed\":%" PRIu64
        ",\"fingerprint\":\"%s\",\"steps\":%" PRIu64 ",\"time_ns\":%" PRIu64 "}\n",
        id,
        result == EXIT_FOUND   ? "same"
        : result == EXIT_CLEAN ? "passed"
                               : "diverged",
        verdict_name((enum verdict_kind)record->verdict.kind),
        record->seed,
        fingerprint,
        record->trace.count,
        record->now_ns);
}

static int
judge(const struct options *options, const struct rerun *rerun, const struct outcome *outcome) {
    const struct record *record = rerun->runner.record;
    const struct case_record *stored = &rerun->entry.record;
    const int result = outcome->kind == OUTCOME_EXACT    ? EXIT_FOUND
                       : outcome->kind == OUTCOME_PASSED ? EXIT_CLEAN
                                                         : EXIT_DIVERGED;
    if (options->json) {
        json_print(record, stored, result);
        return result;
    }
    if (result == EXIT_FOUND) {
        same_print(options, record, stored);
        return result;
    }
    if (scenario_changed(stored, rerun->module)) {
        printf("The scenario %s has changed since the case was stored.\n", stored->scenario);
    } else if (memcmp(&rerun->build, &stored->build, sizeof rerun->build) != 0) {
        printf("The scenario %s is the same, but sim or a library is built differently from when "
               "the case\nwas stored.\n",
               stored->scenario);
    }
    if (stored->trace_version != TRACE_VERSION) {
        printf("The case is of trace version %" PRIu32 "; this sim writes %d.\n",
               stored->trace_version,
               TRACE_VERSION);
    }
    if (result == EXIT_CLEAN) {
        paint_word(stdout, PAINT_GOOD, "PASS");
        printf(" %s: the recorded choices no longer lead to the failure.\n", stored->scenario);
    } else {
        diverged_print(record, stored);
        diverged_say(options, stored);
    }
    return result;
}

int replay_case(const struct options *options) {
    static struct rerun rerun;
    int result = prepare(&rerun, options, NULL);
    if (result == EXIT_CLEAN) {
        result = EXIT_BROKEN;
        if (rerun_go(&rerun)) {
            const struct outcome outcome = rerun_outcome(&rerun);
            result = judge(options, &rerun, &outcome);
            const int kept = rerun_keep(options, &outcome);
            result = kept == EXIT_CLEAN ? result : kept;
        }
    }
    rerun_close(&rerun);
    return result;
}

static void trace_print(const struct options *options,
                        struct recording *recording,
                        const struct record *record) {
    struct symbols *symbols = symbols_open(record);
    const struct event *event;
    uint64_t site;
    if (!options->json) {
        report_event_head(stdout);
    }
    while ((event = recording_next(recording, &site)) != NULL && ferror(stdout) == 0) {
        if (options->json) {
            report_event_json(stdout, record, symbols, event, site);
        } else {
            report_event(stdout, record, symbols, event, site);
        }
    }
    symbols_close(symbols);
}

int replay_trace(const struct options *options) {
    static struct rerun rerun;
    static struct recording recording;
    if (!recording_open(&recording)) {
        return EXIT_BROKEN;
    }
    int result = prepare(&rerun, options, recording.variables);
    if (result == EXIT_CLEAN) {
        const struct record *record = rerun.runner.record;
        rerun.runner.record->request.stream = 1;
        result = rerun_go(&rerun) ? EXIT_CLEAN : EXIT_BROKEN;
        recording_rewind(&recording);
        trace_print(options, &recording, record);
        if (memcmp(&record->fingerprint, &rerun.entry.record.fingerprint, sizeof(struct hash)) !=
            0) {
            complain("this is not the stored run any more; sim replay %s%s says where it parts",
                     options->operands[0],
                     options->again);
            result = result == EXIT_CLEAN ? EXIT_DIVERGED : result;
        }
    }
    rerun_close(&rerun);
    recording_close(&recording);
    return result;
}
