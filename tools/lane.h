/* One process of a campaign: hunts every scenario in turn, a few seconds each, until all are done.
 *
 * Memory:      none after the call.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 */
#ifndef TOOLS_LANE_H
#define TOOLS_LANE_H

#include "tools/hunt.h"

/* Lane `lane` of `lanes` of this machine. */
int lane_run(const struct hunt *hunt, uint32_t lane, uint32_t lanes);

#endif
