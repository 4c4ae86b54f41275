/* A place in what an interpreter runs, as a site: a number where else a return address stands.
 *
 *   63   62 … 45   44 … 32   31 … 19   18 … 0
 *    1     task     name       file      line        name and file are labels
 *
 * No return address has the highest bit.
 *
 * Limits:      PLACE_LINE_MAX, PLACE_TASK_MAX; what is beyond them is cut to them.
 * Errors:      0 when there is no room for a label.
 * Determinism: for people only, as sites are.
 */
#ifndef SIM_PLACE_H
#define SIM_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/label.h"

#define PLACE_LINE_MAX ((1u << 19) - 1)
#define PLACE_TASK_MAX ((1u << 18) - 1)

struct place {
    const char *file;
    const char *name; /* of the task, "" = it has none */
    uint32_t line;
    uint32_t task; /* from 1 in order of creation within its node, 0 = no task's */
};

/* The same number for the same place. */
uint64_t place_site(struct labels *labels, const struct place *place);

/* False when the site is an address. What is read borrows from the labels. */
bool place_read(const struct labels *labels, uint64_t site, struct place *place);

/* The task of a site, 0 = no task's, or an address. */
uint32_t place_task(uint64_t site);

#endif
