/* The verbs `run` and `fuzz`: a campaign of runs on several processes, watched by this one.
 *
 *   crew ──fork──► lane 0, lane 1, … (each with its workers) ──counters──► board
 *     └── progress, ledger (what a stopped campaign goes on from), summary, exit code
 *
 * Lane i of N runs the numbers shard * N + i, and from there every (N * shards)-th; run k depends
 * on (base seed, k) alone.
 *
 * Memory:      none after the call.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 */
#ifndef TOOLS_CREW_H
#define TOOLS_CREW_H

#include <stdbool.h>

#include "tools/options.h"

/* `fuzzes`: the verb is fuzz. */
int crew_run(const struct options *options, bool fuzzes);

#endif
