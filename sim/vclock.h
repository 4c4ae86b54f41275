/* Virtual time of one run.
 *
 *   vclock_wall_ns, vclock_monotonic_ns ◄──read── now_ns ◄──moves── the scheduler: a little per
 *                                                                   call, a jump when idle
 *
 * Memory:      part of the world; nothing to free.
 * Limits:      VCLOCK_NS_MAX; a scenario's own limit ends a run long before.
 * Units:       nanoseconds since the run began.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: a function of the events so far; never asks the OS.
 */
#ifndef SIM_VCLOCK_H
#define SIM_VCLOCK_H

#include <stdint.h>

#define VCLOCK_CALL_NS 200u                           /* what one point costs */
#define VCLOCK_NS_MAX (UINT64_C(1) << 62)             /* 146 years */
#define VCLOCK_BOOT_NS UINT64_C(100000000000)         /* monotonic clocks start at 100 s */
#define VCLOCK_EPOCH_NS UINT64_C(1767225600000000000) /* wall clocks start at 2026-01-01 UTC */

struct vclock {
    uint64_t now_ns;
};

/* What a wall clock (CLOCK_REALTIME, time(), gettimeofday()) shows at a virtual time. */
static inline uint64_t vclock_wall_ns(uint64_t now_ns) {
    return VCLOCK_EPOCH_NS + now_ns;
}

/* What CLOCK_MONOTONIC and its kin show: time since a boot that was a little before the run. */
static inline uint64_t vclock_monotonic_ns(uint64_t now_ns) {
    return VCLOCK_BOOT_NS + now_ns;
}

#endif
