/* What declares that faults come: see sim/scenario.h. Of calls: hooks_mishap.c. */
#include "sim/scenario.h"

#include "sim/machine/hook.h"

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #ours " is " #theirs)
SAME(SIM_FILES_KEPT, DESCRIPTION_FILES_KEPT);
SAME(SIM_FILES_SYNCED, DESCRIPTION_FILES_SYNCED);
SAME(SIM_FILES_TORN, DESCRIPTION_FILES_TORN);

static struct description_fault *add(struct sim_world *world,
                                     enum description_fault_kind kind,
                                     uint32_t from,
                                     uint32_t to,
                                     uint64_t at_ns) {
    struct description_fault *fault = description_fault_add(hook_description(world));
    if (fault != NULL) {
        fault->kind = kind;
        fault->from = from;
        fault->to = to;
        fault->at_ns = at_ns;
        fault->until_ns = SIM_FOREVER;
    }
    return fault;
}

/* What stands between nodes. */
static struct description_fault *add_obstacle(struct sim_world *world,
                                              enum description_fault_kind kind,
                                              uint32_t from,
                                              uint32_t to,
                                              uint64_t at_ns,
                                              uint64_t until_ns) {
    struct description_fault *fault = add(world, kind, from, to, at_ns);
    if (fault != NULL) {
        fault->until_ns = until_ns;
    }
    return fault;
}

static void make_one_way(struct description_fault *fault) {
    if (fault != NULL) {
        fault->one_way = true;
    }
}

HOOK void sim_partition(struct sim_world *world,
                        uint32_t from,
                        uint32_t to,
                        uint64_t at_ns,
                        uint64_t until_ns) {
    (void)add_obstacle(world, DESCRIPTION_PARTITION, from, to, at_ns, until_ns);
}

HOOK void sim_partition_one_way(struct sim_world *world,
                                uint32_t from,
                                uint32_t to,
                                uint64_t at_ns,
                                uint64_t until_ns) {
    make_one_way(add_obstacle(world, DESCRIPTION_PARTITION, from, to, at_ns, until_ns));
}

HOOK void
sim_clog(struct sim_world *world, uint32_t from, uint32_t to, uint64_t at_ns, uint64_t until_ns) {
    (void)add_obstacle(world, DESCRIPTION_CLOG, from, to, at_ns, until_ns);
}

HOOK void sim_clog_one_way(struct sim_world *world,
                           uint32_t from,
                           uint32_t to,
                           uint64_t at_ns,
                           uint64_t until_ns) {
    make_one_way(add_obstacle(world, DESCRIPTION_CLOG, from, to, at_ns, until_ns));
}

HOOK void
sim_refuse_connects(struct sim_world *world, uint32_t node, uint64_t at_ns, uint64_t until_ns) {
    (void)add_obstacle(world, DESCRIPTION_REFUSAL, node, node, at_ns, until_ns);
}

HOOK void sim_reset(struct sim_world *world, uint32_t from, uint32_t to, uint64_t at_ns) {
    (void)add(world, DESCRIPTION_RESET, from, to, at_ns);
}

HOOK void sim_jump(struct sim_world *world, uint32_t node, uint64_t at_ns, int64_t by_ns) {
    struct description_fault *fault = add(world, DESCRIPTION_JUMP, node, node, at_ns);
    if (fault != NULL) {
        fault->by_ns = by_ns;
    }
}

/* All nodes are restless but those of the list. */
static void set_restless(struct description *description, const uint32_t *core) {
    description->has_core = true;
    for (uint32_t i = 1; i <= description->node_count; i++) {
        description->nodes[i].restless = true;
    }
    for (; *core != 0; core++) {
        if (*core > description->node_count) {
            description_refuse(description, "a calm is of nodes that exist");
            return;
        }
        description->nodes[*core].restless = false;
    }
}

HOOK void sim_calm(struct sim_world *world, uint32_t occasion, const uint32_t *core) {
    struct description *description = hook_description(world);
    if (occasion == 0 || occasion > description->demanded.occasion_count) {
        description_refuse(description, "a calm begins on an occasion that exists");
        return;
    }
    for (uint32_t i = 0; i < description->fault_count; i++) {
        if (description->faults[i].kind == DESCRIPTION_CALM) {
            description_refuse(description, "there is one calm, and nothing comes after it");
            return;
        }
    }
    struct description_fault *fault = add(world, DESCRIPTION_CALM, 0, 0, 0);
    if (fault != NULL) {
        fault->begins_on = occasion;
    }
    if (core != NULL) {
        set_restless(description, core);
    }
}

HOOK void sim_crash(struct sim_world *world,
                    uint32_t node,
                    uint64_t at_ns,
                    uint64_t restart_ns,
                    enum sim_files files) {
    struct description_fault *fault = add(world, DESCRIPTION_CRASH, node, node, at_ns);
    if (fault != NULL) {
        fault->lasts_ns = restart_ns;
        fault->until_ns = restart_ns == 0 ? 0 : SIM_FOREVER; /* in the past: at once */
        fault->files = (uint32_t)files;
    }
}

HOOK void sim_pause(struct sim_world *world, uint32_t node, uint64_t at_ns, uint64_t lasts_ns) {
    struct description_fault *fault = add(world, DESCRIPTION_PAUSE, node, node, at_ns);
    if (fault != NULL) {
        fault->lasts_ns = lasts_ns;
    }
}

/* The one that was declared last; NULL = none. */
static struct description_fault *last(struct sim_world *world) {
    struct description *description = hook_description(world);
    return description->fault_count == 0 ? NULL
                                         : &description->faults[description->fault_count - 1];
}

HOOK void sim_fault_until(struct sim_world *world, uint64_t at_max_ns) {
    struct description *description = hook_description(world);
    struct description_fault *fault = last(world);
    if (fault == NULL || fault->chance_ppm != 0 || fault->nth != 0) {
        description_refuse(description, "only a fault that comes at a time is left to the seed");
    } else if (at_max_ns <= fault->at_ns) {
        description_refuse(description, "the latest time of a fault is not after the earliest");
    } else {
        fault->at_max_ns = at_max_ns;
    }
}

HOOK void sim_fault_lasts(struct sim_world *world, uint64_t least_ns, uint64_t greatest_ns) {
    struct description *description = hook_description(world);
    struct description_fault *fault = last(world);
    if (fault == NULL || !description_fault_lasts(fault)) {
        description_refuse(description, "only what takes time lasts, like a partition or a pause");
    } else if (least_ns > greatest_ns) {
        description_refuse(description, "the least time that a fault lasts exceeds the greatest");
    } else {
        fault->until_ns = 0; /* if it takes no time */
        fault->lasts_ns = least_ns;
        fault->lasts_max_ns = least_ns < greatest_ns ? greatest_ns : 0;
    }
}

HOOK void
sim_fault_on(struct sim_world *world, uint32_t occasion, uint64_t lasts_ns, uint32_t heals_on) {
    struct description *description = hook_description(world);
    const uint32_t known = description->demanded.occasion_count;
    struct description_fault *fault = last(world);
    const bool comes = fault != NULL && (occasion != 0 || description_fault_lasts(fault));
    if (!comes || occasion > known || heals_on > known) {
        description_refuse(description, "a fault begins and heals on occasions that exist");
        return;
    }
    fault->begins_on = occasion;
    fault->lasts_ns = lasts_ns == 0 ? fault->lasts_ns : lasts_ns;
    fault->heals_on = heals_on;
}
