/* The report of two runs that should be the same and are not, for people and as JSON.
 *
 * Memory:      borrows everything.
 * Limits:      80 columns.
 */
#ifndef TOOLS_DIFFERENCE_H
#define TOOLS_DIFFERENCE_H

#include <stdio.h>

#include "tools/parting.h"

/* `what` says in a few words what did not repeat. */
void difference_print(FILE *out,
                      const char *scenario,
                      const char *what,
                      const struct parting_side *first,
                      const struct parting_side *second,
                      const struct parting *parting);

/* The same as one object in a line. */
void difference_print_json(FILE *out,
                           const char *scenario,
                           const char *what,
                           const struct parting_side *first,
                           const struct parting_side *second,
                           const struct parting *parting);

#endif
