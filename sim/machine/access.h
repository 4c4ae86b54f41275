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

/* True when plain accesses are to be compared with others'. */
static inline bool access_is_compared(void) {
    return __builtin_expect(machine.watches, 0) && hook_simulated();
}

/* What an access that is announced is about. */
struct access_place {
    struct granule *granule; /* of the first byte; NULL = nothing was announced */
    uint32_t object;         /* its display id then */
};

/* Announces one. */
static inline struct access_place access_announce(enum point_kind kind,
                                                  const volatile void *address,
                                                  uint32_t size,
                                                  int order,
                                                  const void *site) {
    struct granule *granule = granule_named(&machine.world.granules, (uintptr_t)address);
    const struct access_place place = {granule, granule->object};
    const struct point point = {.kind = (uint16_t)kind,
                                .order = (uint8_t)order,
                                .write = kind != POINT_ATOMIC_LOAD && kind != POINT_MEMORY_LOAD,
                                .size = size,
                                .object = place.object,
                                .offset = (uint32_t)((uintptr_t)address & 7),
                                .site = site};
    schedule_point(hook_schedule(), &point);
    return place;
}

/* Tells of an atomic operation that has just taken effect, if that is of interest: memory held
 * `before`, and holds `value` now. Returns what a load sees. */
static inline uint64_t access_atomic(const struct access_place *place,
                                     const volatile void *address,
                                     uint32_t size,
                                     enum shadow_kind kind,
                                     int order,
                                     uint64_t before,
                                     uint64_t value,
                                     const void *site) {
    if (__builtin_expect(!machine.watches, 1)) {
        return before;
    }
    const struct shadow_operation operation = {.granule = place->granule,
                                               .address = (uintptr_t)address,
                                               .size = size,
                                               .kind = kind,
                                               .order = order};
    return shadow_atomic(&machine.world.shadow, &operation, before, value, site);
}

/* A comparison looks at what memory holds; returns what it sees, `held` if it is to exchange. */
static inline uint64_t access_look(const struct access_place *place,
                                   const volatile void *address,
                                   uint32_t size,
                                   int order,
                                   uint64_t held,
                                   uint64_t expected,
                                   const void *site) {
    const bool may_see_older = machine.watches && machine.world.shadow.locations.weak;
    if (__builtin_expect(!machine.watches || (held == expected && !may_see_older), 1)) {
        return held;
    }
    const struct shadow_operation operation = {.granule = place->granule,
                                               .address = (uintptr_t)address,
                                               .size = size,
                                               .kind = SHADOW_LOAD,
                                               .order = order,
                                               .compares = true,
                                               .expected = expected};
    return shadow_atomic(&machine.world.shadow, &operation, held, 0, site);
}

/* It has taken effect; a value that was read or written. */
static inline void access_event(enum point_kind kind,
                                const struct access_place *place,
                                int64_t value,
                                const void *site) {
    const bool is_small = value > -POINT_VALUE_LARGE && value < POINT_VALUE_LARGE;
    schedule_event_now(hook_schedule(),
                       kind,
                       place->object,
                       is_small ? value : POINT_VALUE_LARGE,
                       site);
}

#endif
