/* Delay bounding: what production would do, but for a few delays at random steps.
 *
 * A delay takes the turn from who would have it and gives it to who is ready longest. A bug that so
 * many delays show is found by one run with probability at least 1 / k^delays, for k steps,
 * however many agents there are.
 *
 * Memory:      part of the strategy.
 * Limits:      STRATEGY_DELAYS_MAX.
 * Determinism: integers; k comes from a seed-independent probe run and is stored in the case.
 * Source:      Emmi, Qadeer, Rakamaric, "Delay-bounded scheduling", POPL 2011, section 3. Differs:
 *              drawn at random instead of enumerated; the scheduler underneath is production's
 *              (sim/candidates.h), which who spins leaves after STRATEGY_SPIN_MAX steps.
 */
#ifndef SIM_STRATEGY_DELAY_H
#define SIM_STRATEGY_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/candidates.h"
#include "sim/random.h"
#include "sim/strategy_moments.h"

#define STRATEGY_DELAYS_MAX STRATEGY_MOMENTS_MAX

struct strategy_delay {
    struct strategy_moments moments;
};

void strategy_delay_begin(struct strategy_delay *delay,
                          uint32_t delays,
                          uint64_t steps,
                          struct random *random);

/* Position in set->ready of the agent that goes on. spinning: the running thread has had so many
 * turns in a row that it is skipped. */
uint32_t strategy_delay_pick(struct strategy_delay *delay,
                             const struct candidates *set,
                             bool spinning,
                             struct random *random);

#endif
