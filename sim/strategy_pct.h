/* Probabilistic concurrency testing: random priorities, and depth - 1 random demotions.
 *
 * A bug of depth d is found by one run with probability at least 1 / (n k^(d-1)), for n agents and
 * k steps.
 *
 * Memory:      part of the strategy.
 * Limits:      STRATEGY_PCT_DEPTH_MAX.
 * Determinism: integers; k comes from a seed-independent probe run and is stored in the case.
 * Source:      Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with
 *              probabilistic guarantees of finding bugs", ASPLOS 2010, section 3. Differs: agents
 *              appear while the run goes on and get a priority then; an agent that yields, or
 *              spins for STRATEGY_SPIN_MAX steps, is put below all others, since a spinning
 *              thread of high priority would never let the others work.
 */
#ifndef SIM_STRATEGY_PCT_H
#define SIM_STRATEGY_PCT_H

#include <stdint.h>

#include "sim/candidates.h"
#include "sim/random.h"
#include "sim/strategy_moments.h"

#define STRATEGY_PCT_DEPTH_MAX STRATEGY_MOMENTS_MAX

struct strategy_pct {
    uint32_t depth;
    struct strategy_moments changes; /* depth - 1 of them */
    uint64_t lowest;                 /* priorities handed out to demoted agents, counting down */
};

void strategy_pct_begin(struct strategy_pct *pct,
                        uint32_t depth,
                        uint64_t steps,
                        struct random *random);

/* The priority of a new agent. */
uint64_t strategy_pct_birth(const struct strategy_pct *pct, struct random *random);

/* Position in set->ready of the agent that goes on. */
uint32_t strategy_pct_pick(struct strategy_pct *pct, const struct candidates *set);

/* Puts an agent below all others. */
void strategy_pct_demote(struct strategy_pct *pct, uint64_t *priority);

#endif
