/* Candidates that no scheduler made. */
#ifndef TESTS_STRATEGY_FIXTURE_H
#define TESTS_STRATEGY_FIXTURE_H

#include "sim/candidates.h"

#define STRATEGY_FIXTURE_AGENTS 8

static const uint32_t strategy_fixture_ready[STRATEGY_FIXTURE_AGENTS] =
    {3, 1, 4, 8, 5, 2, 6, 7}; /* agents, in no order */

/* So many of them. The one at `running` runs and may go on; the one at `longest` waits longest. */
static inline struct candidates
strategy_fixture_staying(uint32_t count, uint32_t running, uint32_t longest) {
    return (struct candidates){.ready = strategy_fixture_ready,
                               .count = count,
                               .production = running,
                               .stays = true,
                               .running = strategy_fixture_ready[running],
                               .longest = longest};
}

#endif
