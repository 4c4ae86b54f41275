/* Clocks of nodes against a naive twin: the same in 128 bits, and searches instead of divisions. */
#include <stdint.h>

#include "sim/declaration.h"
#include "sim/random.h"
#include "sim/vclock.h"
#include "tests/suite.h"

#define ROUNDS SUITE_SHARE(50000)
#define NODE 1u

__extension__ typedef unsigned __int128 wide;

static struct vclock_node nodes[NODE + 1];
static struct vclock clock_;

static uint64_t twin_local(uint32_t rate, uint64_t world) {
    const wide local = (wide)world * rate / VCLOCK_RATE;
    return local < VCLOCK_NS_MAX ? (uint64_t)local : VCLOCK_NS_MAX;
}

/* The first world time at which the twin has counted so much, by halving. */
static uint64_t twin_world(uint32_t rate, uint64_t local) {
    uint64_t below = 0;
    uint64_t above = VCLOCK_NS_MAX;
    while (below < above) {
        const uint64_t middle = below + (above - below) / 2;
        if (twin_local(rate, middle) >= local) {
            above = middle;
        } else {
            below = middle + 1;
        }
    }
    return above;
}

static uint32_t draw_rate(struct random *random) {
    const uint64_t wide_drift = 2 * DESCRIPTION_DRIFT_MAX + 1;
    const uint64_t drift = random_below(random, random_below(random, 2) == 0 ? 401 : wide_drift);
    return (uint32_t)(VCLOCK_RATE - DESCRIPTION_DRIFT_MAX + drift);
}

/* Of all sizes. */
static uint64_t draw_time(struct random *random) {
    return random_next(random) >> (2 + random_below(random, 61));
}

START_TEST(conversions_are_those_of_the_twin) {
    struct random random;
    random_init(&random, 11 + (uint64_t)_i);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint32_t rate = draw_rate(&random);
        const uint64_t time = draw_time(&random);

        ck_assert_uint_eq(vclock_local_ns(rate, time), twin_local(rate, time));
        ck_assert_uint_eq(vclock_world_ns(rate, time), twin_world(rate, time));
    }
}
END_TEST

START_TEST(a_clock_that_is_right_shows_the_time_of_the_run) {
    struct random random;
    random_init(&random, 12);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint64_t time = draw_time(&random);

        ck_assert_uint_eq(vclock_local_ns(VCLOCK_RATE, time), time);
        ck_assert_uint_eq(vclock_world_ns(VCLOCK_RATE, time), time);
    }
}
END_TEST

START_TEST(a_clock_never_goes_back_and_a_round_trip_loses_less_than_its_rate) {
    struct random random;
    random_init(&random, 13);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint32_t rate = draw_rate(&random);
        const uint64_t time = draw_time(&random) >> 2;
        const uint64_t later = time + random_below(&random, 4);
        const uint64_t back = vclock_world_ns(rate, vclock_local_ns(rate, time));

        ck_assert_uint_le(vclock_local_ns(rate, time), vclock_local_ns(rate, later));
        ck_assert_uint_le(vclock_world_ns(rate, time), vclock_world_ns(rate, later));
        ck_assert_uint_le(back, time);
        ck_assert_uint_le(time - back, VCLOCK_RATE / rate + 1);
    }
}
END_TEST

static void draw_clock(struct random *random) {
    static const uint64_t ticks[] = {1, 1, 1000, 4000000, 10000000, 333333};
    nodes[NODE].rate = draw_rate(random);
    nodes[NODE].tick_ns = ticks[random_below(random, 6)];
    nodes[NODE].offset_ns = (int64_t)(random_next(random) >> 8) - (INT64_C(1) << 55);
    clock_ = (struct vclock){.now_ns = draw_time(random) >> 10, .nodes = nodes};
}

