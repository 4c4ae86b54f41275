/* The executor's timing wheel against its naive twin: a sorted array that is told the same. */
#include <stdint.h>
#include <string.h>

#include "executor/wheel.h"
#include "sim/random.h"
#include "tests/suite.h"

#define LAST (EX_WHEEL_NEVER - 1)
#define NODES 200u
#define TWIN_STEPS 4000u

static struct ex_wheel wheel;
static struct ex_wheel_node nodes[NODES];

struct entry {
    uint64_t deadline_ns;
    uint32_t node;
    bool is_late; /* until the next turn */
};

struct twin {
    struct entry entries[NODES]; /* by (deadline, start) */
    uint32_t count;
    uint64_t now_ns;
    uint64_t cancelled;
    uint64_t in_vain; /* turns at the time that the wheel asked for in which nothing was due */
    struct random random;
    uint64_t delay_bits_max;
    bool with_cancels;
    bool planted; /* the array breaks ties the wrong way */
};

static uint64_t draw_delay(struct twin *twin) {
    const uint64_t bits = random_below(&twin->random, twin->delay_bits_max + 1);
    const uint64_t draw = random_next(&twin->random);
    return bits == 0 ? 0 : draw >> (64 - bits);
}

static uint64_t draw_deadline(struct twin *twin) {
    const uint64_t delay = draw_delay(twin);
    const uint64_t kind = random_below(&twin->random, 64);
    if (kind == 0) {
        return EX_WHEEL_NEVER - random_below(&twin->random, 3);
    }
    if (kind < 8) {
        return delay < twin->now_ns ? twin->now_ns - delay : 0;
    }
    if (kind < 24 && twin->count > 0) {
        return twin->entries[random_below(&twin->random, twin->count)].deadline_ns;
    }
    return delay < LAST - twin->now_ns ? twin->now_ns + delay : LAST;
}

static void twin_insert(struct twin *twin) {
    const uint32_t i = (uint32_t)random_below(&twin->random, NODES);
    if (ex_wheel_armed(&nodes[i])) {
        return;
    }
    const uint64_t deadline_ns = draw_deadline(twin);
    ex_wheel_insert(&wheel, &nodes[i], deadline_ns);
    ex_wheel_verify(&wheel);
    uint32_t at = twin->count++;
    for (; at > 0; at--) {
        const uint64_t before_ns = twin->entries[at - 1].deadline_ns;
        if (before_ns < deadline_ns || (before_ns == deadline_ns && !twin->planted)) {
            break;
        }
        twin->entries[at] = twin->entries[at - 1];
    }
    twin->entries[at] = (struct entry){deadline_ns, i, deadline_ns <= twin->now_ns};
}

static void twin_remove(struct twin *twin, uint32_t at) {
    twin->count--;
    for (uint32_t i = at; i < twin->count; i++) {
        twin->entries[i] = twin->entries[i + 1];
    }
}

/* Cancels a node that may be armed or not, or the earliest. */
static bool twin_cancel(struct twin *twin) {
    uint32_t i = (uint32_t)random_below(&twin->random, NODES);
    if (twin->count > 0 && random_below(&twin->random, 4) == 0) {
        i = twin->entries[0].node;
    }
    uint32_t at = 0;
    while (at < twin->count && twin->entries[at].node != i) {
        at++;
    }
    const bool is_armed = at < twin->count;
    if (is_armed) {
        twin_remove(twin, at);
        twin->cancelled++;
    }
    const bool cancelled = ex_wheel_cancel(&wheel, &nodes[i]);
    ex_wheel_verify(&wheel);
    return cancelled == is_armed;
}

static void twin_advance(struct twin *twin, uint64_t now_ns) {
    twin->now_ns = now_ns;
    for (uint32_t i = 0; i < twin->count; i++) {
        twin->entries[i].is_late = false;
    }
    ex_wheel_advance(&wheel, now_ns);
    ex_wheel_verify(&wheel);
}

static bool twin_pop(struct twin *twin, bool *popped) {
    uint32_t at = 0;
    while (at < twin->count && twin->entries[at].is_late) {
        at++;
    }
    *popped = at < twin->count && twin->entries[at].deadline_ns <= twin->now_ns;
    const struct ex_wheel_node *expected = *popped ? &nodes[twin->entries[at].node] : NULL;
    if (*popped) {
        twin_remove(twin, at);
    }
    const struct ex_wheel_node *node = ex_wheel_pop(&wheel);
    ex_wheel_verify(&wheel);
    /* Time has been reached when nothing is left, so that what comes lies as near as it can. */
    return node == expected && (*popped || wheel.reached_ns == twin->now_ns);
}

