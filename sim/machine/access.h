/* Accesses to memory as points: what the hooks of instrumented sources share.
 *
 *   hook: access_announce ─► strategy decides who goes on ─► effect ─► access_event
 *
 * A thread that is at such a point has not looked yet, and goes on with what is there by then.
 *
 * Memory:      none.
 * Errors:      none.
 * Threads:     simulated threads, one at a time.
 * Determinism: events hold the word's display id; of values only small numbers, never an address.
 */
#ifndef SIM_MACHINE_ACCESS_H
#define SIM_MACHINE_ACCESS_H

#include "sim/machine/hook.h"

/* True when accesses of this level are points of the run that goes on. */
static inline bool access_is_point(enum level level) {
    return __builtin_expect(machine.level >= level, 0) && hook_simulated();
}

/* Announces one; returns the word's display id. */
static inline uint32_t access_announce(enum point_kind kind,
                                       const volatile void *address,
                                       uint32_t size,
                                       int order,
                                       const void *site) {
    const uint32_t object = granule_object(&machine.world.granules, address);
    const struct point point = {.kind = (uint16_t)kind,
                                .order = (uint8_t)order,
                                .write = kind != POINT_ATOMIC_LOAD && kind != POINT_MEMORY_LOAD,
                                .size = size,
                                .object = object,
                                .offset = (uint32_t)((uintptr_t)address & 7),
                                .site = site};
    schedule_point(hook_schedule(), &point);
    return object;
}

/* It has taken effect; a value that was read or written. */
static inline void
access_event(enum point_kind kind, uint32_t object, int64_t value, const void *site) {
    const bool is_small = value > -POINT_VALUE_LARGE && value < POINT_VALUE_LARGE;
    schedule_event_now(hook_schedule(), kind, object, is_small ? value : POINT_VALUE_LARGE, site);
}

#endif