START_TEST(no_duration_ends_early_by_the_nodes_own_clock_and_none_late) {
    struct random random;
    random_init(&random, 14);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        draw_clock(&random);
        const uint64_t duration = draw_time(&random) >> 10;
        const uint64_t tick = nodes[NODE].tick_ns;
        const uint64_t own = vclock_own_ns(&clock_, NODE);
        const uint64_t shown = vclock_monotonic_ns(&clock_, NODE);

        clock_.now_ns = vclock_after_ns(&clock_, NODE, duration);

        ck_assert_uint_ge(vclock_own_ns(&clock_, NODE), own + duration);
        ck_assert_uint_le(vclock_own_ns(&clock_, NODE), own + duration + tick + 1);
        ck_assert_uint_ge(vclock_monotonic_ns(&clock_, NODE), shown + duration);
        ck_assert_uint_eq(vclock_monotonic_ns(&clock_, NODE) % tick, 0);
    }
}
END_TEST

START_TEST(a_deadline_by_the_wall_clock_comes_when_it_shows_that_time_also_after_a_jump) {
    struct random random;
    random_init(&random, 15);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        draw_clock(&random);
        const uint64_t wall = vclock_wall_exact_ns(&clock_, NODE) + (draw_time(&random) >> 10);
        const uint64_t deadline = vclock_wall_deadline(&clock_, NODE, wall);
        const uint64_t before = vclock_deadline_ns(&clock_, NODE, deadline);
        nodes[NODE].offset_ns += (int64_t)1000000 * ((int64_t)random_below(&random, 2000) - 1000);
        const uint64_t due = vclock_deadline_ns(&clock_, NODE, deadline);

        ck_assert(vclock_is_wall(deadline) && !vclock_is_wall(before) && !vclock_is_wall(due));
        clock_.now_ns = due;
        ck_assert(due == 0 || vclock_wall_ns(&clock_, NODE) >= wall);
        if (due > 0) {
            clock_.now_ns = due - 1;
            ck_assert_uint_lt(vclock_wall_ns(&clock_, NODE), wall);
        }
    }
}
END_TEST

START_TEST(what_never_comes_is_no_time_of_a_wall_clock) {
    ck_assert(!vclock_is_wall(UINT64_MAX));
    ck_assert(!vclock_is_wall(UINT64_MAX - 1));
    ck_assert(!vclock_is_wall(VCLOCK_NS_MAX));
    nodes[NODE] = (struct vclock_node){.rate = VCLOCK_RATE / 2, .tick_ns = 1};
    clock_ = (struct vclock){.now_ns = VCLOCK_NS_MAX, .nodes = nodes};
    ck_assert(!vclock_is_wall(vclock_after_ns(&clock_, NODE, VCLOCK_NS_MAX)));
    ck_assert(vclock_is_wall(vclock_wall_deadline(&clock_, NODE, VCLOCK_NS_MAX)));
}
END_TEST

START_TEST(a_clock_that_rounds_down_what_it_must_round_up_is_caught) {
    struct random random;
    random_init(&random, 16);
    uint32_t caught = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        const uint32_t rate = draw_rate(&random);
        const uint64_t time = draw_time(&random) >> 10;
        caught += (uint64_t)((wide)time * VCLOCK_RATE / rate) != twin_world(rate, time);
    }
    ck_assert_uint_gt(caught, 700); /* times below a rate need no rounding */
}
END_TEST

SUITE(vclock) {
    SUITE_LOOP(conversions_are_those_of_the_twin, 0, 3);
    SUITE_TEST(a_clock_that_is_right_shows_the_time_of_the_run);
    SUITE_TEST(a_clock_never_goes_back_and_a_round_trip_loses_less_than_its_rate);
    SUITE_TEST(no_duration_ends_early_by_the_nodes_own_clock_and_none_late);
    SUITE_TEST(a_deadline_by_the_wall_clock_comes_when_it_shows_that_time_also_after_a_jump);
    SUITE_TEST(what_never_comes_is_no_time_of_a_wall_clock);
    SUITE_TEST(a_clock_that_rounds_down_what_it_must_round_up_is_caught);
}
