/* What a campaign is after, known to all of its processes.
 *
 * Memory:      borrows everything.
 */
#ifndef TOOLS_HUNT_H
#define TOOLS_HUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/hash.h"
#include "tools/board.h"
#include "tools/options.h"

struct hunt {
    const struct options *options;
    struct board *board;
    const volatile bool *stop; /* becomes true on SIGINT, SIGTERM and when the time is up */
    uint64_t seed;             /* base seed; of a campaign that goes on, the one it began with */
    uint64_t runs_max;         /* per scenario */
    /* By scenario: all runs before the first were done by the campaign
     * before; the end is not run. */
    uint64_t firsts[OPTIONS_OPERANDS_MAX], ends[OPTIONS_OPERANDS_MAX];
    bool exact_seed;      /* one run with the seed itself */
    bool ends_at_finding; /* a finding ends the search in its scenario */
    bool tells_runs;      /* each run is printed, the passing ones too */
    bool stored;          /* there is a campaign in the corpus, with the id below */
    struct hash campaign;
};

#endif
