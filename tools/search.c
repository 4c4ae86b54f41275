#include "tools/search.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/complain.h"
#include "tools/confirm.h"

#define BATCH_RUNS_MAX 4096 /* runs per request; small enough for a prompt stop */
#define BATCH_CPU_NS 1e8    /* aim of one request */
#define TWIN_SHARE 64       /* one passing run in so many is run twice, at first */
#define TWIN_RUNS 4096      /* after so many runs, requests may grow beyond TWIN_SHARE */
#define NONDETERMINISM_MAX 10

static void
request_fill(const struct quarry *quarry, struct record_request *request, uint64_t runs) {
    const struct hunt *hunt = quarry->hunt;
    *request = (struct record_request){.command = RECORD_RUN, .first = quarry->next, .runs = runs};
    request->stride = quarry->stride;
    request->spec.seed = hunt->seed;
    request->spec.strategy = quarry->spec;
    request->exact_seed = hunt->exact_seed;
    request->spec.mode = CHOICES_DRAW;
    if (quarry->next == 0 && !hunt->exact_seed && quarry->spec.kind != STRATEGY_FIFO) {
        request->spec.strategy.kind = STRATEGY_FIFO; /* what production would do comes first */
        request->runs = 1;
    }
    if (request->spec.strategy.kind == STRATEGY_FIFO) {
        request->spec.mode = CHOICES_ZERO;
    }
}

/* Sentence and exit code for a worker that itself failed: that is never a finding. */
static int worker_failed(const struct quarry *quarry, enum runner_end end) {
    const struct record *record = quarry->runner.record;
    if (record->error[0] != '\0') {
        complain("%s", record->error);
        return EXIT_BROKEN;
    }
    const struct record_request *request = &record->request;
    const uint64_t number = request->first + record->runs_done * request->stride;
    const uint64_t seed =
        request->exact_seed ? request->spec.seed : record_seed(request->spec.seed, number);
    complain("the worker %s in run %" PRIu64 "; run it alone: sim run %s --seed %" PRIu64 "%s",
             end == RUNNER_HUNG ? "hung and did not answer" : "died",
             number,
             quarry->name,
             seed,
             quarry->hunt->options->again);
    return EXIT_BROKEN;
}

/* Runs the last seed again where fresh memory looks different. */
static int ask_twin(struct quarry *quarry) {
    const struct record *record = quarry->runner.record;
    quarry->runs_twin = quarry->runs;
    if (!quarry->twin_open) {
        const int result = quarry_worker(quarry, &quarry->twin, QUARRY_TWIN_FILL);
        if (result != EXIT_CLEAN) {
            return result;
        }
        quarry->twin_open = true;
    }
    struct record_request *request = &quarry->twin.record->request;
    *request = record->request;
    request->spec.seed = record->seed;
    request->exact_seed = 1;
    request->runs = 1;
    const enum runner_end end = runner_run(&quarry->twin, quarry->hunt->stop);
    if (end == RUNNER_STOPPED) {
        quarry_twin_end(quarry);
    } else if (end != RUNNER_REPLIED || quarry->twin.record->error[0] != '\0' ||
               !confirm_same(record, quarry->twin.record)) {
        confirm_twin_differs(quarry);
        quarry_twin_end(quarry);
    }
    return EXIT_CLEAN;
}

/* Requests grow until one takes long enough that handing it over costs nothing. */
static void batch_adapt(struct quarry *quarry, double used_ns) {
    const uint64_t limit = quarry->hunt->tells_runs   ? 1
                           : quarry->runs < TWIN_RUNS ? TWIN_SHARE
                                                      : BATCH_RUNS_MAX;
    if (used_ns > BATCH_CPU_NS && quarry->batch > 1) {
        quarry->batch /= 2;
    } else if (used_ns < BATCH_CPU_NS / 2 && quarry->batch * 2 <= limit) {
        quarry->batch *= 2;
    }
}

static void count_runs(struct quarry *quarry) {
    const struct record *record = quarry->runner.record;
    const bool first = quarry->runs == 0;
    quarry->next += record->runs_done * quarry->stride;
    quarry->runs += record->runs_done;
    quarry->board->runs += record->runs_done;
    quarry->board->steps += record->points_total;
    quarry->board->time_ns += record->time_total_ns;
    vacuity_count(quarry->vacuity, record);
    if (record->labels.count != quarry->label_count || first) {
        quarry->label_count = record->labels.count;
        board_enter(quarry->hunt->board);
        marks_count(quarry->marks, record);
        board_leave(quarry->hunt->board);
    }
}

static int take_finding(struct quarry *quarry) {
    const bool crashed = quarry->runner.record->reply == RECORD_CRASHED;
    const int result = confirm_finding(quarry);
    if (crashed) {
        quarry_worker_end(quarry);
    }
    if (quarry->hunt->ends_at_finding && quarry->board->findings > 0) {
        quarry->board->ended = true;
    }
    return result;
}

/* One request, and what follows from its answer. */
static int run_batch(struct quarry *quarry) {
    const struct hunt *hunt = quarry->hunt;
    const uint64_t left = (quarry->end - quarry->next + quarry->stride - 1) / quarry->stride;
    struct record *record = quarry->runner.record;
    request_fill(quarry, &record->request, quarry->batch < left ? quarry->batch : left);
    const double before = quarry_busy_ns(&quarry->runner);
    const enum runner_end end = runner_run(&quarry->runner, hunt->stop);
    if (end == RUNNER_STOPPED) { /* this request's runs are not counted, and run again one day */
        quarry_worker_end(quarry);
        return EXIT_CLEAN;
    }
    if (end != RUNNER_REPLIED || record->error[0] != '\0') {
        return worker_failed(quarry, end);
    }
    const double used = quarry_busy_ns(&quarry->runner) - before;
    const bool first = quarry->runs == 0;
    count_runs(quarry);
    batch_adapt(quarry, used);
    if (verdict_is_finding(&record->verdict)) {
        return take_finding(quarry);
    }
    confirm_tell(quarry);
    return first || quarry->runs - quarry->runs_twin >= TWIN_SHARE ? ask_twin(quarry) : EXIT_CLEAN;
}

/* Where little repeats, nothing of what is found can be replayed; who does not mind goes on. */
static bool is_given_up(const struct quarry *quarry) {
    if (quarry->nondeterminism < NONDETERMINISM_MAX ||
        quarry->hunt->options->fail_on == FAIL_ON_NEVER) {
        return false;
    }
    if (!quarry->hunt->options->json) {
        board_print_begin(quarry->hunt->board);
        printf("  %s: %d runs did not repeat, so the search ends; --fail-on never goes on.\n",
               quarry->name,
               NONDETERMINISM_MAX);
        board_print_end(quarry->hunt->board);
    }
    return true;
}

int search_slice(struct quarry *quarry, uint64_t until_ms) {
    int result = EXIT_CLEAN;
    while (result == EXIT_CLEAN && !*quarry->hunt->stop) {
        if (quarry->next >= quarry->end || quarry->board->ended || is_given_up(quarry)) {
            quarry->done = true;
            break;
        }
        if (quarry_now_ms() >= until_ms) {
            break;
        }
        result = quarry_ready(quarry);
        if (result == EXIT_CLEAN && quarry->runner_open) {
            result = run_batch(quarry);
        }
    }
    return result;
}

int search_rest(struct quarry *quarry) {
    quarry_worker_end(quarry);
    quarry_twin_end(quarry);
    return confirm_flush(quarry);
}
