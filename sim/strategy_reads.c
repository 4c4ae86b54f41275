#include "sim/strategy_reads.h"

#include "sim/panic.h"

void strategy_reads_begin(struct strategy_reads *reads,
                          const struct profile *profile,
                          struct random *random) {
    reads->count = 0;
    reads->pos.picks = 0;
    if (profile == NULL || profile->count == 0) {
        return;
    }
    reads->count = 1 + (uint32_t)random_below(random, STRATEGY_READS_MAX);
    for (uint32_t i = 0; i < reads->count; i++) {
        struct strategy_wish *wish = &reads->wishes[i];
        wish->pair = profile->pairs[random_below(random, profile->count)];
        wish->object = 0;
        wish->patience = STRATEGY_READS_PATIENCE;
        wish->wished = random_below(random, 2) == 0;
    }
}

/* What an event means to a wish: 1 = it is wanted, -1 = it is to wait, 0 = neither. */
static int meaning(const struct strategy_wish *wish, const struct point *event) {
    const uint64_t site = (uint64_t)(uintptr_t)event->site;
    const bool writes = site == wish->pair.writes;
    const bool reads = site == wish->pair.reads;
    if (wish->object == 0) {
        return !wish->wished ? 0 : writes ? 1 : reads ? -1 : 0;
    }
    if (event->object != wish->object) {
        return 0;
    }
    if (reads) {
        return wish->wished ? 1 : -1;
    }
    if (!event->write) {
        return 0;
    }
    return wish->wished ? -1 : 1;
}

/* Of all wishes together. */
static int tier_of(const struct strategy_reads *reads, const struct point *event) {
    int tier = 0;
    for (uint32_t i = 0; i < reads->count && event != NULL; i++) {
        if (reads->wishes[i].patience > 0) {
            tier += meaning(&reads->wishes[i], event);
        }
    }
    return tier;
}

/* The event takes effect. */
static void happen(struct strategy_wish *wish, const struct point *event) {
    const uint64_t site = (uint64_t)(uintptr_t)event->site;
    if (wish->object != 0 && event->object == wish->object) {
        if (site == wish->pair.reads) {
            wish->patience = 0;
        } else if (event->write) {
            wish->object = 0; /* what would be read is another's */
        }
    }
    if (site == wish->pair.writes) {
        wish->object = event->object;
    }
}

/* Wishes for whose sake somebody waits lose patience. */
static void lose_patience(struct strategy_reads *reads, const struct candidates *set) {
    for (uint32_t i = 0; i < reads->count; i++) {
        struct strategy_wish *wish = &reads->wishes[i];
        for (uint32_t place = 0; place < set->count && wish->patience > 0; place++) {
            const struct point *event = candidates_event(set, place);
            if (event != NULL && meaning(wish, event) < 0) {
                wish->patience--;
                break;
            }
        }
    }
}

static uint32_t most_wanted(const struct strategy_reads *reads, const struct candidates *set) {
    uint32_t best = 0;
    int best_tier = tier_of(reads, candidates_event(set, 0));
    for (uint32_t i = 1; i < set->count; i++) {
        const int tier = tier_of(reads, candidates_event(set, i));
        const bool earlier = set->priority[set->ready[i]] > set->priority[set->ready[best]];
        if (tier > best_tier || (tier == best_tier && earlier)) {
            best = i;
            best_tier = tier;
        }
    }
    return best;
}

uint32_t strategy_reads_pick(struct strategy_reads *reads,
                             const struct candidates *set,
                             bool spinning,
                             struct random *random) {
    ASSERT(set->count >= 2);
    strategy_pos_draw(&reads->pos, set, random);
    const uint32_t best = spinning ? set->longest : most_wanted(reads, set);
    lose_patience(reads, set);
    const struct point *event = candidates_event(set, best);
    for (uint32_t i = 0; i < reads->count && event != NULL; i++) {
        happen(&reads->wishes[i], event);
    }
    strategy_pos_take(set, best);
    return best;
}
