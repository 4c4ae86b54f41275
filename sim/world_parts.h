/* What the files of sim/world.h share among themselves; everybody else uses that.
 *
 *   world.c          a run, nodes and their ends
 *   world_fault.c    what faults mean: nodes that crash, links that are cut …
 *
 * Memory:      as world.h.
 * Threads:     as world.h.
 */
#ifndef SIM_WORLD_PARTS_H
#define SIM_WORLD_PARTS_H

#include "sim/fault.h"

struct world;

/* A thread no longer belongs to its node. */
void world_thread_unlink(struct world *world, uint32_t id);

/* A node that counts has ended for good, or may have: the run passes after the last one. */
void world_lasting_drop(struct world *world);

/* What each kind of fault means for this world. */
struct fault_effects world_fault_effects(struct world *world);

#endif
