/* Constraints that could not be met in some runs of a campaign, and why.
 *
 *   refused      nothing else could run than who was held: the program's own order forbids it
 *   infeasible   a message was held for what comes later than it can arrive; said with both
 *                intervals
 *
 *   lanes ──unmet_count──► board ──unmet_print──► below the constraint's own line
 *
 * Memory:      part of the board, shared by the processes of the campaign. All zero: none.
 * Units:       nanoseconds of virtual time since a run began.
 * Threads:     any process may count.
 */
#ifndef TOOLS_UNMET_H
#define TOOLS_UNMET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/machine/record.h"

/* From the least to the greatest that was seen. */
struct unmet_interval {
    _Atomic uint64_t least_inverted; /* its complement, so that 0 is above all */
    _Atomic uint64_t greatest;
};

struct unmet {
    _Atomic uint64_t refused, infeasible; /* runs */
    struct unmet_interval arrives;
    _Atomic uint64_t awaited_count; /* infeasible ones in which it came at all */
    struct unmet_interval awaited;
};

/* Adds the runs of the record's last request; one for each constraint of its description. */
void unmet_count(struct unmet *unmet, const struct record *record);

/* A line about each way in which the constraint was not met. */
void unmet_print(FILE *out, bool json, const char *scenario, const struct unmet *unmet);

#endif
