#include "sim/strategy_pos.h"

#include "sim/panic.h"

void strategy_pos_draw(struct strategy_pos *pos,
                       const struct candidates *set,
                       struct random *random) {
    const bool all = ++pos->picks == STRATEGY_POS_PICKS;
    pos->picks = all ? 0 : pos->picks;
    for (uint32_t i = 0; i < set->count; i++) {
        uint64_t *priority = &set->priority[set->ready[i]];
        if (*priority == 0 || all) {
            *priority = random_next(random) | 1;
        }
    }
}

/* Whether it matters which of two announced events comes first. */
static bool rivals(const struct point *one, const struct point *other) {
    return one != NULL && other != NULL && one->object != 0 && one->object == other->object &&
           (one->write || other->write);
}

void strategy_pos_take(const struct candidates *set, uint32_t place) {
    const struct point *taken = candidates_event(set, place);
    for (uint32_t i = 0; i < set->count; i++) {
        if (i == place || rivals(candidates_event(set, i), taken)) {
            set->priority[set->ready[i]] = 0;
        }
    }
}

uint32_t strategy_pos_pick(struct strategy_pos *pos,
                           const struct candidates *set,
                           bool spinning,
                           struct random *random) {
    ASSERT(set->count >= 2);
    strategy_pos_draw(pos, set, random);
    uint32_t best = spinning ? set->longest : 0;
    for (uint32_t i = 0; i < set->count && !spinning; i++) {
        if (set->priority[set->ready[i]] > set->priority[set->ready[best]]) {
            best = i;
        }
    }
    strategy_pos_take(set, best);
    return best;
}