/* A turn of a scheduler: gives out all that is due, and while it does so, others are started and
 * cancelled; or stops early. */
static bool twin_turn(struct twin *twin, uint64_t now_ns) {
    twin_advance(twin, now_ns);
    const uint64_t budget = random_below(&twin->random, 4) == 0 ? 3 : 2 * NODES;
    bool same = true;
    bool popped = true;
    for (uint64_t i = 0; same && popped && i < budget; i++) {
        same = twin_pop(twin, &popped);
        const uint64_t kind = random_below(&twin->random, 8);
        if (kind < 2) {
            twin_insert(twin);
        } else if (kind < 4 && twin->with_cancels) {
            same = same && twin_cancel(twin);
        }
    }
    return same;
}

/* The wheel is asked when to wake. Beyond the twin's own order of magnitude it is obeyed only now
 * and then, since at the end of time all is late. */
static bool twin_sleep(struct twin *twin) {
    const uint64_t next_ns = ex_wheel_next(&wheel);
    if (next_ns == EX_WHEEL_NEVER) {
        return true;
    }
    const uint64_t now_ns = next_ns > twin->now_ns ? next_ns : twin->now_ns;
    if ((now_ns - twin->now_ns) >> (twin->delay_bits_max - 1) > 1 &&
        random_below(&twin->random, 64) > 0) {
        return true;
    }
    bool popped = false;
    twin_advance(twin, now_ns);
    const bool same = twin_pop(twin, &popped);
    twin->in_vain += !popped;
    return same && (popped || ex_wheel_next(&wheel) > next_ns);
}

static bool twin_step(struct twin *twin) {
    const uint64_t kind = random_below(&twin->random, 1000);
    bool same = true;
    if (kind < 550) {
        twin_insert(twin);
    } else if (kind < 700) {
        same = !twin->with_cancels || twin_cancel(twin);
    } else if (kind < 950) {
        same = twin_sleep(twin);
    } else {
        const uint64_t delay = draw_delay(twin) >> 3;
        same = twin_turn(twin, delay < LAST - twin->now_ns ? twin->now_ns + delay : LAST);
    }
    const uint64_t earliest_ns = twin->count == 0 ? EX_WHEEL_NEVER : twin->entries[0].deadline_ns;
    const uint64_t next_ns = ex_wheel_next(&wheel);
    const bool is_exact = next_ns == earliest_ns;
    return same && (twin->with_cancels ? next_ns <= earliest_ns : is_exact) &&
           (twin->count > 0 || next_ns == EX_WHEEL_NEVER) && twin->in_vain <= twin->cancelled;
}

/* The first step at which wheel and array differ, TWIN_STEPS when they never do. */
static uint32_t twin_run(uint64_t seed, bool planted) {
    static struct twin twin;
    twin = (struct twin){
        .delay_bits_max = 1 + seed % 63,
        .with_cancels = seed / 63 % 4 != 0,
        .planted = planted,
    };
    random_init(&twin.random, seed);
    memset(&wheel, 0xa5, sizeof wheel);
    memset(nodes, 0, sizeof nodes);
    ex_wheel_init(&wheel);
    uint32_t step = 0;
    while (step < TWIN_STEPS && twin_step(&twin)) {
        step++;
    }
    return step;
}

START_TEST(the_wheel_does_what_a_sorted_array_does) {
    ck_assert_uint_eq(twin_run((uint64_t)_i, false), TWIN_STEPS);
}
END_TEST

START_TEST(an_array_that_breaks_ties_the_wrong_way_is_caught) {
    for (uint64_t seed = 0; seed < 20; seed++) {
        ck_assert_uint_lt(twin_run(seed, true), TWIN_STEPS);
    }
}
END_TEST

SUITE(wheel_twin) {
    SUITE_LOOP(the_wheel_does_what_a_sorted_array_does, 0, 252);
    SUITE_TEST(an_array_that_breaks_ties_the_wrong_way_is_caught);
}
