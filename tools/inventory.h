/* What `sim corpus list` and `show` print: bugs with their cases, one case with its bug.
 *
 * Errors:      enum status and store_error.
 */
#ifndef TOOLS_INVENTORY_H
#define TOOLS_INVENTORY_H

#include "corpus/bug.h"
#include "tools/options.h"

/* One entry per bug: its shortest case, what was decided, how often it was seen and what came of
 * replaying it last. As JSON, one line per case. */
MUST_USE enum status inventory_list(struct store *store, const struct options *options);

/* All about the case whose id begins so, and about its bug. */
MUST_USE enum status
inventory_show(struct store *store, const struct options *options, const char *digits);

#endif
