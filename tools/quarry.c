#include "tools/quarry.h"

#include <string.h>
#include <time.h>

#include "sim/panic.h"
#include "tools/complain.h"
#include "tools/module.h"

uint64_t quarry_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int quarry_open(struct quarry *quarry,
                const struct hunt *hunt,
                unsigned index,
                uint64_t first,
                uint64_t stride) {
    memset(quarry, 0, sizeof *quarry);
    quarry->hunt = hunt;
    quarry->board = &hunt->board->scenarios[index];
    quarry->vacuity = &hunt->board->vacuities[index];
    quarry->marks = &hunt->board->marks[index];
    quarry->name = hunt->options->operands[index];
    quarry->next = first;
    quarry->end = hunt->ends[index];
    quarry->stride = stride;
    quarry->batch = 1;
    const enum status status = strategy_parse(&quarry->spec, hunt->options->strategy);
    ASSERT(status == STATUS_OK); /* the crew has looked */
    probe_open(&quarry->probe, &quarry->spec);
    const bool found =
        module_find(quarry->name, quarry->module) && module_name(quarry->name, quarry->name_stored);
    return found ? EXIT_CLEAN : EXIT_USAGE;
}

double quarry_busy_ns(const struct runner *runner) {
    return runner->record->forks ? (double)quarry_now_ms() * 1e6 : runner_cpu_ns(runner);
}

int quarry_start(struct runner *runner, const char *module, const struct runner_options *options) {
    if (runner_open(runner, module, options)) {
        return EXIT_CLEAN;
    }
    complain("%s", runner_error(runner));
    const bool refused = runner->record != NULL && runner->record->reply == RECORD_REFUSED;
    runner_close(runner);
    return refused ? EXIT_USAGE : EXIT_BROKEN;
}

int quarry_worker(const struct quarry *quarry, struct runner *runner, unsigned char fill) {
    const struct runner_options options = {.backend = quarry->hunt->options->backend, .fill = fill};
    const int result = quarry_start(runner, quarry->module, &options);
    if (result == EXIT_CLEAN && probe_done(&quarry->probe)) {
        probe_tell(&quarry->probe, runner->record);
    }
    return result;
}

void quarry_worker_end(struct quarry *quarry) {
    symbols_close(quarry->symbols);
    quarry->symbols = NULL;
    if (quarry->runner_open) {
        runner_close(&quarry->runner);
    }
    quarry->runner_open = false;
}

void quarry_twin_end(struct quarry *quarry) {
    if (quarry->twin_open) {
        runner_close(&quarry->twin);
    }
    quarry->twin_open = false;
}

struct symbols *quarry_symbols(struct quarry *quarry) {
    if (quarry->symbols == NULL) {
        quarry->symbols = symbols_open(quarry->runner.record);
    }
    return quarry->symbols;
}

/* Asks one more run what the strategy needs to know. */
static void probe_one(struct quarry *quarry) {
    struct record *record = quarry->runner.record;
    probe_request(&quarry->probe, &record->request);
    const enum runner_end end = runner_run(&quarry->runner, quarry->hunt->stop);
    if (end != RUNNER_STOPPED) {
        probe_learn(&quarry->probe, record);
    }
    if (probe_done(&quarry->probe)) {
        quarry->spec = probe_tell(&quarry->probe, record);
    }
    if (end != RUNNER_REPLIED || record->reply == RECORD_CRASHED) {
        quarry_worker_end(quarry);
    }
}

bool quarry_can_see(const struct record *record, uint32_t level) {
    if (level <= LEVEL_CALLS || record->instrumented) {
        return true;
    }
    complain(
        "%s has no source that is instrumented, so there are no points below its calls; build\n"
        "its module with INSTRUMENT (scenarios/README.md), or leave --points out",
        record->description.name);
    return false;
}

int quarry_ready(struct quarry *quarry) {
    while (!quarry->runner_open && !*quarry->hunt->stop) { /* a probe may be its worker's end */
        const int result = quarry_worker(quarry, &quarry->runner, 0);
        if (result != EXIT_CLEAN) {
            return result;
        }
        quarry->runner_open = true;
        if (!quarry_can_see(quarry->runner.record, quarry->spec.level)) {
            return EXIT_USAGE;
        }
        while (!probe_done(&quarry->probe) && quarry->runner_open) {
            probe_one(quarry);
        }
    }
    return EXIT_CLEAN;
}
