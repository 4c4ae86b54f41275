/* What a crash, a restart and a pause mean for a world. */
#include <stddef.h>

#include "sim/identity.h"
#include "sim/panic.h"
#include "sim/world.h"
#include "sim/world_parts.h"

static uint32_t node_of(const struct world *world, uint32_t fault) {
    return world->description->faults[fault].from;
}

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
    const uint64_t until_ns = outage_until_ns(&world->outages, fault);
    schedule_world_event(&world->schedule, POINT_CRASH, node, 0, (int64_t)fault);
    threads_drop(world, node);
    kernel_node_crash(&world->kernel, node);
    network_node_gone(&world->kernel.endpoints.network, node, until_ns);
    if (world->machine.node_crashed != NULL) {
        world->machine.node_crashed(world->machine.context,
                                    node,
                                    world->description->faults[fault].files);
    }
    outage_forget_pauses(&world->outages, node);
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

static bool restart(void *context, uint32_t fault) {
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
    return true;
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

static bool resume_node(void *context, uint32_t fault) {
    struct world *world = context;
    const uint32_t node = node_of(world, fault);
    schedule_world_event(&world->schedule, POINT_RESUME, node, 0, (int64_t)fault);
    schedule_progress(&world->schedule);
    gate_resume(&world->gates, node);
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

const struct outage_effects world_outage_effects = {.crash = crash,
                                                    .restart = restart,
                                                    .pause = pause_node,
                                                    .resume = resume_node,
                                                    .settled = settled};

void world_main_begins(struct world *world) {
    tell(world, OCCASION_BEGINS, schedule_running(&world->schedule)->node);
    outage_settle(&world->outages);
    gate_sleep(&world->gates);
}
