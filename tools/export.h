/* `sim export`: a stored failure as a scenario file whose constraints alone make it fail again.
 *
 *   the case, observed ─► its occasions in order ─┐
 *   other runs, observed ─────────────────────────┴─► orders that tell them apart ─► those of them
 *                       that make it fail in every seed ─► as few as possible ─► the file
 *
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 * Source:      Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input" (2002):
 *              how the orders become few.
 */
#ifndef TOOLS_EXPORT_H
#define TOOLS_EXPORT_H

#include "tools/options.h"

int export_case(const struct options *options);

#endif
