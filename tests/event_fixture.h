/* Candidates of whom it is known what they are about to do.
 *
 *   event_fixture_announce(2, site, object, true)   agent 2 is about to write
 *   strategy_pos_pick(event_fixture_set(3), …)      of agents 1 to 3
 */
#ifndef TESTS_EVENT_FIXTURE_H
#define TESTS_EVENT_FIXTURE_H

#include <stdint.h>
#include <string.h>

#include "sim/candidates.h"

#define EVENT_FIXTURE_AGENTS 4

static struct agent event_fixture_agents[EVENT_FIXTURE_AGENTS + 1];
static uint64_t event_fixture_priority[EVENT_FIXTURE_AGENTS + 1];

static inline void event_fixture_clear(void) {
    memset(event_fixture_agents, 0, sizeof event_fixture_agents);
    memset(event_fixture_priority, 0, sizeof event_fixture_priority);
}

static inline void
event_fixture_announce(uint32_t agent, uintptr_t site, uint32_t object, bool write) {
    event_fixture_agents[agent].kind = AGENT_THREAD;
    event_fixture_agents[agent].pending = (struct point){.kind = POINT_ATOMIC_UPDATE,
                                                         .write = write,
                                                         .object = object,
                                                         .site = (const void *)site};
}

/* Agents 1 … count, at places 0 … */
static inline const struct candidates *event_fixture_set(uint32_t count) {
    static const uint32_t ready[EVENT_FIXTURE_AGENTS] = {1, 2, 3, 4};
    static struct agent_table table;
    static struct candidates set;
    table.pool.records = (unsigned char *)event_fixture_agents;
    set = (struct candidates){.ready = ready,
                              .count = count,
                              .priority = event_fixture_priority,
                              .agents = &table};
    return &set;
}

#endif
