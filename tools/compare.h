/* The `compare` verb: how soon each strategy finds a scenario's failure.
 *
 *   each strategy: TRIALS searches, each with a base seed of its own, up to the first failure
 *   ─► how many found one, runs to it (mean, median), processor time
 *
 * Memory:      none after the call.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr. What is found is none.
 * Determinism: all but the processor time is a function of the scenario and the seed.
 */
#ifndef TOOLS_COMPARE_H
#define TOOLS_COMPARE_H

#include "tools/options.h"

int compare_strategies(const struct options *options);

#endif
