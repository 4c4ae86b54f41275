#include "sim/strategy_starve.h"

#include "sim/panic.h"

#define LENGTHS 4 /* of all steps, half, a quarter, an eighth */

void strategy_starve_begin(struct strategy_starve *starve, uint64_t steps, struct random *random) {
    strategy_moments_begin(&starve->moments, 1, steps, random);
    starve->length = (steps >> random_below(random, LENGTHS)) + 1;
    starve->until = 0;
    starve->starved = 0;
}

/* Its place among the candidates, `count` = it is none. */
static uint32_t place_of(const struct candidates *set, uint32_t agent) {
    uint32_t place = 0;
    while (place < set->count && set->ready[place] != agent) {
        place++;
    }
    return place;
}

uint32_t strategy_starve_pick(struct strategy_starve *starve,
                              const struct candidates *set,
                              struct random *random) {
    ASSERT(set->count >= 2);
    strategy_moments_step(&starve->moments);
    if (strategy_moments_due(&starve->moments)) {
        starve->starved = set->ready[random_below(random, set->count)];
        starve->until = starve->moments.step + starve->length;
    }
    const uint32_t starved =
        starve->moments.step < starve->until ? place_of(set, starve->starved) : set->count;
    if (starved == set->count) {
        return (uint32_t)random_below(random, set->count);
    }
    const uint32_t place = (uint32_t)random_below(random, set->count - 1);
    return place + (place >= starved);
}
