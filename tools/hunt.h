/* Runs the seeds of one scenario until a budget is used up; confirms, stores and reports findings.
 *
 *   probe (run 0, fifo: steps for pct) ─► batches on N workers ─► finding ─► replay it in a fresh
 *   process ─┬─ the same: store (fully synchronised), report, go on with the next run
 *            └─ not the same: nondeterminism, with the first differing event; never stored
 *
 * A share of passing runs is run again by a worker whose fresh memory is filled with another byte.
 *
 * Memory:      none after the call.
 * Errors:      an exit code of tools/options.h, after a sentence on stderr.
 * Determinism: run k of a campaign depends on (base seed, k) alone, not on the number of workers.
 */
#ifndef TOOLS_HUNT_H
#define TOOLS_HUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/options.h"

struct hunt {
    const struct options *options;
    const volatile bool *stop; /* becomes true on SIGINT and SIGTERM */
    int64_t deadline;          /* seconds since 1970, 0 = none */
    uint64_t runs_max;         /* per scenario */
    bool exact_seed;           /* one run with the seed itself */
    uint64_t lane, stride;     /* this process runs numbers lane, lane + stride, … */
    /* what came of it, summed over scenarios */
    uint64_t runs, findings, findings_new, nondeterminism;
};

/* The module of a scenario: the path itself, or NAME.so in the scenarios folder. False after a
 * sentence on stderr. path holds PATH_MAX. */
bool hunt_find_module(const char *scenario, char *path);

/* True when findings can be stored there; else false after a sentence on stderr. Asked before the
 * first run: nobody wants to learn it after a night. */
bool hunt_check_corpus(const char *path);

/* One scenario. EXIT_CLEAN when its budget was used, whatever was found. */
int hunt_run(struct hunt *hunt, const char *scenario);

#endif
