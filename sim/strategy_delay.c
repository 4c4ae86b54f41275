#include "sim/strategy_delay.h"

#include "sim/panic.h"

void strategy_delay_begin(struct strategy_delay *delay,
                          uint32_t delays,
                          uint64_t steps,
                          struct random *random) {
    ASSERT(delays >= 1);
    strategy_moments_begin(&delay->moments, delays, steps, random);
}

/* Where the turn goes that `place` does not get. Behind the one that is ready longest no order is
 * kept, so that it is drawn. */
static uint32_t after(const struct candidates *set, uint32_t place, struct random *random) {
    if (place != set->longest) {
        return set->longest;
    }
    return candidates_place(place, 1 + (uint32_t)random_below(random, set->count - 1));
}

uint32_t strategy_delay_pick(struct strategy_delay *delay,
                             const struct candidates *set,
                             bool spinning,
                             struct random *random) {
    ASSERT(set->count >= 2);
    strategy_moments_step(&delay->moments);
    uint32_t place = spinning ? set->longest : set->production;
    while (strategy_moments_due(&delay->moments)) {
        place = after(set, place, random);
    }
    return place;
}
