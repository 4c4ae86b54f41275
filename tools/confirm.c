#include "tools/confirm.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "corpus/cases.h"
#include "tools/announce.h"
#include "tools/complain.h"
#include "tools/difference.h"
#include "tools/finding.h"
#include "tools/paint.h"
#include "tools/report.h"

#define CASES_PER_BUG 3 /* that one lane stores; then only those with half the choices */

bool confirm_same(const struct record *a, const struct record *b) {
    return a->verdict.kind == b->verdict.kind && a->verdict.signal == b->verdict.signal &&
           memcmp(&a->fingerprint, &b->fingerprint, sizeof a->fingerprint) == 0;
}

static void nondeterminism_print(struct quarry *quarry,
                                 const char *what,
                                 const struct parting_side *first,
                                 const struct parting_side *second) {
    quarry->board->nondeterminism++;
    quarry->nondeterminism++;
    if (quarry->nondeterminism > 1) {
        return; /* one report is enough; the others are counted */
    }
    static struct parting parting;
    parting_find(quarry->module, first, second, &parting);
    board_print_begin(quarry->hunt->board);
    if (quarry->hunt->options->json) {
        difference_print_json(stdout, quarry->name, what, first, second, &parting);
    } else {
        difference_print(stdout, quarry->name, what, first, second, &parting);
    }
    board_print_end(quarry->hunt->board);
}

void confirm_tell(const struct quarry *quarry) {
    if (quarry->hunt->tells_runs) {
        board_print_begin(quarry->hunt->board);
        announce_run(quarry, "run", NULL, NULL);
        board_print_end(quarry->hunt->board);
    } else if (quarry->hunt->exact_seed) {
        report_output(stdout, quarry->runner.record); /* whoever asks for one run wants to see it */
    }
}

/* The run of a record alone, as it was asked for within its request. */
static struct parting_side
side_of(const struct quarry *quarry, const struct record *record, unsigned char fill) {
    struct parting_side side = {.record = record, .request = record->request};
    side.options = (struct runner_options){quarry->hunt->options->backend, fill, NULL, NULL, NULL};
    side.request.spec.seed = record->seed;
    side.request.exact_seed = 1;
    side.request.runs = 1;
    return side;
}

void confirm_twin_differs(struct quarry *quarry) {
    const struct parting_side first = side_of(quarry, quarry->runner.record, 0);
    const struct parting_side second = side_of(quarry, quarry->twin.record, QUARRY_TWIN_FILL);
    nondeterminism_print(quarry, "a passing run does not repeat", &first, &second);
}

/* Follows the finding's choices strictly in a fresh process. */
static int replay_fresh(struct quarry *quarry, bool *same) {
    const struct record *record = quarry->runner.record;
    struct runner fresh;
    const int result = quarry_worker(quarry, &fresh, 0);
    if (result != EXIT_CLEAN) {
        return result;
    }
    struct record_request *request = &fresh.record->request;
    *request = (struct record_request){.command = RECORD_RUN, .runs = 1, .exact_seed = 1};
    request->spec = (struct world_spec){.seed = record->seed,
                                        .mode = CHOICES_STRICT,
                                        .strategy = record->strategy,
                                        .script_count = record->record_count};
    memcpy(fresh.record->script, record->choices, sizeof(struct choice) * record->record_count);
    const enum runner_end end = runner_run(&fresh, NULL);
    *same = end == RUNNER_REPLIED && fresh.record->error[0] == '\0' &&
            confirm_same(record, fresh.record);
    if (!*same) {
        const struct parting_side first = side_of(quarry, record, 0);
        const struct parting_side second = side_of(quarry, fresh.record, 0);
        nondeterminism_print(quarry, "a finding does not repeat", &first, &second);
    }
    runner_close(&fresh);
    return EXIT_CLEAN;
}

static struct quarry_sighting *sighting_of(struct quarry *quarry, const struct hash *signature) {
    for (uint32_t i = 0; i < quarry->sighting_count; i++) {
        if (memcmp(&quarry->sightings[i].signature, signature, sizeof *signature) == 0) {
            return &quarry->sightings[i];
        }
    }
    if (quarry->sighting_count == QUARRY_SIGHTINGS_MAX) {
        return NULL;
    }
    struct quarry_sighting *sighting = &quarry->sightings[quarry->sighting_count++];
    *sighting = (struct quarry_sighting){.signature = *signature, .choices_fewest = UINT64_MAX};
    return sighting;
}

/* A case of a bug that is not the one just found: the first one of the same scenario, if there is
 * any, else of another. */
struct known {
    const struct case_record *found;
    bool exists;
    struct hash id;
    char scenario[CASE_NAME_SIZE];
};

static bool know(void *context, const struct cases_entry *entry) {
    struct known *known = context;
    const struct case_record *record = &entry->record;
    const bool is_same = strcmp(record->scenario, known->found->scenario) == 0;
    if (memcmp(&record->id, &known->found->id, sizeof record->id) == 0 ||
        (known->exists && !is_same)) {
        return true;
    }
    known->exists = true;
    known->id = record->id;
    snprintf(known->scenario, sizeof known->scenario, "%s", record->scenario);
    return !is_same;
}

