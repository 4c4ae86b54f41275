/* How many choices a run has, which decides where a strategy may do something out of turn.
 *
 *   probe_request(0) ─► a run ─► probe_steps … ─► probe_request(PROBE_RUNS - 1) ─► …
 *
 * So that a seed means the same in every campaign, it comes from runs of its own, with seeds of
 * their own, which count for nothing: one as production would do it, which often has few choices,
 * and random ones. The most that one of them has is taken.
 *
 * Memory:      borrows everything.
 * Determinism: the same for each seed.
 */
#ifndef TOOLS_PROBE_H
#define TOOLS_PROBE_H

#include "sim/machine/record.h"

#define PROBE_RUNS 3

/* Asks for the index-th of these runs. */
void probe_request(struct record_request *request, unsigned index, uint32_t level);

/* What is known of a run's choices when this one has come, too. */
uint64_t probe_steps(const struct record *record, uint64_t before);

#endif
