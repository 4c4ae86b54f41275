/* What a report says of a data race alone: the earlier access, and what would have ordered the two.
 *
 * Memory:      borrows everything.
 * Errors:      none.
 */
#ifndef TOOLS_CONFLICT_H
#define TOOLS_CONFLICT_H

#include <stdio.h>

#include "sim/machine/record.h"
#include "tools/symbols.h"

/* The verdict is a data race. */
void conflict_print_access(FILE *out, const struct record *record, struct symbols *symbols);

/* What the one thread gave to others after its access, and the other one got before its own. */
void conflict_print_remedy(FILE *out, const struct record *record, struct symbols *symbols);

#endif