static int store(const struct quarry *quarry,
                 const struct case_record *stored,
                 struct cases_added *added,
                 struct known *known) {
    const struct hunt *hunt = quarry->hunt;
    struct store corpus;
    enum status status = store_open(&corpus, hunt->options->corpus, STORE_WRITE);
    if (status == STATUS_OK) {
        status = cases_add(&corpus, stored, hunt->stored ? &hunt->campaign : NULL, added);
    }
    if (status == STATUS_OK && !added->bug_is_new) {
        status = cases_each(&corpus, &stored->signature, know, known);
    }
    const int result = status == STATUS_OK
                           ? EXIT_CLEAN
                           : complain_store(&corpus, status, "the finding is not stored: ");
    store_close(&corpus);
    return result;
}

/* A bug that another scenario has shown, such as a copy of this one. */
static void known_print(const struct quarry *quarry, const struct known *known) {
    char id[HASH_TEXT_SIZE];
    hash_print(&known->id, id);
    printf("Known from %s:  sim replay %.12s%s\n",
           known->scenario,
           id,
           quarry->hunt->options->again);
}

static void finding_print(struct quarry *quarry,
                          const struct case_record *stored,
                          const struct cases_added *added,
                          const struct known *known,
                          bool first) {
    const bool is_elsewhere = known->exists && strcmp(known->scenario, stored->scenario) != 0;
    char id[HASH_TEXT_SIZE];
    char replay[OPTIONS_AGAIN_SIZE + 16];
    hash_print(&stored->id, id);
    snprintf(replay, sizeof replay, "%.12s%s", id, quarry->hunt->options->again);
    board_print_begin(quarry->hunt->board);
    if (quarry->hunt->options->json) {
        const bool each = quarry->hunt->tells_runs;
        announce_run(quarry, each ? "run" : "finding", stored, added);
    } else if (added->bug_is_new || quarry->hunt->exact_seed || (first && is_elsewhere)) {
        report_print(stdout, quarry->runner.record, quarry_symbols(quarry), replay);
        if (is_elsewhere) {
            known_print(quarry, known);
        }
    } else if (first) {
        paint_word(stdout, PAINT_BAD, "FAIL");
        printf(" %s: %s again (%s).  sim replay %s\n",
               quarry->name,
               verdict_name((enum verdict_kind)stored->verdict),
               added->bug_status == BUG_FIXED ? "it was closed as fixed" : "known",
               replay);
    }
    board_print_end(quarry->hunt->board);
}

/* The bug is new, or this case of it is worth keeping. */
static int
keep(struct quarry *quarry, const struct case_record *stored, struct quarry_sighting *sighting) {
    bool same = false;
    int result = replay_fresh(quarry, &same);
    if (result != EXIT_CLEAN || !same) {
        confirm_tell(quarry);
        return result;
    }
    struct cases_added added;
    struct known known = {.found = stored};
    result = store(quarry, stored, &added, &known);
    if (result != EXIT_CLEAN) {
        return result;
    }
    quarry->board->findings++;
    quarry->board->cases += added.case_is_new;
    quarry->hunt->board->bugs_new += added.bug_is_new;
    finding_print(quarry, stored, &added, &known, sighting == NULL || sighting->stored == 0);
    if (sighting != NULL) {
        sighting->stored++;
        if (stored->choices_count < sighting->choices_fewest) {
            sighting->choices_fewest = stored->choices_count;
        }
    }
    return EXIT_CLEAN;
}

int confirm_finding(struct quarry *quarry) {
    const struct record *record = quarry->runner.record;
    const struct hash signature = finding_signature(record, quarry_symbols(quarry));
    struct quarry_sighting *sighting = sighting_of(quarry, &signature);
    if (sighting != NULL && sighting->stored >= CASES_PER_BUG &&
        record->record_count > sighting->choices_fewest / 2) {
        sighting->hits++;
        quarry->board->findings++;
        confirm_tell(quarry);
        return EXIT_CLEAN;
    }
    struct case_record stored;
    int result = EXIT_BROKEN;
    if (finding_case(record,
                     quarry_symbols(quarry),
                     quarry->module,
                     quarry->name_stored,
                     &stored) == STATUS_OK) {
        result = keep(quarry, &stored, sighting);
    } else {
        complain(
            "the finding cannot be stored: there is no memory left, or %s is gone; run it again",
            quarry->module);
    }
    case_deinit(&stored);
    return result;
}

int confirm_flush(struct quarry *quarry) {
    const struct hunt *hunt = quarry->hunt;
    struct store corpus;
    enum status status = STATUS_OK;
    bool opened = false;
    for (uint32_t i = 0; i < quarry->sighting_count && status == STATUS_OK; i++) {
        struct quarry_sighting *sighting = &quarry->sightings[i];
        if (sighting->hits == 0) {
            continue;
        }
        if (!opened) {
            opened = true;
            status = store_open(&corpus, hunt->options->corpus, STORE_WRITE);
        }
        if (status == STATUS_OK) {
            status = bug_count(&corpus,
                               &sighting->signature,
                               hunt->stored ? &hunt->campaign : NULL,
                               sighting->hits,
                               time(NULL));
        }
        if (status == STATUS_OK) {
            sighting->hits = 0;
        }
    }
    const int result = status == STATUS_OK
                           ? EXIT_CLEAN
                           : complain_store(&corpus, status, "hits are not counted: ");
    if (opened) {
        store_close(&corpus);
    }
    return result;
}
