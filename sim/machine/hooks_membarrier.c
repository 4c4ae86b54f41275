#include "sim/machine/hooks_membarrier.h"

#include <errno.h>
#include <linux/membarrier.h>

#include "sim/machine/hook.h"

static bool registered[DESCRIPTION_NODES_MAX + 1];

void hooks_membarrier_begin(void) {
    for (uint32_t node = 1; node <= machine.world.description->node_count; node++) {
        registered[node] = false;
    }
}

void hooks_membarrier_node_begin(uint32_t node) {
    registered[node] = false;
}

static long barrier(const void *site) {
    hook_point(POINT_CALL, 0, false, site);
    if (machine.watches) {
        location_fence_all(&machine.world.shadow.locations);
    }
    schedule_event(hook_schedule(), POINT_CALL, 0, 0, site);
    return 0;
}

long hooks_membarrier_call(const long arguments[6], const void *site) {
    const int command = (int)arguments[0];
    if ((unsigned)arguments[1] != 0) {
        return -EINVAL; /* there is a flag only for a command that is not there */
    }
    switch (command) {
    case MEMBARRIER_CMD_QUERY:
        return MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_PRIVATE_EXPEDITED |
               MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    case MEMBARRIER_CMD_GLOBAL:
        return barrier(site);
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
        registered[hook_node()] = true;
        return 0;
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
        return registered[hook_node()] ? barrier(site) : -EPERM;
    default:
        if (command > 0 && (command & (command - 1)) == 0 && command <= 1 << 9) {
            hook_escape(site, "membarrier() with command %d", command);
        }
        return -EINVAL;
    }
}
