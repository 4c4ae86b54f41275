/* What a few fixed runs of a scenario have shown: which accesses may meet.
 *
 *   probe runs ─► pairs of sites that touch one object in two threads ─► strategy_reads.h
 *
 * The runs are the same for each seed, so that a seed means the same in every campaign. Pairs are
 * in order of their first appearance there; where code lies does not matter.
 *
 * Memory:      plain data; lies in memory shared with the supervisor, which fills it.
 * Limits:      PROFILE_PAIRS_MAX; later ones are left out.
 * Errors:      none.
 * Threads:     written while no run goes on.
 * Determinism: sites are compared for equality alone.
 */
#ifndef SIM_PROFILE_H
#define SIM_PROFILE_H

#include <stdint.h>

#define PROFILE_PAIRS_MAX 1024u

struct profile_pair {
    uint64_t writes, reads; /* sites: addresses in this worker */
};

struct profile {
    uint32_t id; /* tells one from another; 0 = there is none */
    uint32_t count;
    struct profile_pair pairs[PROFILE_PAIRS_MAX];
};

#endif
