/* What the files of sim/world.h share among themselves; everybody else uses that.
 *
 *   world.c          a run, nodes and their ends
 *   world_outage.c   nodes that crash, start again and stand still
 *
 * Memory:      as world.h.
 * Threads:     as world.h.
 */
#ifndef SIM_WORLD_PARTS_H
#define SIM_WORLD_PARTS_H

#include "sim/outage.h"

struct world;

/* A thread no longer belongs to its node. */
void world_thread_unlink(struct world *world, uint32_t id);

/* A node that counts has ended for good, or may have: the run passes after the last one. */
void world_lasting_drop(struct world *world);

/* Of a world, which is to be their context. */
extern const struct outage_effects world_outage_effects;

#endif
