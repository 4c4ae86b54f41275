/* `sim check SCENARIO ...`: is it one, and what does it declare? Nothing runs.
 *
 * Errors:      EXIT_USAGE after a sentence on stderr for each that is none.
 */
#ifndef TOOLS_VALIDATE_H
#define TOOLS_VALIDATE_H

#include "tools/options.h"

int validate_scenarios(const struct options *options);

#endif
