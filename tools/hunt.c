#include "tools/hunt.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "corpus/cases.h"
#include "corpus/store.h"
#include "sim/panic.h"
#include "tools/finding.h"
#include "tools/report.h"
#include "tools/runner.h"
#include "tools/symbols.h"

#define BATCH_RUNS_MAX 4096 /* runs per request; small enough for a prompt stop */
#define BATCH_CPU_NS 2e8    /* aim of one request */
#define TWIN_SHARE 64       /* one passing batch in so many is run twice, by one seed */
#define TWIN_FILL 165

/* One scenario being hunted. */
struct quarry {
    struct hunt *hunt;
    const char *name;
    char module[PATH_MAX];
    struct strategy_spec spec;
    struct runner runner;
    struct runner twin;
    bool open, twin_open;
    uint64_t next;  /* the next run's number */
    uint64_t batch; /* runs of the next request */
    uint64_t batches;
    char stored[HASH_TEXT_SIZE]; /* signature of the last finding reported at length */
};

bool hunt_find_module(const char *scenario, char *path) {
    if (strlen(scenario) >= CASE_NAME_SIZE) {
        fprintf(stderr,
                "sim: a scenario's path has at most %d bytes, for a case must keep it; this one has"
                " %zu: %s\n",
                CASE_NAME_SIZE - 1,
                strlen(scenario),
                scenario);
        return false;
    }
    if (strchr(scenario, '/') != NULL || strstr(scenario, ".so") != NULL) {
        snprintf(path, PATH_MAX, "%s", scenario);
    } else {
        char beside[PATH_MAX / 2];
        runner_folder(beside, sizeof beside);
        snprintf(path, PATH_MAX, "%s/scenarios/%s.so", beside, scenario);
    }
    if (access(path, R_OK) == 0) {
        return true;
    }
    fprintf(stderr,
            "sim: there is no scenario %s (looked for %s); sim list shows what there is\n",
            scenario,
            path);
    return false;
}

bool hunt_check_corpus(const char *path) {
    struct store store;
    const enum status status = store_open(&store, path, STORE_WRITE);
    if (status != STATUS_OK) {
        fprintf(stderr, "sim: findings could not be stored: %s\n", store_error(&store));
    }
    store_close(&store);
    return status == STATUS_OK;
}

static bool worker_start(struct quarry *quarry, struct runner *runner, unsigned char fill) {
    const struct runner_options options = {.backend = quarry->hunt->options->backend, .fill = fill};
    if (runner_open(runner, quarry->module, &options)) {
        return true;
    }
    fprintf(stderr,
            "sim: %s\n",
            runner->record->error[0] != '\0' ? runner->record->error
                                             : "the worker ended before it was ready");
    runner_close(runner);
    return false;
}

static bool worker_restart(struct quarry *quarry) {
    if (quarry->open) {
        runner_close(&quarry->runner);
    }
    quarry->open = worker_start(quarry, &quarry->runner, 0);
    return quarry->open;
}

static void
request_fill(const struct quarry *quarry, struct record_request *request, uint64_t runs) {
    *request = (struct record_request){.command = RECORD_RUN, .first = quarry->next, .runs = runs};
    request->stride = quarry->hunt->stride;
    request->spec.seed = quarry->hunt->options->seed;
    request->spec.strategy = quarry->spec;
    request->exact_seed = quarry->hunt->exact_seed;
    if (quarry->spec.kind == STRATEGY_FIFO || (quarry->next == 0 && !request->exact_seed)) {
        request->spec.strategy.kind = STRATEGY_FIFO;
        request->spec.mode = CHOICES_ZERO;
        request->runs = quarry->spec.kind == STRATEGY_FIFO ? runs : 1; /* run 0 is fifo */
    } else {
        request->spec.mode = CHOICES_DRAW;
    }
}

