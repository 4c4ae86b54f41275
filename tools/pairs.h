/* Which sites touched one object in different threads, over the probe runs: the profile that
 * strategies draw wishes from (sim/profile.h).
 *
 *   pairs_clear ─► a probe run ─► pairs_gather … ─► pairs_tell ─► a worker that searches
 *
 * Sites are kept as offsets in images, so that another worker of the same module can be told.
 *
 * Memory:      the caller's.
 * Limits:      PROFILE_PAIRS_MAX pairs; of each run the events that its trace still has.
 * Determinism: in order of first appearance; the same for each seed.
 */
#ifndef TOOLS_PAIRS_H
#define TOOLS_PAIRS_H

#include <stdint.h>

#include "sim/machine/record.h"

/* Where code lies, whatever the worker. */
struct pairs_site {
    uint32_t image;
    uint64_t offset;
};

struct pairs {
    uint32_t count;
    struct pairs_site writes[PROFILE_PAIRS_MAX], reads[PROFILE_PAIRS_MAX];
};

void pairs_clear(struct pairs *pairs);

/* Adds what the last run shows. */
void pairs_gather(struct pairs *pairs, const struct record *record);

/* Lets a worker have them. Returns the profile's id, 0 when there are none. */
uint32_t pairs_tell(const struct pairs *pairs, struct record *record);

#endif
