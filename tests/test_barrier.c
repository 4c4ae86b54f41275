/* Barriers: nobody leaves a round before all have come, one of them is told, and the first to come
 * out may take the memory away. */
#include "sim/barrier.h"

#include <errno.h>

#include "tests/suite.h"
#include "tests/thread_fixture.h"

#define SEEDS 500
#define THREADS 4
#define ROUNDS 6
#define DIRT 0xa5

static struct barrier barrier;
static uint32_t arrived[ROUNDS], left[ROUNDS], told[ROUNDS];
static struct random dice;

static void meet(uint32_t thread) {
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (random_below(&dice, 4) == 0) {
            thread_fixture_signal(1 + (uint32_t)random_below(&dice, THREADS));
        }
        arrived[round]++;
        const bool last = barrier_wait(&fixture.schedule, &barrier, NULL);
        ck_assert_uint_eq(arrived[round], THREADS);
        left[round]++;
        told[round] += last;
        ck_assert_uint_le(told[round], 1);
    }
    if (left[ROUNDS - 1] == 1) { /* the first to come out, whichever it is */
        ck_assert_int_eq(barrier_destroy(&fixture.schedule, &barrier, NULL), 0);
        memset(&barrier, DIRT, sizeof barrier);
    }
    (void)thread;
}

START_TEST(all_come_before_one_leaves) {
    unsigned char dirt[sizeof barrier];
    memset(dirt, DIRT, sizeof dirt);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        random_init(&dice, seed);
        memset(arrived, 0, sizeof arrived);
        memset(left, 0, sizeof left);
        memset(told, 0, sizeof told);
        ck_assert_int_eq(barrier_init(&barrier, THREADS), 0);

        ck_assert_int_eq(thread_fixture_run(seed, THREADS, meet), VERDICT_PASS);

        for (unsigned round = 0; round < ROUNDS; round++) {
            ck_assert_uint_eq(left[round], THREADS);
            ck_assert_uint_eq(told[round], 1);
        }
        ck_assert_mem_eq(&barrier, dirt, sizeof dirt);
    }
}
END_TEST

static void meet_once(uint32_t thread) {
    (void)thread;
    barrier_wait(&fixture.schedule, &barrier, NULL);
    left[0]++;
}

START_TEST(one_that_does_not_come_is_waited_for) {
    ck_assert_int_eq(barrier_init(&barrier, THREADS), 0);

    ck_assert_int_eq(thread_fixture_run(1, THREADS - 1, meet_once), VERDICT_DEADLOCK);

    ck_assert_uint_eq(left[0], 0);
    ck_assert_int_eq(barrier_destroy(&fixture.schedule, &barrier, NULL), EBUSY);
}
END_TEST

START_TEST(a_round_of_none_or_too_many_is_refused) {
    ck_assert_int_eq(barrier_init(&barrier, 0), EINVAL);
    ck_assert_int_eq(barrier_init(&barrier, BARRIER_COUNT_MAX + 1), EINVAL);
    ck_assert_int_eq(barrier_init(&barrier, 1), 0);

    ck_assert_int_eq(thread_fixture_run(1, THREADS, meet_once), VERDICT_PASS);
}
END_TEST

SUITE(barrier) {
    SUITE_TEST(all_come_before_one_leaves);
    SUITE_TEST(one_that_does_not_come_is_waited_for);
    SUITE_TEST(a_round_of_none_or_too_many_is_refused);
}
