/* Signs of life during long work: on a terminal one line that is drawn again; elsewhere a line a
 * minute, beside the lines of what happens. Nothing with --json.
 *
 * Memory:      the caller's.
 * Units:       milliseconds of the monotonic clock.
 */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include "tools/hunt.h"

struct progress {
    const struct hunt *hunt;
    uint64_t started_ms, shown_ms;
    bool terminal; /* stderr can draw a line again */
    bool drawn;    /* such a line stands there */
};

void progress_init(struct progress *progress, const struct hunt *hunt);

/* Shows where the campaign is, if it is time to. */
void progress_show(struct progress *progress);

/* Leaves a clean line. */
void progress_end(struct progress *progress);

#endif
