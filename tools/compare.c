#include "tools/compare.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/panic.h"
#include "sim/strategy.h"
#include "tools/complain.h"
#include "tools/json.h"
#include "tools/module.h"
#include "tools/probe.h"
#include "tools/quarry.h"

#define TRIALS 20
#define RUNS_DEFAULT 2000
#define BATCH_RUNS 64
#define NOT_FOUND UINT64_MAX
#define NS_PER_MS 1e6

static const char *const compared[] =
    {"random", "sticky", "pct", "pos", "reads-from", "delay", "starve", "mix"};
#define COMPARED_COUNT (sizeof compared / sizeof compared[0])

/* What is compared on, and the worker that runs it. */
struct comparison {
    const struct options *options;
    char module[PATH_MAX];
    uint32_t level, races, memory;
    uint64_t runs_max;
    struct probe probe;
    struct runner runner;
    bool open;
};

struct score {
    uint64_t runs[TRIALS]; /* to the first failure, rising; NOT_FOUND */
    uint32_t found;
    double cpu_ns;
};

static void worker_end(struct comparison *comparison) {
    if (comparison->open) {
        runner_close(&comparison->runner);
    }
    comparison->open = false;
}

static int worker_ready(struct comparison *comparison) {
    const struct runner_options options = {.backend = comparison->options->backend};
    struct runner *runner = &comparison->runner;
    if (comparison->open) {
        return EXIT_CLEAN;
    }
    const int result = quarry_start(runner, comparison->module, &options);
    comparison->open = result == EXIT_CLEAN;
    if (comparison->open && probe_done(&comparison->probe)) {
        probe_tell(&comparison->probe, runner->record);
    }
    return comparison->open && !quarry_can_see(runner->record, comparison->level) ? EXIT_USAGE
                                                                                  : result;
}

/* One request to the worker, which is started again where a crash ended it. */
static int ask(struct comparison *comparison, const struct record_request *request) {
    int result = worker_ready(comparison);
    if (result != EXIT_CLEAN) {
        return result;
    }
    struct record *record = comparison->runner.record;
    record->request = *request;
    const enum runner_end end = runner_run(&comparison->runner, NULL);
    if (end != RUNNER_REPLIED || record->error[0] != '\0') {
        complain("%s",
                 record->error[0] != '\0'
                     ? record->error
                     : "the worker died or did not answer; sim fuzz says in which run");
        result = EXIT_BROKEN;
    }
    return result;
}

static int probe_all(struct comparison *comparison) {
    int result = EXIT_CLEAN;
    while (!probe_done(&comparison->probe) && result == EXIT_CLEAN) {
        struct record_request request;
        probe_request(&comparison->probe, &request);
        result = ask(comparison, &request);
        if (result == EXIT_CLEAN) {
            const struct record *record = comparison->runner.record;
            probe_learn(&comparison->probe, record);
            if (record->reply == RECORD_CRASHED) {
                worker_end(comparison);
            }
        }
    }
    return result;
}

/* Searches with one base seed. */
static int
attempt(struct comparison *comparison, struct strategy_spec spec, uint64_t seed, uint64_t *runs) {
    struct record_request request = {.command = RECORD_RUN,
                                     .first = 1,
                                     .spec.strategy = spec,
                                     .spec.mode = CHOICES_DRAW,
                                     .spec.seed = seed};
    *runs = NOT_FOUND;
    while (request.first <= comparison->runs_max) {
        const uint64_t left = comparison->runs_max + 1 - request.first;
        request.runs = left < BATCH_RUNS ? left : BATCH_RUNS;
        const int result = ask(comparison, &request);
        if (result != EXIT_CLEAN) {
            return result;
        }
        const struct record *record = comparison->runner.record;
        request.first += record->runs_done;
        if (verdict_is_finding(&record->verdict)) {
            *runs = request.first - 1;
            return EXIT_CLEAN;
        }
    }
    return EXIT_CLEAN;
}

