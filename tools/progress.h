/* Signs of life during long work: one line that is drawn again on a terminal, a line a minute else.
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
    bool terminal; /* stderr is one, and the output is for people */
    bool drawn;    /* a line stands there that has to be wiped */
};

void progress_init(struct progress *progress, const struct hunt *hunt);

/* Shows where the campaign is, if it is time to. */
void progress_show(struct progress *progress);

/* Leaves a clean line. */
void progress_end(struct progress *progress);

#endif