/* False, after a sentence, when the worker itself failed: that is never a finding. */
static bool worker_answered(struct runner *runner, enum runner_end end) {
    struct record *record = runner->record;
    if (record->error[0] != '\0') {
        fprintf(stderr, "sim: %s\n", record->error);
        return false;
    }
    if (end != RUNNER_REPLIED) {
        fprintf(
            stderr,
            "sim: the worker %s during run %" PRIu64 " of base seed %" PRIu64
            "; run it alone: sim run %s --seed %" PRIu64 "\n",
            end == RUNNER_HUNG ? "hung" : "died",
            record->request.first + record->runs_done * record->request.stride,
            record->request.spec.seed,
            record->description.name,
            record->request.exact_seed
                ? record->request.spec.seed
                : record_seed(record->request.spec.seed,
                              record->request.first + record->runs_done * record->request.stride));
        return false;
    }
    return true;
}

static uint64_t first_difference(const struct trace *a, const struct trace *b) {
    uint64_t at = 0;
    while (at < a->count && at < b->count && at < TRACE_RING &&
           memcmp(&a->events[at], &b->events[at], sizeof a->events[at]) == 0) {
        at++;
    }
    return at;
}

static void nondeterminism_print(const struct quarry *quarry,
                                 const struct record *a,
                                 const struct record *b,
                                 const char *how) {
    quarry->hunt->nondeterminism++;
    const uint64_t at = first_difference(&a->trace, &b->trace);
    printf("NONDETERMINISM %s, seed %" PRIu64 ": %s.\n", quarry->name, a->seed, how);
    if (a->trace.count <= TRACE_RING && b->trace.count <= TRACE_RING && at < a->trace.count) {
        const struct event *event = &a->trace.events[at];
        printf("  first different event: number %" PRIu64 ", %s of thread %" PRIu32
               ", result %" PRId64,
               at + 1,
               point_name(event->kind),
               event->thread,
               event->result);
        if (at < b->trace.count) {
            printf(" and then %" PRId64 " (%s)",
                   b->trace.events[at].result,
                   point_name(b->trace.events[at].kind));
        }
        printf("\n");
    }
    printf("  The program depends on something that sim does not control: an address,\n"
           "  uninitialised memory, a real clock or file. It is not stored as a finding.\n");
}

static bool same_outcome(const struct record *a, const struct record *b) {
    return a->verdict.kind == b->verdict.kind && a->verdict.signal == b->verdict.signal &&
           memcmp(&a->fingerprint, &b->fingerprint, sizeof a->fingerprint) == 0;
}

/* Replays the choices strictly in a fresh process. */
static int confirm(struct quarry *quarry, struct symbols *symbols, bool *same) {
    const struct record *record = quarry->runner.record;
    struct runner fresh;
    (void)symbols;
    if (!worker_start(quarry, &fresh, 0)) {
        return EXIT_BROKEN;
    }
    struct record_request *request = &fresh.record->request;
    *request = (struct record_request){.command = RECORD_RUN, .runs = 1, .exact_seed = 1};
    request->spec = (struct world_spec){.seed = record->seed,
                                        .mode = CHOICES_STRICT,
                                        .strategy = record->strategy,
                                        .script_count = record->record_count};
    memcpy(fresh.record->script, record->choices, sizeof(struct choice) * record->record_count);
    const enum runner_end end = runner_run(&fresh, NULL);
    const bool sound = worker_answered(&fresh, end);
    *same = sound && same_outcome(record, fresh.record);
    if (sound && !*same) {
        nondeterminism_print(quarry, record, fresh.record, "a finding does not repeat");
    }
    runner_close(&fresh);
    return sound ? EXIT_CLEAN : EXIT_BROKEN;
}

