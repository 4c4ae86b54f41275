/* The steps of a run at which a strategy does something out of turn, drawn before it begins.
 *
 *   strategy_moments_begin ─► strategy_moments_step, once a pick ─► strategy_moments_due …
 *
 * Memory:      part of a strategy.
 * Limits:      STRATEGY_MOMENTS_MAX.
 * Determinism: integers; how many steps a run has comes from a seed-independent probe run.
 */
#ifndef SIM_STRATEGY_MOMENTS_H
#define SIM_STRATEGY_MOMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/random.h"

#define STRATEGY_MOMENTS_MAX 16

struct strategy_moments {
    uint32_t count, next;
    uint64_t step;
    uint64_t at[STRATEGY_MOMENTS_MAX]; /* in rising order, from 1 */
};

/* `count` moments within the first `steps` steps, all alike; two may be one. */
void strategy_moments_begin(struct strategy_moments *moments,
                            uint32_t count,
                            uint64_t steps,
                            struct random *random);

static inline void strategy_moments_step(struct strategy_moments *moments) {
    moments->step++;
}

/* True once for each moment that has come. */
static inline bool strategy_moments_due(struct strategy_moments *moments) {
    const bool due = moments->next < moments->count && moments->at[moments->next] <= moments->step;
    moments->next += due;
    return due;
}

#endif
