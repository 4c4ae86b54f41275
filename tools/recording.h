/* Every event of one run, on its way from a worker to whoever reads it in order.
 *
 *   recording_open ─► worker started with its `variables` ─► request.stream = 1, one run ─►
 *   recording_rewind ─► recording_next … ─► recording_close
 *
 * Memory:      one block of events; the rest lies in a temporary file without a name.
 * Errors:      false when there is no such file; a file that ends early just ends.
 */
#ifndef TOOLS_RECORDING_H
#define TOOLS_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/trace.h"

struct recording {
    FILE *file;
    char number[16];          /* its descriptor, as text */
    const char *variables[3]; /* for runner_options.environment */
    uint32_t count, next;     /* of the block below */
    struct event events[TRACE_BLOCK];
    uint64_t sites[TRACE_BLOCK];
};

/* False after a sentence on stderr. Must not move afterwards. */
bool recording_open(struct recording *recording);

/* Call it once the run has ended. */
void recording_rewind(struct recording *recording);

/* The next event and its site (may be NULL); NULL at the end. Valid until the next call. */
const struct event *recording_next(struct recording *recording, uint64_t *site);

void recording_close(struct recording *recording);

#endif
