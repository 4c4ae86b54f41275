#include "sim/network.h"

#include <string.h>

#include "sim/panic.h"

#define NS_PER_S UINT64_C(1000000000)
#define LINK_DEFAULT UINT32_MAX

enum fault_change { FAULT_BEGINS, FAULT_ENDS };

static void fault_fire(void *context, const struct agenda_item *item);

uint64_t network_arena_size(const struct description *description) {
    const uint64_t side = (uint64_t)description->node_count + 1;
    return side * side * sizeof(struct network_path) + 64;
}

void network_init(struct network *network,
                  struct arena *arena,
                  struct schedule *schedule,
                  const struct description *description) {
    *network = (struct network){.schedule = schedule, .description = description};
    const size_t side = (size_t)description->node_count + 1;
    network->paths = arena_take(arena, side * side * sizeof(struct network_path));
    memset(network->paths, 0, side * side * sizeof(struct network_path));
    network->handler = schedule_handler_add(schedule, fault_fire, network);
}

void network_begin(struct network *network) {
    network->run++;
    network->partitions = 0;
    for (uint32_t i = 0; i < network->description->fault_count; i++) {
        network->in_force[i] = false;
        schedule_timer_start(network->schedule,
                             network->description->faults[i].at_ns,
                             network->handler,
                             i,
                             FAULT_BEGINS);
    }
}

bool network_fault_covers(const struct description_fault *fault, uint32_t from, uint32_t to) {
    const bool forth =
        (fault->from == 0 || fault->from == from) && (fault->to == 0 || fault->to == to);
    const bool back =
        (fault->from == 0 || fault->from == to) && (fault->to == 0 || fault->to == from);
    return from != to && (forth || (!fault->one_way && back));
}

static void fault_fire(void *context, const struct agenda_item *item) {
    struct network *network = context;
    const uint32_t index = item->subject;
    const struct description_fault *fault = &network->description->faults[index];
    if (fault->kind == DESCRIPTION_RESET) {
        network_event(network, POINT_FAULT, fault->from, 0, (int64_t)index);
        if (network->reset != NULL) {
            network->reset(network->reset_context, fault);
        }
        return;
    }
    const bool begins = item->value == FAULT_BEGINS;
    ASSERT(network->in_force[index] != begins);
    network->in_force[index] = begins;
    network->partitions += begins ? 1u : UINT32_MAX;
    network_event(network, begins ? POINT_FAULT : POINT_HEAL, fault->from, 0, (int64_t)index);
    if (begins && fault->until_ns < AGENDA_NEVER) {
        schedule_timer_start(network->schedule,
                             fault->until_ns,
                             network->handler,
                             index,
                             FAULT_ENDS);
    }
}

static struct network_path *path_of(struct network *network, uint32_t from, uint32_t to) {
    const struct description *description = network->description;
    ASSERT(from >= 1 && from <= description->node_count && to <= description->node_count);
    struct network_path *path = &network->paths[from * (description->node_count + 1) + to];
    if (path->link == 0) {
        const struct description_link *link = description_link_find(description, from, to);
        const bool listed =
            link >= description->links && link < description->links + description->link_count;
        path->link = listed ? (uint32_t)(link - description->links) + 1 : LINK_DEFAULT;
    }
    if (path->run != network->run) {
        path->run = network->run;
        path->free_ns = 0;
    }
    return path;
}

static const struct description_link *link_of(const struct network *network,
                                              const struct network_path *path,
                                              uint32_t from,
                                              uint32_t to) {
    return path->link == LINK_DEFAULT ? description_link_find(network->description, from, to)
                                      : &network->description->links[path->link - 1];
}

uint64_t network_arrival_ns(struct network *network,
                            uint32_t from,
                            uint32_t to,
                            uint32_t size,
                            struct decider *who,
                            const void *site) {
    uint64_t when = schedule_now_ns(network->schedule);
    if (from == to) {
        return when + NETWORK_LOOPBACK_NS;
    }
    struct network_path *path = path_of(network, from, to);
    const struct description_link *link = link_of(network, path, from, to);
    if (link->bandwidth_bps != 0) {
        when = path->free_ns > when ? path->free_ns : when;
        when += size * NS_PER_S / link->bandwidth_bps;
        path->free_ns = when;
    }
    when += link->latency_min_ns;
    if (link->latency_max_ns >= link->latency_min_ns + NETWORK_LATENCY_STEP_NS) {
        const uint64_t range = link->latency_max_ns - link->latency_min_ns;
        when += NETWORK_LATENCY_STEP_NS * choices_draw(network->schedule->choices,
                                                       CHOICE_LATENCY,
                                                       from,
                                                       who,
                                                       site,
                                                       range / NETWORK_LATENCY_STEP_NS + 1);
    }
    return when;
}

static bool chance(struct network *network,
                   enum choice_kind kind,
                   uint32_t node,
                   uint32_t ppm,
                   struct decider *who,
                   const void *site) {
    return ppm != 0 && choices_chance(network->schedule->choices,
                                      kind,
                                      node,
                                      who,
                                      site,
                                      ppm < NETWORK_PPM ? ppm : NETWORK_PPM,
                                      NETWORK_PPM);
}

bool network_lost(struct network *network,
                  uint32_t from,
                  uint32_t to,
                  struct decider *who,
                  const void *site) {
    if (from == to) {
        return false;
    }
    const struct description_link *link = link_of(network, path_of(network, from, to), from, to);
    return network_blocked_ns(network, from, to) != 0 ||
           chance(network, CHOICE_LOSS, from, link->loss_ppm, who, site);
}

bool network_duplicated(struct network *network,
                        uint32_t from,
                        uint32_t to,
                        struct decider *who,
                        const void *site) {
    if (from == to) {
        return false;
    }
    const struct description_link *link = link_of(network, path_of(network, from, to), from, to);
    return chance(network, CHOICE_DUPLICATE, from, link->duplicate_ppm, who, site);
}

uint64_t network_blocked_ns(const struct network *network, uint32_t from, uint32_t to) {
    uint64_t until_ns = 0;
    if (network->partitions == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < network->description->fault_count; i++) {
        const struct description_fault *fault = &network->description->faults[i];
        if (network->in_force[i] && network_fault_covers(fault, from, to) &&
            fault->until_ns > until_ns) {
            until_ns = fault->until_ns;
        }
    }
    return until_ns;
}

void network_event(struct network *network,
                   enum point_kind kind,
                   uint32_t node,
                   uint32_t object,
                   int64_t result) {
    schedule_world_event(network->schedule, kind, node, object, result);
}
