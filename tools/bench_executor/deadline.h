/* When the timers of a benchmark are due: the same for every runtime, and cheap to make. */
#ifndef TOOLS_BENCH_EXECUTOR_DEADLINE_H
#define TOOLS_BENCH_EXECUTOR_DEADLINE_H

#include <stdint.h>

#define DEADLINE_TIMERS 1000000u
#define DEADLINE_MS_MAX 1000u

/* The next of a sequence of whole milliseconds, from 1 to DEADLINE_MS_MAX; *state begins at 1. */
static inline uint32_t deadline_ms(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return 1 + (uint32_t)(((*state >> 32) * DEADLINE_MS_MAX) >> 32);
}

#endif
