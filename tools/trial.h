/* How often a scenario fails with one bug: seeds that are run without a corpus.
 *
 *   trial_open(file) ─► trial_run, trial_rate … ─► trial_close
 *
 * Memory:      the caller's, with a worker until trial_close.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 * Threads:     one.
 */
#ifndef TOOLS_TRIAL_H
#define TOOLS_TRIAL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/hash.h"
#include "tools/options.h"
#include "tools/runner.h"

struct trial {
    char module[PATH_MAX];
    const struct options *options;
    struct hash signature; /* of the bug */
    struct runner runner;
};

/* Starts a worker for the scenario, by its path. */
int trial_open(struct trial *trial,
               const struct options *options,
               const char *module,
               const struct hash *signature);

/* The n-th run of a base seed, observed when that is asked for; *fails: with the bug. What came
 * stands in the runner's record until the next run. */
int trial_run(struct trial *trial, uint64_t base, uint64_t n, bool observe, bool *fails);

/* In how many of so many runs of a base seed it fails. */
int trial_rate(struct trial *trial, uint64_t base, uint64_t runs, uint32_t *failed);

void trial_close(struct trial *trial);

#endif