static int store_case(const struct quarry *quarry,
                      const struct case_record *stored,
                      struct cases_added *added) {
    struct store store;
    enum status status = store_open(&store, quarry->hunt->options->corpus, STORE_WRITE);
    if (status == STATUS_OK) {
        status = cases_add(&store, stored, NULL, added);
    }
    if (status != STATUS_OK) {
        fprintf(stderr, "sim: the finding is not stored: %s\n", store_error(&store));
    }
    store_close(&store);
    return status == STATUS_OK ? EXIT_CLEAN : EXIT_BROKEN;
}

static void finding_print(struct quarry *quarry,
                          struct symbols *symbols,
                          const struct case_record *stored,
                          const struct cases_added *added) {
    char id[HASH_TEXT_SIZE];
    char signature[HASH_TEXT_SIZE];
    hash_print(&stored->id, id);
    hash_print(&stored->signature, signature);
    if (quarry->hunt->options->json) {
        printf("{\"event\":\"finding\",\"scenario\":\"%s\",\"id\":\"%s\",\"signature\":\"%s\","
               "\"new\":%s,\"verdict\":\"%s\",\"seed\":%" PRIu64 "}\n",
               quarry->name,
               id,
               signature,
               added->bug_is_new ? "true" : "false",
               verdict_name((enum verdict_kind)stored->verdict),
               stored->seed);
    } else if (added->bug_is_new || quarry->hunt->exact_seed) {
        report_print(stdout, quarry->runner.record, symbols, id);
    } else if (strcmp(signature, quarry->stored) != 0) {
        printf("FAIL %s: %s again (known).  sim replay %.12s\n",
               quarry->name,
               verdict_name((enum verdict_kind)stored->verdict),
               id);
    }
    memcpy(quarry->stored, signature, sizeof signature);
    fflush(stdout);
}

/* The last run failed: confirms, stores, reports. */
static int take_finding(struct quarry *quarry) {
    struct record *record = quarry->runner.record;
    quarry->hunt->findings++;
    struct symbols *symbols = symbols_open(record);
    bool same = false;
    int result = confirm(quarry, symbols, &same);
    if (result == EXIT_CLEAN && same) {
        struct case_record stored;
        struct cases_added added;
        if (finding_case(record, symbols, quarry->module, quarry->name, &stored) != STATUS_OK) {
            fprintf(stderr, "sim: the finding cannot be described: no memory or no module\n");
            result = EXIT_BROKEN;
        } else {
            result = store_case(quarry, &stored, &added);
        }
        if (result == EXIT_CLEAN) {
            quarry->hunt->findings_new += added.bug_is_new;
            finding_print(quarry, symbols, &stored, &added);
        }
        case_deinit(&stored);
    } else if (result == EXIT_CLEAN) {
        quarry->hunt->findings--;
    }
    symbols_close(symbols);
    return result;
}

/* Runs the last seed of a passed batch again where fresh memory looks different. */
static int check_twin(struct quarry *quarry) {
    const struct record *record = quarry->runner.record;
    if (!quarry->twin_open && !worker_start(quarry, &quarry->twin, TWIN_FILL)) {
        return EXIT_BROKEN;
    }
    quarry->twin_open = true;
    struct record_request *request = &quarry->twin.record->request;
    *request = record->request;
    request->spec.seed = record->seed;
    request->exact_seed = 1;
    request->runs = 1;
    if (runner_run(&quarry->twin, NULL) != RUNNER_REPLIED ||
        quarry->twin.record->error[0] != '\0' || !same_outcome(record, quarry->twin.record)) {
        nondeterminism_print(quarry, record, quarry->twin.record, "a passing run does not repeat");
        runner_close(&quarry->twin);
        quarry->twin_open = false;
    }
    return EXIT_CLEAN;
}

static bool budget_left(const struct quarry *quarry) {
    const struct hunt *hunt = quarry->hunt;
    return quarry->next < hunt->runs_max && !*hunt->stop &&
           (hunt->deadline == 0 || time(NULL) < hunt->deadline);
}

