/* The clock that deadlines are measured by: CLOCK_MONOTONIC in nanoseconds.
 *
 * Threads: any. A build for a small machine has none.
 */
#ifndef EXECUTOR_CLOCK_H
#define EXECUTOR_CLOCK_H

#include <stdint.h>

#ifndef EX_SMALL
uint64_t ex_clock_now(void);
#else
static inline uint64_t ex_clock_now(void) {
    return 0;
}
#endif

#endif
