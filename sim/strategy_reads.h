/* Reads-from constraints: this run prefers that some reads see some writes, or that they do not.
 *
 * One to three pairs (a site that writes, a site that reads) are drawn from the profile, each as a
 * wish or its opposite. Who is about to do what a wish wants goes before all others, who is about
 * to spoil it after all others; among equals partial order sampling decides (strategy_pos.h).
 *
 *   reads, wished     hold the read until the write is done, then let it come before another write
 *   reads, unwished   once the write is done, let another write come before the read
 *
 * A bug of a few orders of this kind is found regardless of how much else happens between.
 *
 * Memory:      part of the strategy; the profile is borrowed.
 * Limits:      STRATEGY_READS_MAX wishes; one that held somebody for STRATEGY_READS_PATIENCE picks
 *              is given up, since who is waited for may wait for whom is held.
 * Determinism: integers; the profile comes from seed-independent runs.
 * Source:      the scheduler of RFF: Wolff, Shi, Duck, Mathur, Roychoudhury, "Greybox fuzzing for
 *              concurrency testing", ASPLOS 2024, section 4. Differs: wishes are drawn anew for
 *              each run instead of evolved; they are about sites, not about threads.
 */
#ifndef SIM_STRATEGY_READS_H
#define SIM_STRATEGY_READS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/candidates.h"
#include "sim/profile.h"
#include "sim/random.h"
#include "sim/strategy_pos.h"

#define STRATEGY_READS_MAX 3
#define STRATEGY_READS_PATIENCE 400

struct strategy_wish {
    struct profile_pair pair;
    uint32_t object;   /* that the write was done to, 0 = it was not done yet */
    uint32_t patience; /* 0 = given up, or fulfilled */
    bool wished;
};

struct strategy_reads {
    struct strategy_wish wishes[STRATEGY_READS_MAX];
    uint32_t count;
    struct strategy_pos pos;
};

/* Without a profile, or with an empty one, there are no wishes. */
void strategy_reads_begin(struct strategy_reads *reads,
                          const struct profile *profile,
                          struct random *random);

/* Position in set->ready of the agent that goes on; see strategy_pos_pick. */
uint32_t strategy_reads_pick(struct strategy_reads *reads,
                             const struct candidates *set,
                             bool spinning,
                             struct random *random);

#endif
