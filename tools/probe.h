/* What a few runs of their own tell of a scenario, before it is searched.
 *
 *   probe_request ─► a run ─► probe_learn … until probe_done ─► probe_tell ─► a searching worker
 *
 * So that a seed means the same in every campaign, these runs have seeds of their own, which count
 * for nothing: one is as production would do it, the others are random. They tell how many choices
 * a run has, which decides where a strategy may do something out of turn: the most that one of them
 * has; production's often has few. And which accesses may meet (tools/pairs.h), below the calls.
 *
 * Memory:      borrows records.
 * Determinism: the same for each seed.
 */
#ifndef TOOLS_PROBE_H
#define TOOLS_PROBE_H

#include <stdbool.h>

#include "sim/machine/record.h"
#include "tools/pairs.h"

struct probe {
    struct strategy_spec asked; /* what is to be searched with */
    unsigned runs;              /* so far */
    uint64_t steps;
    struct pairs pairs;
};

/* For a search with this strategy. */
void probe_open(struct probe *probe, const struct strategy_spec *asked);

/* True when the strategy needs no more runs. */
bool probe_done(const struct probe *probe);

/* Asks for the next run. */
void probe_request(const struct probe *probe, struct record_request *request);

/* It has come. */
void probe_learn(struct probe *probe, const struct record *record);

/* Lets a worker know; returns the strategy to search with. */
struct strategy_spec probe_tell(const struct probe *probe, struct record *record);

#endif
