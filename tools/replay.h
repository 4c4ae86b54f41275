/* Runs a stored case again, strictly by its choices, and tells whether it came out the same.
 *
 * Memory:      none after the call.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 */
#ifndef TOOLS_REPLAY_H
#define TOOLS_REPLAY_H

#include "tools/options.h"

/* EXIT_FOUND when the run is bit-exactly the stored one, EXIT_CLEAN when it passes, EXIT_DIVERGED
 * when it no longer follows its choices or ends otherwise. */
int replay_case(const struct options *options);

/* Prints every event of a stored case, or of one run of a scenario. */
int replay_trace(const struct options *options);

#endif
