/* Who may go on at a point: what a strategy sees, and all that it sees.
 *
 * Places in `ready` (sim/order.h) are a function of the run's history. Alternative numbers are
 * derived from places so that alternative 0 is what production would do.
 *
 * Memory:      borrowed from the scheduler for one call.
 * Determinism: no addresses, no time.
 */
#ifndef SIM_CANDIDATES_H
#define SIM_CANDIDATES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/agent.h"

struct candidates {
    const uint32_t *ready; /* agents that may go on */
    uint32_t count;        /* at least 2: a point with one candidate counts for nothing */
    uint32_t production;   /* place of alternative 0 in `ready` */
    bool stays;            /* alternative 0 is the running thread, and it did not yield */
    uint32_t running;      /* agent that runs, 0 = none; in `ready` unless it waits or ended */
    uint32_t streak;       /* decisions in a row that kept the running thread */
    uint32_t longest;      /* place of the other that is longest ready */
    uint64_t *priority;    /* by agent; the strategy's own, set by strategy_birth */
    const struct agent_table *agents; /* NULL: nobody's event is known */
};

/* What the agent at a place is about to do; NULL = that is not known. */
static inline const struct point *candidates_event(const struct candidates *set, uint32_t place) {
    if (set->agents == NULL) {
        return NULL;
    }
    const struct agent *agent = agent_at(set->agents, set->ready[place]);
    return agent->kind == AGENT_THREAD ? &agent->pending : NULL;
}

/* Alternative number of a place, and back. Without branches: which agent was picked is random by
 * design, and every branch on it would be mispredicted half of the time. */
static inline uint32_t candidates_alternative(uint32_t production, uint32_t place) {
    const uint32_t other = place + (uint32_t)(place < production);
    return other & (0u - (uint32_t)(place != production));
}

static inline uint32_t candidates_place(uint32_t production, uint32_t alternative) {
    const uint32_t other = alternative - (uint32_t)(alternative <= production);
    return alternative == 0 ? production : other;
}

#endif
