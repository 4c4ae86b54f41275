/* The part of sim/scenario.h that says what may come before what. Numbers are indices + 1. */
#include <stdio.h>
#include <string.h>

#include "sim/demand.h"
#include "sim/machine/hook.h"
#include "sim/reader.h"
#include "sim/scenario.h"

/* ---- occasions ---- */

static uint32_t occasion_add(struct sim_world *world, const struct occasion *occasion) {
    return demand_occasion(hook_description(world), occasion) + 1; /* 0 when refused */
}

HOOK uint32_t sim_on_mark(struct sim_world *world, uint32_t node, const char *name, uint32_t nth) {
    struct occasion occasion = {.instant = OCCASION_MARK, .node = node, .nth = nth};
    if (name == NULL || name[0] == '\0' || strlen(name) >= sizeof occasion.name) {
        description_refuse(hook_description(world),
                           "the mark \"%.64s\" must have 1 to 31 characters",
                           name == NULL ? "" : name);
        return 0;
    }
    memcpy(occasion.name, name, strlen(name));
    return occasion_add(world, &occasion);
}

/* POINT_KIND_COUNT when refused. */
static unsigned call_find(struct sim_world *world, const char *call) {
    const unsigned kind = call == NULL ? POINT_KIND_COUNT : point_find(call);
    if (kind == POINT_KIND_COUNT) {
        description_refuse(hook_description(world),
                           "there is no call \"%.64s\"; sim trace shows their words",
                           call == NULL ? "" : call);
    }
    return kind;
}

HOOK uint32_t sim_on_call(struct sim_world *world, uint32_t node, const char *call, uint32_t nth) {
    const struct occasion occasion = {.instant = OCCASION_CALL,
                                      .node = node,
                                      .call = call_find(world, call),
                                      .nth = nth};
    return occasion.call == POINT_KIND_COUNT ? 0 : occasion_add(world, &occasion);
}

HOOK uint32_t sim_on_return(struct sim_world *world,
                            uint32_t node,
                            const char *call,
                            uint32_t nth) {
    const struct occasion occasion = {.instant = OCCASION_RETURNS,
                                      .node = node,
                                      .call = call_find(world, call),
                                      .nth = nth};
    if (occasion.call == POINT_KIND_COUNT) {
        return 0;
    }
    if (!point_is_call(occasion.call)) {
        description_refuse(hook_description(world), "\"%.64s\" is no call that returns", call);
        return 0;
    }
    return occasion_add(world, &occasion);
}

static uint32_t message_add(struct sim_world *world,
                            enum occasion_instant instant,
                            uint32_t from,
                            uint32_t to,
                            uint32_t nth) {
    const struct occasion occasion = {.instant = (uint32_t)instant,
                                      .node = to,
                                      .peer = from,
                                      .nth = nth};
    return occasion_add(world, &occasion);
}

HOOK uint32_t sim_on_message(struct sim_world *world, uint32_t from, uint32_t to, uint32_t nth) {
    return message_add(world, OCCASION_ARRIVES, from, to, nth);
}

HOOK uint32_t sim_on_sent(struct sim_world *world, uint32_t from, uint32_t to, uint32_t nth) {
    return message_add(world, OCCASION_SENT, from, to, nth);
}

HOOK uint32_t sim_on_read(struct sim_world *world, uint32_t from, uint32_t to, uint32_t nth) {
    return message_add(world, OCCASION_READ, from, to, nth);
}

HOOK uint32_t sim_on_timer(struct sim_world *world, uint32_t node, uint32_t nth) {
    const struct occasion occasion = {.instant = OCCASION_EXPIRES, .node = node, .nth = nth};
    return occasion_add(world, &occasion);
}

HOOK uint32_t sim_on_armed(struct sim_world *world, uint32_t node, uint32_t nth) {
    const struct occasion occasion = {.instant = OCCASION_ARMED, .node = node, .nth = nth};
    return occasion_add(world, &occasion);
}

HOOK uint32_t sim_on_time(struct sim_world *world, uint64_t at_ns) {
    const struct occasion occasion = {.instant = OCCASION_TIME, .nth = 1, .at_ns = at_ns};
    return occasion_add(world, &occasion);
}

HOOK uint32_t sim_on_exit(struct sim_world *world, uint32_t node) {
    const struct occasion occasion = {.instant = OCCASION_EXITS, .node = node, .nth = 1};
    return occasion_add(world, &occasion);
}

static uint32_t
life_add(struct sim_world *world, enum occasion_instant instant, uint32_t node, uint32_t nth) {
    const struct occasion occasion = {.instant = (uint32_t)instant, .node = node, .nth = nth};
    return occasion_add(world, &occasion);
}

HOOK uint32_t sim_on_crash(struct sim_world *world, uint32_t node, uint32_t nth) {
    return life_add(world, OCCASION_CRASHES, node, nth);
}

HOOK uint32_t sim_on_start(struct sim_world *world, uint32_t node, uint32_t nth) {
    return life_add(world, OCCASION_BEGINS, node, nth);
}

