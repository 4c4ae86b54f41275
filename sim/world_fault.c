/* What each kind of fault means for a world. */
#include <stddef.h>

#include "sim/identity.h"
#include "sim/panic.h"
#include "sim/world.h"
#include "sim/world_parts.h"

static uint32_t node_of(const struct world *world, uint32_t fault) {
    return world->description->faults[fault].from;
}

/* ---- what takes a moment ---- */

static bool reset(void *context, uint32_t fault) {
    struct world *world = context;
    schedule_world_event(&world->schedule, POINT_FAULT, node_of(world, fault), 0, (int64_t)fault);
    segment_reset(&world->kernel.endpoints.segments, &world->description->faults[fault]);
    return true;
}

static bool jump(void *context, uint32_t fault) {
    struct world *world = context;
    const uint32_t node = node_of(world, fault);
    schedule_world_event(&world->schedule, POINT_FAULT, node, 0, (int64_t)fault);
    clocks_jump(&world->clocks, node, world->description->faults[fault].by_ns);
    return true;
}

static bool arm(void *context, uint32_t fault) {
    struct world *world = context;
    mishap_arm(&world->mishaps, fault);
    return true;
}

/* ---- what stands between nodes ---- */

static bool obstruct(void *context, uint32_t fault) {
    struct world *world = context;
    network_obstruct(&world->kernel.endpoints.network, fault, world->faults.all[fault].until_ns);
    return true;
}

static void clear(void *context, uint32_t fault) {
    struct world *world = context;
    network_clear(&world->kernel.endpoints.network, fault);
}

/* ---- crashes ---- */

static void tell(struct world *world, enum occasion_instant instant, uint32_t node) {
    const struct occasion fact = {.instant = (uint32_t)instant, .node = node};
    gate_happen(&world->gates, gate_match(&world->gates, &fact));
}

/* Its threads are gone, in whatever they were; the running one leaves when all is settled. */
static void threads_drop(struct world *world, uint32_t node) {
    struct schedule *schedule = &world->schedule;
    while (world->nodes[node].first_thread != 0) {
        const uint32_t id = world->nodes[node].first_thread;
        struct thread *thread = threads_at(&world->threads, id);
        const bool runs = thread->agent == schedule->running;
        futex_forget(&world->futexes, thread->agent);
        if (runs) {
            schedule_thread_drop(schedule);
        } else {
            schedule_thread_kill(schedule, thread->agent);
        }
        thread->state = THREAD_JOINED;
        world->dropped = world->dropped || runs;
        if (world->machine.thread_gone != NULL) {
            world->machine.thread_gone(world->machine.context, id, runs);
        }
        world_thread_unlink(world, id);
    }
    world->threads.unjoined[node] = 0;
}

static bool crash(void *context, uint32_t fault) {
    struct world *world = context;
    const uint32_t node = node_of(world, fault);
    struct world_node *home = &world->nodes[node];
    if (home->exited || home->down) {
        return false;
    }
    const uint64_t until_ns = world->faults.all[fault].until_ns;
    schedule_world_event(&world->schedule, POINT_CRASH, node, 0, (int64_t)fault);
    threads_drop(world, node);
    kernel_node_crash(&world->kernel, node);
    network_node_gone(&world->kernel.endpoints.network, node, until_ns);
    if (world->machine.node_crashed != NULL) {
        world->machine.node_crashed(world->machine.context,
                                    node,
                                    world->description->faults[fault].files);
    }
    fault_forget_pauses(&world->faults, node);
    gate_resume(&world->gates, node);
    home->down = true;
    home->awaited = until_ns != AGENDA_NEVER;
    schedule_progress(&world->schedule);
    tell(world, OCCASION_CRASHES, node);
    if (--world->nodes_alive == 0) {
        futex_verify_empty(&world->futexes);
    }
    if (!world->description->nodes[node].daemon && !home->awaited) {
        world_lasting_drop(world);
    }
    return true;
}

static void restart(void *context, uint32_t fault) {
    struct world *world = context;
    const uint32_t node = node_of(world, fault);
    struct world_node *home = &world->nodes[node];
    ASSERT(home->down && !home->exited && home->alive == 0);
    home->down = false;
    home->identity = identity_make(IDENTITY_NODE, home->identity, ++home->restarts);
    world->nodes_alive++;
    world->nodes_lasting += !world->description->nodes[node].daemon && !home->awaited ? 1 : 0;
    network_node_back(&world->kernel.endpoints.network, node);
    schedule_world_event(&world->schedule, POINT_RESTART, node, 0, (int64_t)home->restarts);
    schedule_progress(&world->schedule);
    if (world->machine.node_started != NULL) {
        world->machine.node_started(world->machine.context, node);
    }
}

/* ---- pauses ---- */

static bool pause_node(void *context, uint32_t fault) {
    struct world *world = context;
    const uint32_t node = node_of(world, fault);
    const struct world_node *home = &world->nodes[node];
    if (home->exited || home->down || world->gates.paused[node]) {
        return false;
    }
    schedule_world_event(&world->schedule, POINT_PAUSE, node, 0, (int64_t)fault);
    gate_pause(&world->gates, node);
    return true;
}

static void resume_node(void *context, uint32_t fault) {
    struct world *world = context;
    const uint32_t node = node_of(world, fault);
    schedule_world_event(&world->schedule, POINT_RESUME, node, 0, (int64_t)fault);
    schedule_progress(&world->schedule);
    gate_resume(&world->gates, node);
}

/* ---- calm ---- */

static bool calm(void *context, uint32_t fault) {
    struct world *world = context;
    schedule_world_event(&world->schedule, POINT_FAULT, 0, 0, (int64_t)fault);
    network_calm(&world->kernel.endpoints.network);
    fault_calm(&world->faults);
    return true;
}

static void settled(void *context) {
    struct world *world = context;
    if (world->verdict->kind != VERDICT_NONE) {
        schedule_end(&world->schedule);
    }
    if (world->dropped) {
        world->dropped = false;
        schedule_thread_leave(&world->schedule);
    }
}

struct fault_effects world_fault_effects(struct world *world) {
    static const struct fault_effect kinds[DESCRIPTION_FAULT_KIND_COUNT] = {
        [DESCRIPTION_PARTITION] = {FAULT_AT_ONCE, obstruct, clear},
        [DESCRIPTION_RESET] = {FAULT_APART, reset, NULL},
        [DESCRIPTION_JUMP] = {FAULT_APART, jump, NULL},
        [DESCRIPTION_CRASH] = {FAULT_SETTLED, crash, restart},
        [DESCRIPTION_PAUSE] = {FAULT_SETTLED, pause_node, resume_node},
        [DESCRIPTION_FAILURE] = {FAULT_AT_ONCE, arm, NULL},
        [DESCRIPTION_CLOG] = {FAULT_AT_ONCE, obstruct, clear},
        [DESCRIPTION_REFUSAL] = {FAULT_AT_ONCE, obstruct, clear},
        [DESCRIPTION_CALM] = {FAULT_SETTLED, calm, NULL},
    };
    return (struct fault_effects){.context = world, .kinds = kinds, .settled = settled};
}

void world_main_begins(struct world *world) {
    tell(world, OCCASION_BEGINS, schedule_running(&world->schedule)->node);
    fault_settle(&world->faults);
    gate_sleep(&world->gates);
}