/* One request; *failed says that its last run did. */
static int run_batch(struct quarry *quarry, bool *failed) {
    const uint64_t stride = quarry->hunt->stride;
    const uint64_t left = (quarry->hunt->runs_max - quarry->next + stride - 1) / stride;
    struct record *record = quarry->runner.record;
    request_fill(quarry, &record->request, quarry->batch < left ? quarry->batch : left);
    const bool probing = quarry->next == 0;
    const double before = runner_cpu_ns(&quarry->runner);
    const enum runner_end end = runner_run(&quarry->runner, quarry->hunt->stop);
    if (end == RUNNER_STOPPED) {
        return EXIT_CLEAN;
    }
    const double used = runner_cpu_ns(&quarry->runner) - before;
    if (!worker_answered(&quarry->runner, end)) {
        return EXIT_BROKEN;
    }
    quarry->batches++;
    if (probing && quarry->hunt->lane != 0) { /* every lane probes, lane 0 counts it */
        quarry->next = quarry->hunt->lane;
    } else {
        quarry->next += record->runs_done * stride;
        quarry->hunt->runs += record->runs_done;
    }
    if (probing && quarry->spec.steps == 0) {
        quarry->spec.steps = record->choices_asked;
    } else if (used < BATCH_CPU_NS / 2 && quarry->batch < BATCH_RUNS_MAX) {
        quarry->batch *= 2;
    }
    *failed = verdict_is_finding(&record->verdict);
    return EXIT_CLEAN;
}

/* A single seed means what it means in a campaign: the same steps for pct, from the same probe. */
static bool probe_for_exact(struct quarry *quarry) {
    struct record *record = quarry->runner.record;
    record->request = (struct record_request){.command = RECORD_RUN, .runs = 1, .first = 0};
    record->request.spec.seed = quarry->hunt->options->seed;
    record->request.spec.strategy.kind = STRATEGY_FIFO;
    record->request.spec.mode = CHOICES_ZERO;
    const enum runner_end end = runner_run(&quarry->runner, quarry->hunt->stop);
    quarry->spec.steps = record->choices_asked;
    return (end == RUNNER_REPLIED && record->reply == RECORD_DONE) || worker_restart(quarry);
}

static int hunt_loop(struct quarry *quarry) {
    while (budget_left(quarry)) {
        bool failed = false;
        int result = run_batch(quarry, &failed);
        if (result == EXIT_CLEAN && failed) {
            result = take_finding(quarry);
            if (quarry->hunt->options->fail_on == FAIL_ON_ANY && !quarry->hunt->exact_seed) {
                return result;
            }
            if (result == EXIT_CLEAN && budget_left(quarry) && !worker_restart(quarry)) {
                result = EXIT_BROKEN;
            }
        } else if (result == EXIT_CLEAN && quarry->batches % TWIN_SHARE == 1) {
            result = check_twin(quarry);
        }
        if (result != EXIT_CLEAN) {
            return result;
        }
    }
    return EXIT_CLEAN;
}

int hunt_run(struct hunt *hunt, const char *scenario) {
    struct quarry *quarry = calloc(1, sizeof *quarry);
    ASSERT(quarry != NULL);
    quarry->hunt = hunt;
    quarry->name = scenario;
    quarry->batch = 1;
    int result = EXIT_USAGE;
    if (strategy_parse(&quarry->spec, hunt->options->strategy) != STATUS_OK) {
        fprintf(stderr,
                "sim: --strategy \"%s\" is not valid: give fifo, random, sticky, pct, "
                "pct:depth=3 or mix\n",
                hunt->options->strategy);
    } else if (hunt_find_module(scenario, quarry->module) && worker_restart(quarry) &&
               (!hunt->exact_seed || quarry->spec.steps != 0 || probe_for_exact(quarry))) {
        result = hunt_loop(quarry);
    }
    if (quarry->open) {
        runner_close(&quarry->runner);
    }
    if (quarry->twin_open) {
        runner_close(&quarry->twin);
    }
    free(quarry);
    return result;
}
