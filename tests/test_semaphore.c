/* Semaphores against a naive twin: a number beside each. */
#include "sim/semaphore.h"

#include <errno.h>

#include "tests/suite.h"
#include "tests/thread_fixture.h"

#define SEEDS 500
#define THREADS 4 /* the last one posts until the others have ended */
#define STEPS 40
#define COUNT 2

enum operation { OP_WAIT, OP_TRY_WAIT, OP_POST, OP_VALUE, OP_SIGNAL, OP_COUNT };

static const uint32_t starts[COUNT] = {1, SEMAPHORE_VALUE_MAX - 2};
static struct semaphore semaphores[COUNT];
static uint32_t twins[COUNT];
static bool signalled[THREADS + 1];
static struct random dice;
static uint32_t outcomes[OP_COUNT][ETIMEDOUT + 1]; /* how often each result came */

static int wait_step(uint32_t thread, unsigned at) {
    const bool ends = thread == THREADS || random_below(&dice, 2) == 0;
    const uint64_t due = thread_fixture_now_ns() + random_below(&dice, 3000);
    signalled[thread] = false;
    const int result =
        semaphore_wait(&fixture.schedule, &semaphores[at], ends ? due : AGENDA_NEVER, NULL);
    if (result == 0) {
        ck_assert_uint_gt(twins[at], 0);
        twins[at]--;
    } else if (result == ETIMEDOUT) {
        ck_assert(ends && thread_fixture_now_ns() >= due);
    } else {
        ck_assert(result == EINTR && signalled[thread]);
    }
    return result;
}

static int post_step(unsigned at) {
    const int result = semaphore_post(&fixture.schedule, &semaphores[at], NULL);
    ck_assert_int_eq(result, twins[at] == SEMAPHORE_VALUE_MAX ? EOVERFLOW : 0);
    twins[at] += result == 0;
    return result;
}

static int try_step(unsigned at) {
    const int result = semaphore_try_wait(&fixture.schedule, &semaphores[at], NULL);
    ck_assert_int_eq(result, twins[at] == 0 ? EAGAIN : 0);
    twins[at] -= result == 0;
    return result;
}

static void step(uint32_t thread) {
    const unsigned at = (unsigned)random_below(&dice, COUNT);
    const enum operation op = (enum operation)random_below(&dice, OP_COUNT);
    int result = 0;
    switch (op) {
    case OP_WAIT:
        result = wait_step(thread, at);
        break;
    case OP_TRY_WAIT:
        result = try_step(at);
        break;
    case OP_POST:
        result = post_step(at);
        break;
    case OP_VALUE:
        ck_assert_uint_eq(semaphore_value(&fixture.schedule, &semaphores[at], NULL), twins[at]);
        break;
    case OP_SIGNAL:
    case OP_COUNT:
        thread = 1 + (uint32_t)random_below(&dice, THREADS);
        signalled[thread] = true;
        thread_fixture_signal(thread);
        break;
    }
    outcomes[op][result]++;
    ck_assert_uint_eq(semaphores[at].value, twins[at]);
}

static void random_steps(uint32_t thread) {
    for (unsigned i = 0; i < STEPS; i++) {
        step(thread);
    }
    while (thread == THREADS && fixture.alive > 1) {
        post_step(0);
    }
}

START_TEST(random_calls_behave_as_the_twin) {
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        random_init(&dice, seed);
        for (unsigned i = 0; i < COUNT; i++) {
            twins[i] = starts[i];
            ck_assert_int_eq(semaphore_init(&semaphores[i], starts[i]), 0);
        }

        ck_assert_int_eq(thread_fixture_run(seed, THREADS, random_steps), VERDICT_PASS);

        for (unsigned i = 0; i < COUNT; i++) {
            ck_assert_uint_eq(semaphores[i].value, twins[i]);
            ck_assert_int_eq(semaphore_destroy(&semaphores[i]), 0);
        }
    }
    ck_assert_uint_gt(outcomes[OP_WAIT][0], SEEDS); /* the runs were not idle */
    ck_assert_uint_gt(outcomes[OP_WAIT][EINTR], SEEDS / 4);
    ck_assert_uint_gt(outcomes[OP_WAIT][ETIMEDOUT], SEEDS / 4);
    ck_assert_uint_gt(outcomes[OP_TRY_WAIT][EAGAIN], SEEDS);
    ck_assert_uint_gt(outcomes[OP_POST][EOVERFLOW], SEEDS / 8);
}
END_TEST

static void wait_for_ever(uint32_t thread) {
    (void)thread;
    semaphore_wait(&fixture.schedule, &semaphores[0], AGENDA_NEVER, NULL);
}

START_TEST(what_is_waited_for_is_not_destroyed) {
    ck_assert_int_eq(semaphore_init(&semaphores[0], 1), 0);

    ck_assert_int_eq(thread_fixture_run(1, 2, wait_for_ever), VERDICT_DEADLOCK);

    ck_assert_int_eq(semaphore_destroy(&semaphores[0]), EBUSY);
    ck_assert_int_eq(semaphore_init(&semaphores[1], SEMAPHORE_VALUE_MAX + 1), EINVAL);
}
END_TEST

SUITE(semaphore) {
    SUITE_TEST(random_calls_behave_as_the_twin);
    SUITE_TEST(what_is_waited_for_is_not_destroyed);
}
