#include "sim/spin.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#include "sim/causal.h"
#include "sim/panic.h"

#define INDEX_MASK 0x00ffffffu

_Static_assert(SPINS_MAX <= INDEX_MASK, "an index fits below the mark");
_Static_assert((SPIN_MARK & INDEX_MASK) == 0 && SPIN_MARK != SPIN_FREE, "a mark is told apart");

uint64_t spin_arena_size(void) {
    return (SPINS_MAX + UINT64_C(1)) * sizeof(struct spin);
}

void spins_init(struct spins *spins, struct arena *arena, struct schedule *schedule) {
    spins->schedule = schedule;
    pool_init(&spins->table, arena, sizeof(struct spin), SPINS_MAX);
}

void spins_begin(struct spins *spins) {
    pool_reset(&spins->table);
}

/* The index of the lock's record, 0 = it has none. */
static uint32_t index_of(const struct spins *spins, uint32_t word) {
    const uint32_t index = word & INDEX_MASK;
    return (word & ~INDEX_MASK) == SPIN_MARK && index <= spins->table.count ? index : 0;
}

/* The lock's record, made on first use. Not to be kept over a point: the lock may be destroyed. */
static struct spin *spin_of(struct spins *spins, uint32_t *word) {
    uint32_t index = index_of(spins, *word);
    if (index == 0) {
        index = pool_take(&spins->table);
        if (index == 0) {
            verdict_set(spins->schedule->verdict,
                        VERDICT_LIMIT,
                        "more than %" PRIu32 " spin locks",
                        SPINS_MAX);
            schedule_end(spins->schedule);
        }
        struct spin *made = pool_at(&spins->table, index);
        *made = (struct spin){.taken = *word != SPIN_FREE};
        *word = SPIN_MARK | index;
    }
    return pool_at(&spins->table, index);
}

void spin_init(uint32_t *word) {
    *word = SPIN_FREE;
}

int spin_destroy(struct spins *spins, uint32_t *word) {
    const uint32_t index = index_of(spins, *word);
    if (index == 0) {
        return 0;
    }
    const struct spin *spin = pool_at(&spins->table, index);
    if (spin->taken) {
        return EBUSY;
    }
    pool_give(&spins->table, index);
    *word = SPIN_FREE;
    return 0;
}

static void announce(struct spins *spins, uint32_t *word, enum point_kind kind, const void *site) {
    object_announce(spins->schedule, kind, "spin lock", &spin_of(spins, word)->object, site);
}

static void take(struct spins *spins, struct spin *spin) {
    ASSERT(!spin->taken);
    spin->taken = true;
    spin->holder = schedule_running(spins->schedule)->id;
    causal_gets(spins->schedule, spin->object);
}

void spin_lock(struct spins *spins, uint32_t *word, const void *site) {
    announce(spins, word, POINT_SPIN_LOCK, site);
    struct spin *spin = spin_of(spins, word);
    while (spin->taken) {
        const struct wait_cause cause = {.kind = POINT_SPIN_LOCK,
                                         .object = spin->object,
                                         .holder = &spin->holder,
                                         .site = site};
        object_wait(spins->schedule, &spin->queue, AGENDA_NEVER, &cause);
        spin = spin_of(spins, word);
    }
    take(spins, spin);
    schedule_event(spins->schedule, POINT_SPIN_LOCK, spin->object, 0, site);
}

int spin_try_lock(struct spins *spins, uint32_t *word, const void *site) {
    announce(spins, word, POINT_TRYLOCK, site);
    struct spin *spin = spin_of(spins, word);
    const int result = spin->taken ? EBUSY : 0;
    if (result == 0) {
        take(spins, spin);
    }
    schedule_event(spins->schedule, POINT_TRYLOCK, spin->object, result, site);
    return result;
}

void spin_unlock(struct spins *spins, uint32_t *word, const void *site) {
    announce(spins, word, POINT_UNLOCK, site);
    struct spin *spin = spin_of(spins, word);
    spin->taken = false;
    spin->holder = 0;
    causal_gives(spins->schedule, spin->object);
    schedule_wake(spins->schedule, &spin->queue, UINT32_MAX);
    schedule_event(spins->schedule, POINT_UNLOCK, spin->object, 0, site);
}
