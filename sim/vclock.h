/* Virtual time of one run, and what the clocks of its nodes show of it.
 *
 *   now_ns ◄──moves── the scheduler: a little per call, a jump when idle
 *     │  vclock_local_ns ───────────────► a node's own time: its rate, since the run began
 *     │ ◄─────────────── vclock_world_ns      + VCLOCK_BOOT_NS            = its monotonic clock
 *     │                                       + VCLOCK_EPOCH_NS + offset  = its wall clock
 *     └── the network and the trace
 *
 * What a program gives as a duration or a deadline is by its node's clock, and is turned into the
 * time of the run where it is asked for. A node with a tick has timers of no finer resolution, as a
 * kernel without high-resolution timers: its clocks show multiples of it, deadlines are rounded up.
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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VCLOCK_CALL_NS 200u                           /* what one point costs */
#define VCLOCK_NS_MAX (UINT64_C(1) << 62)             /* 146 years */
#define VCLOCK_BOOT_NS UINT64_C(100000000000)         /* monotonic clocks start at 100 s */
#define VCLOCK_EPOCH_NS UINT64_C(1767225600000000000) /* wall clocks start at 2026-01-01 UTC */
#define VCLOCK_RATE 1000000u                          /* of a clock without drift */

/* A deadline is a time of the run; with this bit and not the next one (AGENDA_NEVER and its like
 * have both) it is one of the wall clock of who waits, which may be set meanwhile. */
#define VCLOCK_WALL (UINT64_C(1) << 63)

/* A node's clock. */
struct vclock_node {
    uint32_t rate;     /* nanoseconds that it counts in VCLOCK_RATE of the run's */
    uint64_t tick_ns;  /* 1 = none */
    int64_t offset_ns; /* of the wall clock, -VCLOCK_EPOCH_NS at least */
};

struct vclock {
    uint64_t now_ns;
    const struct vclock_node *nodes; /* by node; NULL: every clock is right */
};

/* ---- one clock ---- */

/* What a clock that counts `rate` has counted when the run is so old; at most VCLOCK_NS_MAX. */
static inline uint64_t vclock_local_ns(uint32_t rate, uint64_t world_ns) {
    const uint64_t world = world_ns < VCLOCK_NS_MAX ? world_ns : VCLOCK_NS_MAX;
    const uint64_t local = world / VCLOCK_RATE * rate + world % VCLOCK_RATE * rate / VCLOCK_RATE;
    return local < VCLOCK_NS_MAX ? local : VCLOCK_NS_MAX;
}

/* The first time of the run at which such a clock has counted so much; at most VCLOCK_NS_MAX. */
static inline uint64_t vclock_world_ns(uint32_t rate, uint64_t local_ns) {
    const uint64_t local = local_ns < VCLOCK_NS_MAX ? local_ns : VCLOCK_NS_MAX;
    const uint64_t world =
        local / rate * VCLOCK_RATE + (local % rate * VCLOCK_RATE + rate - 1) / rate;
    return world < VCLOCK_NS_MAX ? world : VCLOCK_NS_MAX;
}

static inline uint64_t vclock_up(uint64_t ns, uint64_t tick_ns) {
    return (ns + tick_ns - 1) / tick_ns * tick_ns;
}
/* Where a wall clock stood when the run began, if it was not set since. */
static inline uint64_t vclock_start_ns(const struct vclock_node *node) {
    return VCLOCK_EPOCH_NS + (uint64_t)node->offset_ns;
}

/* Its own time since the run began, exactly. */
static inline uint64_t vclock_own_ns(const struct vclock *clock, uint32_t node) {
    return clock->nodes == NULL ? clock->now_ns
                                : vclock_local_ns(clock->nodes[node].rate, clock->now_ns);
}

/* What a wall clock (CLOCK_REALTIME, time(), gettimeofday()) shows, exactly. */
static inline uint64_t vclock_wall_exact_ns(const struct vclock *clock, uint32_t node) {
    const uint64_t own = vclock_own_ns(clock, node);
    return own + (clock->nodes == NULL ? VCLOCK_EPOCH_NS : vclock_start_ns(&clock->nodes[node]));
}

static inline uint64_t vclock_tick_ns(const struct vclock *clock, uint32_t node) {
    return clock->nodes == NULL ? 1 : clock->nodes[node].tick_ns;
}

/* What programs see of it. */
static inline uint64_t vclock_wall_ns(const struct vclock *clock, uint32_t node) {
    const uint64_t exact = vclock_wall_exact_ns(clock, node);
    return exact - exact % vclock_tick_ns(clock, node);
}

/* What CLOCK_MONOTONIC and its kin show: time since a boot that was a little before the run. */
static inline uint64_t vclock_monotonic_ns(const struct vclock *clock, uint32_t node) {
    const uint64_t exact = VCLOCK_BOOT_NS + vclock_own_ns(clock, node);
    return exact - exact % vclock_tick_ns(clock, node);
}

/* When a node's own time is this one. */
static inline uint64_t vclock_due_ns(const struct vclock *clock, uint32_t node, uint64_t own_ns) {
    if (clock->nodes == NULL) {
        return own_ns;
    }
    const struct vclock_node *its = &clock->nodes[node];
    const uint64_t shown = vclock_up(VCLOCK_BOOT_NS + own_ns, its->tick_ns);
    return vclock_world_ns(its->rate, shown - VCLOCK_BOOT_NS);
}

/* When its wall clock is this one, unless it is set meanwhile; 0 = before the run began. */
static inline uint64_t
vclock_wall_due_ns(const struct vclock *clock, uint32_t node, uint64_t wall_ns) {
    if (clock->nodes == NULL) {
        return wall_ns > VCLOCK_EPOCH_NS ? wall_ns - VCLOCK_EPOCH_NS : 0;
    }
    const struct vclock_node *its = &clock->nodes[node];
    const uint64_t start = vclock_start_ns(its);
    const uint64_t shown = vclock_up(wall_ns, its->tick_ns);
    return shown > start ? vclock_world_ns(its->rate, shown - start) : 0;
}

/* When a duration ends that begins now. */
static inline uint64_t
vclock_after_ns(const struct vclock *clock, uint32_t node, uint64_t duration_ns) {
    return clock->nodes == NULL
               ? clock->now_ns + duration_ns
               : vclock_due_ns(clock, node, vclock_own_ns(clock, node) + duration_ns);
}

/* A deadline by a node's wall clock. */
static inline uint64_t
vclock_wall_deadline(const struct vclock *clock, uint32_t node, uint64_t wall_ns) {
    const uint64_t capped = wall_ns < VCLOCK_NS_MAX ? wall_ns : VCLOCK_NS_MAX - 1;
    return clock->nodes == NULL ? vclock_wall_due_ns(clock, node, wall_ns) : VCLOCK_WALL | capped;
}

static inline bool vclock_is_wall(uint64_t deadline) {
    return deadline >> 62 == VCLOCK_WALL >> 62;
}

/* When a deadline of a node's comes, as its clock stands. */
static inline uint64_t
vclock_deadline_ns(const struct vclock *clock, uint32_t node, uint64_t deadline) {
    return vclock_is_wall(deadline) ? vclock_wall_due_ns(clock, node, deadline & ~VCLOCK_WALL)
                                    : deadline;
}

#endif
