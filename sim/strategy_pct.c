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
    pct->step = 0;
    pct->change_next = 0;
    pct->lowest = FIRST_PRIORITY - 1;
    const uint64_t bound = steps > 0 ? steps : 1;
    for (uint32_t i = 0; i + 1 < depth; i++) {
        const uint64_t point = 1 + random_below(random, bound);
        uint32_t j = i;
        while (j > 0 && pct->change_points[j - 1] > point) {
            pct->change_points[j] = pct->change_points[j - 1];
            j--;
        }
        pct->change_points[j] = point;
    }
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
    pct->step++;
    uint32_t best = highest(set);
    while (pct->change_next + 1 < pct->depth && pct->change_points[pct->change_next] <= pct->step) {
        pct->change_next++;
        strategy_pct_demote(pct, &set->priority[set->ready[best]]);
        best = highest(set);
    }
    return best;
}
