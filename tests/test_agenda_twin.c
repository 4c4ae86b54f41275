/* The agenda against its naive twin: a sorted array that is told the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/agenda.h"
#include "sim/random.h"
#include "tests/suite.h"

#define LAST (AGENDA_NEVER - 1)
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define TWIN_CAPACITY_MAX 200u
#define TWIN_STEPS 4000u
#define TWIN_HANDLES 256u

struct twin {
    struct agenda *agenda;
    struct agenda_item items[TWIN_CAPACITY_MAX]; /* by (due, sequence) */
    uint32_t count;
    uint32_t capacity;
    uint64_t sequence;
    uint64_t now_ns;
    uint64_t handles[TWIN_HANDLES]; /* alive or not, the last ones since the reset */
    struct random random;
    uint64_t delay_bits_max;
    bool planted; /* the array breaks ties the wrong way */
};

static bool item_equal(const struct agenda_item *a, const struct agenda_item *b) {
    return a->due_ns == b->due_ns && a->sequence == b->sequence && a->handle == b->handle &&
           a->handler == b->handler && a->subject == b->subject && a->value == b->value;
}

static void twin_remove(struct twin *twin, uint32_t at) {
    twin->count--;
    for (uint32_t i = at; i < twin->count; i++) {
        twin->items[i] = twin->items[i + 1];
    }
}

/* Any order of magnitude up to the twin's own is equally likely. */
static uint64_t draw_delay(struct twin *twin) {
    const uint64_t bits = random_below(&twin->random, twin->delay_bits_max + 1);
    const uint64_t draw = random_next(&twin->random);
    return bits == 0 ? 0 : draw >> (64 - bits);
}

static uint64_t draw_due(struct twin *twin) {
    const uint64_t delay = draw_delay(twin);
    const uint64_t later = delay < LAST - twin->now_ns ? twin->now_ns + delay : LAST;
    const uint64_t kind = random_below(&twin->random, 64);
    if (kind == 0) {
        return LAST - random_below(&twin->random, 3);
    }
    if (kind < 8) {
        return delay < twin->now_ns ? twin->now_ns - delay : 0;
    }
    if (kind < 24 && twin->count > 0) {
        return twin->items[random_below(&twin->random, twin->count)].due_ns;
    }
    return later;
}

static bool twin_insert(struct twin *twin) {
    struct agenda_item item = {
        .due_ns = draw_due(twin),
        .handler = (uint32_t)random_next(&twin->random),
        .subject = (uint32_t)random_next(&twin->random),
        .value = random_next(&twin->random),
    };
    item.handle = agenda_insert(twin->agenda, item.due_ns, item.handler, item.subject, item.value);
    if (item.handle == 0 || twin->count == twin->capacity) {
        return item.handle == 0 && twin->count == twin->capacity;
    }
    item.sequence = ++twin->sequence;
    twin->handles[item.sequence % TWIN_HANDLES] = item.handle;
    uint32_t at = twin->count++;
    for (; at > 0; at--) {
        const uint64_t before_ns = twin->items[at - 1].due_ns;
        if (before_ns < item.due_ns || (before_ns == item.due_ns && !twin->planted)) {
            break;
        }
        twin->items[at] = twin->items[at - 1];
    }
    twin->items[at] = item;
    return true;
}

static bool twin_cancel(struct twin *twin, uint64_t handle) {
    bool found = false;
    for (uint32_t i = 0; i < twin->count && !found; i++) {
        if (twin->items[i].handle == handle) {
            twin_remove(twin, i);
            found = true;
        }
    }
    return agenda_cancel(twin->agenda, handle) == found;
}

static bool twin_pop(struct twin *twin) {
    struct agenda_item item;
    const bool due = twin->count > 0 && twin->items[0].due_ns <= twin->now_ns;
    if (agenda_pop(twin->agenda, twin->now_ns, &item) != due) {
        return false;
    }
    if (!due) {
        return true;
    }
    const bool equal = item_equal(&item, &twin->items[0]);
    twin_remove(twin, 0);
    return equal;
}

/* Moves to the next entry; beyond the twin's own order of magnitude only now and then, since from
 * the end of time all is overdue. */
static bool twin_advance(struct twin *twin) {
    const uint64_t next_ns = agenda_next_ns(twin->agenda);
    if (next_ns == AGENDA_NEVER || next_ns <= twin->now_ns) {
        return true;
    }
    if ((next_ns - twin->now_ns) >> (twin->delay_bits_max - 1) > 1 &&
        random_below(&twin->random, 64) > 0) {
        return true;
    }
    twin->now_ns = next_ns;
    return twin_pop(twin);
}

static void twin_reset(struct twin *twin) {
    agenda_reset(twin->agenda);
    twin->count = 0;
    twin->sequence = 0;
    twin->now_ns = 0;
    memset(twin->handles, 0, sizeof twin->handles);
}

static bool twin_step(struct twin *twin) {
    const uint64_t kind = random_below(&twin->random, 1000);
    bool same = true;
    if (kind < 3) {
        twin_reset(twin);
    } else if (kind < 430) {
        same = twin_insert(twin);
    } else if (kind < 520) {
        same = twin_cancel(twin, twin->handles[random_below(&twin->random, TWIN_HANDLES)]);
    } else if (kind < 560 && twin->count > 0) {
        same = twin_cancel(twin, twin->items[0].handle);
    } else if (kind < 800) {
        same = twin_advance(twin);
    } else {
        const uint64_t delay = kind < 900 ? 0 : draw_delay(twin) >> 3;
        twin->now_ns = delay < LAST - twin->now_ns ? twin->now_ns + delay : LAST;
        same = twin_pop(twin);
    }
    agenda_verify(twin->agenda);
    const uint64_t next_ns = twin->count == 0 ? AGENDA_NEVER : twin->items[0].due_ns;
    return same && agenda_next_ns(twin->agenda) == next_ns &&
           agenda_count(twin->agenda) == twin->count;
}

/* The first step at which agenda and array differ, TWIN_STEPS when they never do. */
static uint32_t twin_run(uint64_t seed, bool planted) {
    static const uint32_t capacities[] = {1, 2, 7, 64, TWIN_CAPACITY_MAX};
    static struct twin twin;
    twin = (struct twin){
        .capacity = capacities[seed % COUNT_OF(capacities)],
        .delay_bits_max = 1 + seed % 63,
        .planted = planted,
    };
    void *memory = aligned_alloc(64, agenda_size(twin.capacity));
    ck_assert_ptr_nonnull(memory);
    twin.agenda = agenda_init(memory, twin.capacity);
    random_init(&twin.random, seed);
    uint32_t step = 0;
    while (step < TWIN_STEPS && twin_step(&twin)) {
        step++;
    }
    free(memory);
    return step;
}

START_TEST(the_agenda_does_what_a_sorted_array_does) {
    ck_assert_uint_eq(twin_run((uint64_t)_i, false), TWIN_STEPS);
}
END_TEST

START_TEST(an_array_that_breaks_ties_the_wrong_way_is_caught) {
    uint32_t caught = 0;

    for (uint64_t seed = 0; seed < 20; seed++) {
        caught += twin_run(seed, true) < TWIN_STEPS;
    }

    ck_assert_uint_ge(caught, 12); /* with a capacity of 1 there are no ties */
}
END_TEST

SUITE(agenda_twin) {
    SUITE_LOOP(the_agenda_does_what_a_sorted_array_does, 0, SUITE_SHARE(315));
    SUITE_TEST(an_array_that_breaks_ties_the_wrong_way_is_caught);
}
