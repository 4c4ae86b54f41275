/* Partial order sampling: each announced event has a random priority, and the first one's rivals
 * get new ones.
 *
 * Who was passed over by an event that races with its own is drawn anew, so that what does not race
 * does not wait for luck twice.
 *
 * Memory:      priorities by agent, the scheduler's; 0 = none yet.
 * Determinism: integers.
 * Source:      Yuan, Yang, Gu, "Partial order aware concurrency sampling", CAV 2018, algorithm 2.
 *              Differs: an event that is alone is not asked about, and its thread's next one keeps
 *              its priority; all are drawn anew from time to time, since an event with a low one
 *              and without rivals would wait for very long.
 */
#ifndef SIM_STRATEGY_POS_H
#define SIM_STRATEGY_POS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/candidates.h"
#include "sim/random.h"

#define STRATEGY_POS_PICKS 256 /* from one time that all are drawn anew to the next */

struct strategy_pos {
    uint32_t picks; /* since then */
};

/* Draws the priorities that are missing. */
void strategy_pos_draw(struct strategy_pos *pos,
                       const struct candidates *set,
                       struct random *random);

/* The event at this place goes first: it and its rivals lose their priorities. */
void strategy_pos_take(const struct candidates *set, uint32_t place);

/* Position in set->ready of the agent that goes on. spinning: the running thread has had so many
 * turns in a row that the one that waits longest comes first. */
uint32_t strategy_pos_pick(struct strategy_pos *pos,
                           const struct candidates *set,
                           bool spinning,
                           struct random *random);

#endif
