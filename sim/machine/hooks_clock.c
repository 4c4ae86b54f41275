/* The part of sim/scenario.h that says what the clocks of nodes are. */
#include "sim/machine/hook.h"
#include "sim/scenario.h"

/* NULL with an error: no such node. */
static struct description_clock *clock_of(struct sim_world *world, uint32_t node) {
    struct description *description = (struct description *)(void *)world;
    if (node < 1 || node > description->node_count) {
        description_refuse(description, "node %u is to have a clock and does not exist", node);
        return NULL;
    }
    description->nodes[node].clock.declared = true;
    return &description->nodes[node].clock;
}

HOOK void
sim_clock_drift(struct sim_world *world, uint32_t node, int32_t ppm_min, int32_t ppm_max) {
    struct description_clock *clock = clock_of(world, node);
    if (clock != NULL) {
        clock->drift_ppm[0] = ppm_min;
        clock->drift_ppm[1] = ppm_max;
    }
}

HOOK void sim_clock_offset(struct sim_world *world, uint32_t node, int64_t min_ns, int64_t max_ns) {
    struct description_clock *clock = clock_of(world, node);
    if (clock != NULL) {
        clock->offset_ns[0] = min_ns;
        clock->offset_ns[1] = max_ns;
    }
}

HOOK void sim_clock_tick(struct sim_world *world, uint32_t node, uint64_t tick_ns) {
    struct description_clock *clock = clock_of(world, node);
    if (clock != NULL) {
        clock->tick_ns = tick_ns;
    }
}
