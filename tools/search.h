/* The search in one scenario: requests to its worker, and what follows from the answers.
 *
 *   batch of runs ─┬─ passed ──► every TWIN_SHARE runs, the last one again in the twin: a worker
 *                  │             whose fresh memory is filled with another byte
 *                  └─ finding ─► confirm.h
 *
 * Memory:      the quarry's; two workers while a slice runs.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 */
#ifndef TOOLS_SEARCH_H
#define TOOLS_SEARCH_H

#include "tools/quarry.h"

/* Runs until the budget is used up (then quarry->done), about until_ms of the monotonic clock, or
 * until hunt->stop. */
int search_slice(struct quarry *quarry, uint64_t until_ms);

/* Ends the workers and counts in the corpus what was seen again. */
int search_rest(struct quarry *quarry);

#endif