static int by_runs(const void *a, const void *b) {
    const uint64_t first = *(const uint64_t *)a;
    const uint64_t second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

/* What the worker has used; it begins at nothing when it is started again. */
static double spent_ns(const struct comparison *comparison) {
    return comparison->open ? quarry_busy_ns(&comparison->runner) : 0;
}

static int score(struct comparison *comparison, const char *name, struct score *score) {
    struct strategy_spec spec;
    const enum status status = strategy_parse(&spec, name);
    ASSERT(status == STATUS_OK);
    const struct strategy_spec told = probe_tell(&comparison->probe, comparison->runner.record);
    spec.steps = told.steps;
    spec.profile = spec.kind == STRATEGY_MIX ? told.profile : comparison->runner.record->profile.id;
    spec.level = comparison->level;
    spec.races = comparison->races;
    spec.memory = comparison->memory;
    *score = (struct score){0};
    for (uint64_t trial = 0; trial < TRIALS; trial++) {
        int result = worker_ready(comparison); /* its start is no part of the time */
        const double before = spent_ns(comparison);
        if (result == EXIT_CLEAN) {
            result =
                attempt(comparison, spec, comparison->options->seed + trial, &score->runs[trial]);
        }
        if (result != EXIT_CLEAN) {
            return result;
        }
        score->cpu_ns += spent_ns(comparison) - before;
        score->found += score->runs[trial] != NOT_FOUND;
        if (comparison->runner.record->reply == RECORD_CRASHED) {
            worker_end(comparison);
        }
    }
    qsort(score->runs, TRIALS, sizeof score->runs[0], by_runs);
    return EXIT_CLEAN;
}

/* Of the trials that found one, in tenths. */
static uint64_t mean_tenths(const struct score *score) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < score->found; i++) {
        sum += score->runs[i];
    }
    return score->found == 0 ? 0 : (10 * sum + score->found / 2) / score->found;
}

/* Numbers as text; `none` where no failure was found, or too few for a median. */
struct figures {
    char mean[32], median[32], cpu_ms[32];
};

static void figures_fill(struct figures *figures, const struct score *score, const char *none) {
    const uint64_t tenths = mean_tenths(score);
    const uint64_t median = score->runs[TRIALS / 2];
    snprintf(figures->mean, sizeof figures->mean, "%s", none);
    snprintf(figures->median, sizeof figures->median, "%s", none);
    if (score->found > 0) {
        snprintf(figures->mean,
                 sizeof figures->mean,
                 "%" PRIu64 ".%" PRIu64,
                 tenths / 10,
                 tenths % 10);
    }
    if (median != NOT_FOUND) {
        snprintf(figures->median, sizeof figures->median, "%" PRIu64, median);
    }
    snprintf(figures->cpu_ms, sizeof figures->cpu_ms, "%.1f", score->cpu_ns / TRIALS / NS_PER_MS);
}

static void
print(const struct comparison *comparison, const char *name, const struct score *score) {
    struct figures figures;
    const bool json = comparison->options->json;
    figures_fill(&figures, score, json ? "null" : "-");
    if (!json) {
        printf("%-10s %2" PRIu32 " of %d %10s %10s %12s\n",
               name,
               score->found,
               TRIALS,
               figures.mean,
               figures.median,
               figures.cpu_ms);
        return;
    }
    printf("{\"event\":\"strategy\",");
    json_field(stdout, "scenario", comparison->options->operands[0]);
    printf(",");
    json_field(stdout, "strategy", name);
    printf(",\"trials\":%d,\"runs_max\":%" PRIu64 ",\"found\":%" PRIu32
           ",\"mean\":%s,\"median\":%s,\"cpu_ms\":%s}\n",
           TRIALS,
           comparison->runs_max,
           score->found,
           figures.mean,
           figures.median,
           figures.cpu_ms);
}

static int compare_all(struct comparison *comparison) {
    int result = probe_all(comparison);
    if (result == EXIT_CLEAN && !comparison->options->json) {
        printf("Runs to the first failure of %s, in %d searches of up to %" PRIu64 " runs each:\n"
               "\n"
               "strategy      found       mean     median       CPU ms\n",
               comparison->options->operands[0],
               TRIALS,
               comparison->runs_max);
    }
    for (unsigned i = 0; i < COMPARED_COUNT && result == EXIT_CLEAN; i++) {
        struct score scored;
        result = score(comparison, compared[i], &scored);
        if (result == EXIT_CLEAN) {
            print(comparison, compared[i], &scored);
            fflush(stdout);
        }
    }
    return result;
}

int compare_strategies(const struct options *options) {
    static struct comparison comparison;
    struct strategy_spec spec;
    if (options->operand_count == 0) {
        complain("name a scenario; sim list shows what there is");
        return EXIT_USAGE;
    }
    if (strategy_parse(&spec, options->strategy) != STATUS_OK || spec.kind != STRATEGY_MIX) {
        complain("compare tries one strategy after the other; leave --strategy out");
        return EXIT_USAGE;
    }
    if (!module_find(options->operands[0], comparison.module)) {
        return EXIT_USAGE;
    }
    comparison.options = options;
    comparison.level = spec.level;
    probe_open(&comparison.probe, &spec);
    comparison.races = spec.races;
    comparison.memory = spec.memory;
    comparison.runs_max = options->runs != 0 ? options->runs : RUNS_DEFAULT;
    const int result = compare_all(&comparison);
    worker_end(&comparison);
    return result;
}
