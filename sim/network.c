#include "sim/network.h"

#include <string.h>

#include "sim/panic.h"

#define NS_PER_S UINT64_C(1000000000)
#define LINK_DEFAULT UINT32_MAX

#define OPEN_RETRY_NS UINT64_C(1000000)
#define OPEN_MAX_NS UINT64_C(900000000000) /* a quarter of an hour; then it is taken for ever */

uint64_t network_arena_size(const struct description *description) {
    const uint64_t side = (uint64_t)description->node_count + 1;
    return side * side * sizeof(struct network_path) + 64;
}

void network_init(struct network *network,
                  struct arena *arena,
                  struct schedule *schedule,
                  const struct description *description) {
    *network = (struct network){.schedule = schedule, .description = description};
    for (uint32_t i = 0; i < description->fault_count; i++) {
        network->may_calm |= description->faults[i].kind == DESCRIPTION_CALM;
    }
    const size_t side = (size_t)description->node_count + 1;
    network->paths = arena_take(arena, side * side * sizeof(struct network_path));
    memset(network->paths, 0, side * side * sizeof(struct network_path));
}

void network_begin(struct network *network) {
    network->run++;
    network->calm = false;
    network->obstructed = 0;
    network->absent = 0;
    for (uint32_t i = 1; i <= network->description->node_count; i++) {
        network->absences[i] = (struct network_absence){0};
    }
    for (uint32_t i = 0; i < network->description->fault_count; i++) {
        network->obstacles[i] = (struct network_obstacle){0};
    }
}

bool network_fault_covers(const struct description_fault *fault, uint32_t from, uint32_t to) {
    const bool forth =
        (fault->from == 0 || fault->from == from) && (fault->to == 0 || fault->to == to);
    const bool back =
        (fault->from == 0 || fault->from == to) && (fault->to == 0 || fault->to == from);
    return from != to && (forth || (!fault->one_way && back));
}

void network_obstruct(struct network *network, uint32_t fault, uint64_t until_ns) {
    struct network_obstacle *obstacle = &network->obstacles[fault];
    ASSERT(!obstacle->in_force);
    *obstacle = (struct network_obstacle){.in_force = true,
                                          .began_ns = schedule_now_ns(network->schedule),
                                          .until_ns = until_ns};
    network->obstructed++;
    network_event(network,
                  POINT_FAULT,
                  network->description->faults[fault].from,
                  0,
                  (int64_t)fault);
}

void network_clear(struct network *network, uint32_t fault) {
    ASSERT(network->obstacles[fault].in_force && network->obstructed > 0);
    network->obstacles[fault].in_force = false;
    network->obstructed--;
    network_event(network, POINT_HEAL, network->description->faults[fault].from, 0, (int64_t)fault);
}

/* ---- nodes that are not there ---- */

void network_node_gone(struct network *network, uint32_t node, uint64_t until_ns) {
    struct network_absence *absence = &network->absences[node];
    ASSERT(!absence->gone);
    *absence = (struct network_absence){.gone = true,
                                        .began_ns = schedule_now_ns(network->schedule),
                                        .until_ns = until_ns};
    network->absent++;
}

void network_node_back(struct network *network, uint32_t node) {
    ASSERT(network->absences[node].gone && network->absent > 0);
    network->absences[node].gone = false;
    network->absent--;
}

/* ---- calm ---- */

void network_calm(struct network *network) {
    network->calm = true;
}

static bool is_calm(const struct network *network, uint32_t from, uint32_t to) {
    return network->calm && description_calmed(network->description, from, to);
}

/* ---- messages ---- */

/* Who found the way closed looks again, since what closed it may end on an occasion. */
static uint64_t again_ns(const struct network *network, uint64_t began_ns, uint64_t until_ns) {
    const uint64_t age_ns = schedule_now_ns(network->schedule) - began_ns;
    const uint64_t next_ns = began_ns + 2 * (age_ns < OPEN_RETRY_NS ? OPEN_RETRY_NS : age_ns);
    return age_ns > OPEN_MAX_NS || next_ns > until_ns ? until_ns : next_ns;
}

/* When somebody who finds this obstacle in his way looks again. */
static uint64_t retry_ns(const struct network *network, uint32_t index) {
    const struct network_obstacle *obstacle = &network->obstacles[index];
    return network->description->faults[index].heals_on == 0 && !network->may_calm
               ? obstacle->until_ns
               : again_ns(network, obstacle->began_ns, obstacle->until_ns);
}

/* When what stands between two nodes lets messages pass; 0 = it does. */
static uint64_t obstructed_ns(const struct network *network,
                              enum description_fault_kind kind,
                              uint32_t from,
                              uint32_t to) {
    uint64_t until_ns = 0;
    for (uint32_t i = 0; network->obstructed != 0 && i < network->description->fault_count; i++) {
        const struct description_fault *fault = &network->description->faults[i];
        if (network->obstacles[i].in_force && fault->kind == (uint32_t)kind &&
            network_fault_covers(fault, from, to)) {
            const uint64_t next_ns = retry_ns(network, i);
            until_ns = next_ns > until_ns ? next_ns : until_ns;
        }
    }
    return until_ns;
}

