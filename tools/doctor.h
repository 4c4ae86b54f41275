/* The verb `doctor`: what this machine can do, and what to do where it cannot.
 *
 * Errors:      an exit code of tools/exit.h.
 */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include "tools/options.h"

/* EXIT_BROKEN when no run is possible; what only makes runs slower is advice. */
int doctor_run(const struct options *options);

#endif