HOOK uint32_t sim_when(struct sim_world *world,
                       const char *counter,
                       struct sim_bound bound,
                       uint64_t within_ns) {
    struct occasion occasion = {.instant = OCCASION_HOLDS,
                                .node = bound.node,
                                .nth = 1,
                                .at_ns = within_ns,
                                .comparison = (uint32_t)bound.comparison,
                                .value = bound.value};
    const bool from_start = bound.comparison == DESCRIPTION_EQUAL     ? bound.value == 0
                            : bound.comparison == DESCRIPTION_AT_MOST ? bound.value >= 0
                                                                      : bound.value <= 0;
    if (counter == NULL || bound.occasion != 0 || counter[0] == '\0' ||
        strlen(counter) >= sizeof occasion.name) {
        description_refuse(hook_description(world),
                           "what an occasion waits for is a counter, with 1 to 31 characters");
        return 0;
    }
    if (from_start) {
        description_refuse(hook_description(world),
                           "counter \"%s\" is that from the start, so it never comes to be",
                           counter);
        return 0;
    }
    memcpy(occasion.name, counter, strlen(counter));
    return occasion_add(world, &occasion);
}

static const enum occasion_instant instants[] = {
    [SIM_STARTS] = OCCASION_STARTS,
    [SIM_BLOCKS] = OCCASION_BLOCKS,
    [SIM_WAKES] = OCCASION_WAKES,
    [SIM_ENDS] = OCCASION_ENDS,
};

HOOK uint32_t sim_on_thread(struct sim_world *world,
                            uint32_t node,
                            enum sim_thread_instant instant,
                            uint32_t nth) {
    if ((unsigned)instant >= sizeof instants / sizeof instants[0]) {
        description_refuse(hook_description(world), "a thread has no such instant");
        return 0;
    }
    const struct occasion occasion = {.instant = instants[instant], .node = node, .nth = nth};
    return occasion_add(world, &occasion);
}

HOOK uint32_t sim_on_task(struct sim_world *world,
                          uint32_t node,
                          const char *name,
                          enum sim_thread_instant instant,
                          uint32_t nth) {
    struct occasion occasion = {.node = node, .nth = nth};
    if ((unsigned)instant >= sizeof instants / sizeof instants[0] || name[0] == '\0' ||
        strlen(name) >= sizeof occasion.name) {
        description_refuse(hook_description(world),
                           "the task \"%.64s\" must have 1 to 31 characters",
                           name);
        return 0;
    }
    occasion.instant = instants[instant];
    memcpy(occasion.name, name, strlen(name));
    return occasion_add(world, &occasion);
}

HOOK void sim_task(const char *name, enum sim_thread_instant instant) {
    struct occasion fact = {.instant = instants[instant]};
    if (!hook_simulated() || !schedule_names(hook_schedule(), instants[instant]) ||
        strlen(name) >= sizeof fact.name) {
        return;
    }
    fact.node = hook_node();
    memcpy(fact.name, name, strlen(name));
    struct gates *gates = &machine.world.gates;
    const uint64_t occasions = gate_match(gates, &fact);
    if (occasion_not_held(&fact) != NULL) {
        gate_happen(gates, occasions);
        gate_settle(gates);
    } else {
        gate_pass(gates, occasions);
    }
}

/* ---- constraints ---- */

static uint32_t constraint_add(struct sim_world *world,
                               enum constraint_kind kind,
                               const uint32_t *numbers,
                               uint32_t count) {
    struct description *description = hook_description(world);
    uint32_t occasions[CONSTRAINT_OCCASIONS_MAX];
    for (uint32_t i = 0; i < count && i < CONSTRAINT_OCCASIONS_MAX; i++) {
        occasions[i] = numbers[i] - 1;
    }
    const struct constraint *added = demand_constraint(description, kind, occasions, count);
    return added == NULL ? 0 : description->demanded.count;
}

HOOK uint32_t sim_order(struct sim_world *world, const uint32_t *occasions, uint32_t count) {
    return constraint_add(world, CONSTRAINT_ORDER, occasions, count);
}

HOOK uint32_t sim_hold(struct sim_world *world, uint32_t occasion, uint32_t until) {
    return constraint_add(world, CONSTRAINT_HOLD, (const uint32_t[]){occasion, until}, 2);
}

HOOK uint32_t sim_never_between(struct sim_world *world,
                                uint32_t from,
                                uint32_t until,
                                uint32_t occasion) {
    return constraint_add(world, CONSTRAINT_NEVER, (const uint32_t[]){from, until, occasion}, 3);
}

HOOK uint32_t sim_race(struct sim_world *world, uint32_t a, uint32_t b) {
    return constraint_add(world, CONSTRAINT_RACE, (const uint32_t[]){a, b}, 2);
}

static struct constraint *constraint_of(struct sim_world *world, uint32_t number) {
    struct description *description = hook_description(world);
    if (number == 0 || number > description->demanded.count) {
        description_refuse(hook_description(world), "there is no such constraint");
        return NULL;
    }
    return &description->demanded.all[number - 1];
}

HOOK void sim_maybe(struct sim_world *world, uint32_t constraint, uint32_t n, uint32_t of) {
    struct constraint *found = constraint_of(world, constraint);
    if (n == 0 || n >= of) {
        description_refuse(hook_description(world),
                           "maybe() is in force in n of m runs, with 0 < n < m");
    } else if (found != NULL) {
        found->chance = n;
        found->chances = of;
    }
}

HOOK void sim_one_of(struct sim_world *world, const uint32_t *constraints, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct constraint *found = constraint_of(world, constraints[i]);
        if (found != NULL && found->group != 0) {
            description_refuse(hook_description(world), "a constraint is one of two groups");
        } else if (found != NULL) {
            found->group = constraints[0];
        }
    }
}
