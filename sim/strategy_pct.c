#include "sim/strategy_pct.h"

#include "sim/panic.h"

/* Priorities of agents lie above all that a demotion hands out. */
#define FIRST_PRIORITY (UINT64_C(1) << 62)

void strategy_pct_begin(struct strategy_pct *pct,
                        uint32_t depth,
                        uint64_t steps,
                        struct random *random) {
    ASSERT(depth >= 1 && depth <= STRATEGY_PCT_DEPTH_MAX);
    pct->depth = depth;
    pct->lowest = FIRST_PRIORITY - 1;
    strategy_moments_begin(&pct->changes, depth - 1, steps, random);
}

uint64_t strategy_pct_birth(const struct strategy_pct *pct, struct random *random) {
    ASSERT(pct->depth >= 1);
    return FIRST_PRIORITY + (random_next(random) >> 2);
}

void strategy_pct_demote(struct strategy_pct *pct, uint64_t *priority) {
    ASSERT(pct->lowest > 0);
    *priority = pct->lowest--;
}

static uint32_t highest(const struct candidates *set) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < set->count; i++) {
        if (set->priority[set->ready[i]] > set->priority[set->ready[best]]) {
            best = i;
        }
    }
    return best;
}

uint32_t strategy_pct_pick(struct strategy_pct *pct, const struct candidates *set) {
    ASSERT(set->count >= 2);
    strategy_moments_step(&pct->changes);
    uint32_t best = highest(set);
    while (strategy_moments_due(&pct->changes)) {
        strategy_pct_demote(pct, &set->priority[set->ready[best]]);
        best = highest(set);
    }
    return best;
}
