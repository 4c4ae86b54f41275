/* Identity that survives another schedule, another build's addresses and another machine.
 *
 *   thread  (parent, its n-th child)      object  (creator, its n-th creation)
 *
 * Display ids (1, 2, 3 …) follow creation order within one run and are for people, ties and the
 * trace. Identities are for everything that compares two different runs: choice labels, tolerant
 * replay, strategies that aim at an object, shrinking.
 *
 * Memory:      64-bit values; the pair is mixed, so a chain of creators folds into one word.
 * Errors:      none; two identities of one run collide with probability below 2^-40.
 * Threads:     pure functions.
 * Determinism: never an address.
 */
#ifndef SIM_IDENTITY_H
#define SIM_IDENTITY_H

#include <stdint.h>

#include "sim/random.h"

/* What is being created; a thread and an object with the same creator and number differ. */
enum identity_class {
    IDENTITY_NODE = 1,
    IDENTITY_THREAD,
    IDENTITY_OBJECT,
    IDENTITY_TIMER,
    IDENTITY_CONSTRAINT,
    IDENTITY_CLOCK,
    IDENTITY_FAULT,
};

static inline uint64_t identity_make(enum identity_class class, uint64_t creator, uint64_t nth) {
    return random_mix(random_mix(creator, (uint64_t) class), nth);
}

#endif
