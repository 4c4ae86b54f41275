/* Waiting for a notice. Nothing is timed: what is checked holds however long the machine takes. */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "executor/clock.h"
#include "executor/park.h"
#include "tests/suite.h"

#define NEVER UINT64_MAX
#define MS UINT64_C(1000000)
#define ROUNDS 1000

static struct ex_park park;

/* A park's memory may be full of rubbish: on a thread's stack it is what was there before. */
static void start(void) {
    memset(&park, 0xa5, sizeof park);
    ex_park_init(&park);
}

START_TEST(a_notice_is_taken_once) {
    start();
    ck_assert(!ex_park_take(&park));

    ex_park_notify(&park);
    ex_park_notify(&park);

    ck_assert(ex_park_take(&park));
    ck_assert(!ex_park_take(&park));
    ex_park_deinit(&park);
}
END_TEST

START_TEST(a_notice_that_came_before_ends_one_wait) {
    start();
    ex_park_notify(&park);
    const uint64_t deadline_ns = ex_clock_now() + MS;

    ex_park_wait(&park, NEVER);
    ck_assert(!ex_park_take(&park));
    ex_park_wait(&park, deadline_ns);

    ck_assert_uint_ge(ex_clock_now(), deadline_ns);
    ex_park_deinit(&park);
}
END_TEST

START_TEST(a_deadline_that_has_passed_ends_a_wait) {
    start();

    ex_park_wait(&park, 0);
    ex_park_wait(&park, ex_clock_now() - 1);

    ck_assert(!ex_park_take(&park));
    ex_park_deinit(&park);
}
END_TEST

/* Waits by looking again and again. */
static void *notify_and_take(void *context) {
    struct ex_park *const there = context;

    for (int round = 0; round < ROUNDS; round++) {
        ex_park_notify(&park);
        while (!ex_park_take(there)) {
            sched_yield();
        }
    }
    return NULL;
}

START_TEST(two_threads_notify_one_another) {
    pthread_t thread;
    struct ex_park there;
    start();
    ex_park_init(&there);
    ck_assert_int_eq(pthread_create(&thread, NULL, notify_and_take, &there), 0);

    for (int round = 0; round < ROUNDS; round++) {
        ex_park_wait(&park, NEVER);
        ex_park_notify(&there);
    }

    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert(!ex_park_take(&park));
    ck_assert(!ex_park_take(&there));
    ex_park_deinit(&there);
    ex_park_deinit(&park);
}
END_TEST

SUITE(park) {
    SUITE_TEST(a_notice_is_taken_once);
    SUITE_TEST(a_notice_that_came_before_ends_one_wait);
    SUITE_TEST(a_deadline_that_has_passed_ends_a_wait);
    SUITE_TEST(two_threads_notify_one_another);
}
