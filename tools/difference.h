/* Where two runs that should be the same part: the first differing event, and the last common one.
 *
 *   both whole in their rings ─► compare those
 *   longer                    ─► run both again in fresh workers, record every event, compare
 *
 * Memory:      borrows the records.
 * Errors:      what cannot be found is said in the report, never an error.
 */
#ifndef TOOLS_DIFFERENCE_H
#define TOOLS_DIFFERENCE_H

#include <stdio.h>

#include "sim/machine/record.h"
#include "tools/runner.h"

/* A run: what was asked, what came out, and how its worker was started. */
struct difference_side {
    const struct record *record;
    struct record_request request;
    struct runner_options options;
};

/* Prints the report: `what` says in a few words what did not repeat. */
void difference_print(FILE *out,
                      const char *scenario,
                      const char *module,
                      const char *what,
                      const struct difference_side *first,
                      const struct difference_side *second);

#endif
