/* What declares that nodes crash and pause: see sim/scenario.h. */
#include "sim/scenario.h"

#include "sim/machine/hook.h"

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #ours " is " #theirs)
SAME(SIM_FILES_KEPT, DESCRIPTION_FILES_KEPT);
SAME(SIM_FILES_SYNCED, DESCRIPTION_FILES_SYNCED);
SAME(SIM_FILES_TORN, DESCRIPTION_FILES_TORN);

static struct description *description_of(struct sim_world *world) {
    return (struct description *)(void *)world;
}

static struct description_fault *add(struct sim_world *world,
                                     enum description_fault_kind kind,
                                     uint32_t node,
                                     uint64_t at_ns,
                                     uint64_t lasts_ns) {
    struct description_fault *fault = description_fault_add(description_of(world));
    if (fault != NULL) {
        fault->kind = kind;
        fault->from = node;
        fault->at_ns = at_ns;
        fault->lasts_ns = lasts_ns;
    }
    return fault;
}

HOOK void sim_crash(struct sim_world *world,
                    uint32_t node,
                    uint64_t at_ns,
                    uint64_t restart_ns,
                    enum sim_files files) {
    struct description_fault *fault = add(world, DESCRIPTION_CRASH, node, at_ns, restart_ns);
    if (fault != NULL) {
        fault->files = (uint32_t)files;
    }
}

HOOK void sim_pause(struct sim_world *world, uint32_t node, uint64_t at_ns, uint64_t lasts_ns) {
    (void)add(world, DESCRIPTION_PAUSE, node, at_ns, lasts_ns);
}

HOOK void sim_fault_until(struct sim_world *world, uint64_t at_max_ns) {
    struct description *description = description_of(world);
    struct description_fault *fault =
        description->fault_count == 0 ? NULL : &description->faults[description->fault_count - 1];
    if (fault == NULL || (fault->kind != DESCRIPTION_CRASH && fault->kind != DESCRIPTION_PAUSE)) {
        description_refuse(description, "only the time of a crash or a pause is left to the seed");
    } else if (at_max_ns <= fault->at_ns) {
        description_refuse(description, "the latest time of a fault is not after the earliest");
    } else {
        fault->at_max_ns = at_max_ns;
    }
}