/* The same of partitions. */
static uint64_t cut_ns(const struct network *network, uint32_t from, uint32_t to) {
    return obstructed_ns(network, DESCRIPTION_PARTITION, from, to);
}

uint64_t network_clogged_ns(const struct network *network, uint32_t from, uint32_t to) {
    return obstructed_ns(network, DESCRIPTION_CLOG, from, to);
}

bool network_refuses(const struct network *network, uint32_t node) {
    for (uint32_t i = 0; network->obstructed != 0 && i < network->description->fault_count; i++) {
        const struct description_fault *fault = &network->description->faults[i];
        if (network->obstacles[i].in_force && fault->kind == DESCRIPTION_REFUSAL &&
            (fault->from == 0 || fault->from == node)) {
            return true;
        }
    }
    return false;
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
                                              const struct network_path *path) {
    return path->link == LINK_DEFAULT ? &description_link_default
                                      : &network->description->links[path->link - 1];
}

/* The row of its table that a message takes. */
static struct description_latency latency_draw(struct network *network,
                                               const struct description_link *link,
                                               uint32_t from,
                                               struct decider *who,
                                               const void *site) {
    if (link->table_count == 0) {
        return (struct description_latency){1, link->latency_min_ns, link->latency_max_ns};
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < link->table_count; i++) {
        sum += link->table[i].weight;
    }
    uint64_t drawn = choices_draw(network->schedule->choices, CHOICE_LATENCY, from, who, site, sum);
    uint32_t row = 0;
    while (drawn >= link->table[row].weight) {
        drawn -= link->table[row++].weight;
    }
    return link->table[row];
}

struct network_passage network_pass(struct network *network,
                                    uint32_t from,
                                    uint32_t to,
                                    uint32_t size,
                                    struct decider *who,
                                    const void *site) {
    uint64_t when = schedule_now_ns(network->schedule);
    if (from == to) {
        when += NETWORK_LOOPBACK_NS;
        return (struct network_passage){when, when, when};
    }
    struct network_path *path = path_of(network, from, to);
    const struct description_link *link = link_of(network, path);
    if (link->bandwidth_bps != 0) {
        when = path->free_ns > when ? path->free_ns : when;
        when += size * NS_PER_S / link->bandwidth_bps;
        path->free_ns = when;
    }
    const struct description_latency latency = latency_draw(network, link, from, who, site);
    const uint64_t range = latency.greatest_ns - latency.least_ns;
    struct network_passage passage = {when + latency.least_ns,
                                      when + link->latency_min_ns,
                                      when + link->latency_max_ns};
    if (range >= NETWORK_LATENCY_STEP_NS) {
        passage.due_ns +=
            NETWORK_LATENCY_STEP_NS * choices_draw(network->schedule->choices,
                                                   CHOICE_LATENCY,
                                                   from,
                                                   who,
                                                   site,
                                                   range / NETWORK_LATENCY_STEP_NS + 1);
    }
    return passage;
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

/* Whether what waits for the link's bandwidth leaves no room. */
static bool is_full(const struct network *network,
                    const struct network_path *path,
                    const struct description_link *link,
                    uint32_t size) {
    const uint64_t now_ns = schedule_now_ns(network->schedule);
    if (link->queue_bytes == 0 || path->free_ns <= now_ns) {
        return false;
    }
    const uint64_t waits_ns = path->free_ns - now_ns + size * NS_PER_S / link->bandwidth_bps;
    return waits_ns > link->queue_bytes * NS_PER_S / link->bandwidth_bps;
}

bool network_lost(struct network *network,
                  uint32_t from,
                  uint32_t to,
                  uint32_t size,
                  struct decider *who,
                  const void *site) {
    if (from == to) {
        return false;
    }
    const struct network_path *path = path_of(network, from, to);
    const struct description_link *link = link_of(network, path);
    return cut_ns(network, from, to) != 0 || is_full(network, path, link, size) ||
           (!is_calm(network, from, to) &&
            chance(network, CHOICE_LOSS, from, link->loss_ppm, who, site));
}

bool network_duplicated(struct network *network,
                        uint32_t from,
                        uint32_t to,
                        struct decider *who,
                        const void *site) {
    if (from == to || is_calm(network, from, to)) {
        return false;
    }
    const struct description_link *link = link_of(network, path_of(network, from, to));
    return chance(network, CHOICE_DUPLICATE, from, link->duplicate_ppm, who, site);
}

uint64_t network_blocked_ns(const struct network *network, uint32_t from, uint32_t to) {
    const uint64_t until_ns = cut_ns(network, from, to);
    const struct network_absence *absence = &network->absences[to];
    if (network->absent == 0 || !absence->gone || from == to) {
        return until_ns;
    }
    const bool is_known = absence->until_ns != AGENDA_NEVER && !network->may_calm;
    const uint64_t next_ns =
        is_known ? absence->until_ns : again_ns(network, absence->began_ns, absence->until_ns);
    return next_ns > until_ns ? next_ns : until_ns;
}

void network_event(struct network *network,
                   enum point_kind kind,
                   uint32_t node,
                   uint32_t object,
                   int64_t result) {
    schedule_world_event(network->schedule, kind, node, object, result);
}
