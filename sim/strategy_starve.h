/* Starvation: from a random step on one agent gets no turn for long, as a thread does that the
 * kernel has put aside; all else is random.
 *
 * It goes on when nothing else can. How long it waits is drawn: an eighth of a run's steps to all
 * of them.
 *
 * Memory:      part of the strategy.
 * Determinism: integers; a run's steps come from a seed-independent probe run and are stored in the
 *              case.
 * Source:      the high-priority-only intervals of rr's chaos mode (O'Callahan, "Introducing rr
 *              chaos mode", 2016). Differs: one agent, once a run.
 */
#ifndef SIM_STRATEGY_STARVE_H
#define SIM_STRATEGY_STARVE_H

#include <stdint.h>

#include "sim/candidates.h"
#include "sim/random.h"
#include "sim/strategy_moments.h"

struct strategy_starve {
    struct strategy_moments moments; /* one: when it begins */
    uint64_t length;
    uint64_t until; /* the step at which it is over; 0 = it has not begun */
    uint32_t starved;
};

void strategy_starve_begin(struct strategy_starve *starve, uint64_t steps, struct random *random);

/* Position in set->ready of the agent that goes on. */
uint32_t strategy_starve_pick(struct strategy_starve *starve,
                              const struct candidates *set,
                              struct random *random);

#endif
