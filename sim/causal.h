/* What happens before what, said where nobody may ask for it: nothing is done unless the run looks
 * for data races (sim/causality.h).
 *
 *   a lock is had ─► causal_gets        it is given up ─► causal_gives
 *
 * Memory:      none.
 * Errors:      as sim/causality.h.
 * Threads:     the world's only.
 * Determinism: as sim/causality.h.
 */
#ifndef SIM_CAUSAL_H
#define SIM_CAUSAL_H

#include "sim/causality.h"

static inline bool causal_asked(const struct schedule *schedule) {
    return __builtin_expect(schedule->causality != NULL, 0);
}

/* The running thread gives up an object, or has got it. */
static inline void causal_gives(struct schedule *schedule, uint32_t object) {
    if (causal_asked(schedule)) {
        causality_release(schedule->causality, object, CAUSALITY_MAIN);
    }
}

static inline void causal_gets(struct schedule *schedule, uint32_t object) {
    if (causal_asked(schedule)) {
        causality_acquire(schedule->causality, object, CAUSALITY_MAIN);
    }
}

/* It wakes a thread, which goes on because of that. */
static inline void causal_wakes(struct schedule *schedule, uint32_t agent) {
    if (causal_asked(schedule)) {
        causality_wake(schedule->causality, schedule_agent(schedule, agent)->id);
    }
}

/* It has read what a lock protects; it is to write that. */
static inline void causal_gives_as_reader(struct schedule *schedule, uint32_t object) {
    if (causal_asked(schedule)) {
        causality_release(schedule->causality, object, CAUSALITY_READERS);
    }
}

static inline void causal_gets_after_readers(struct schedule *schedule, uint32_t object) {
    if (causal_asked(schedule)) {
        causality_acquire(schedule->causality, object, CAUSALITY_READERS);
    }
}

/* It begins a call that others may see the effect of, or has seen the effect of others'. */
static inline void causal_tells(struct schedule *schedule) {
    if (causal_asked(schedule)) {
        causality_kernel_release(schedule->causality);
    }
}

static inline void causal_learns(struct schedule *schedule) {
    if (causal_asked(schedule)) {
        causality_kernel_acquire(schedule->causality);
    }
}

#endif
