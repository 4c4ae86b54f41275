/* Fibers among what else there is: several worker threads, time, mutexes. */
#include <errno.h>
#include <ex/mutex.h>
#include <ex/select.h>
#include <ex/timer.h>
#include <pthread.h>

#include "sim/random.h"
#include "tests/fiber_fixture.h"

#define WORKERS 3
#define FIBERS 2000
#define ROUNDS 20

/* ---- worker threads ---- */

static _Thread_local uint64_t thread_count; /* of what ran on this thread */

struct wanderer {
    uint64_t number;
    struct ex_mutex *mutex;
    uint64_t *total; /* the mutex's */
};

/* What the calling thread's variables say; never inlined, so that nothing of it is kept. */
__attribute__((noinline)) static uint64_t *thread_variable(void) {
    __asm__ volatile("");
    return &thread_count;
}

static int64_t wander(void *argument) {
    const struct wanderer *self = argument;
    const pthread_t thread = pthread_self();
    uint64_t *const mine = thread_variable();
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct ex_sleep sleep;
        struct ex_mutex_lock lock;
        switch (random_mix(self->number, round) % 3) {
        case 0:
            ex_fiber_yield();
            break;
        case 1:
            ck_assert_int_eq(ex_fiber_await(ex_sleep_for(&sleep, 1000)), 0);
            break;
        default:
            ck_assert_int_eq(ex_fiber_await(ex_mutex_lock(&lock, self->mutex)), 0);
            (*self->total)++;
            ex_fiber_yield();
            ex_mutex_unlock(self->mutex);
        }
        ck_assert(pthread_equal(thread, pthread_self()));
        ck_assert_ptr_eq(thread_variable(), mine);
        (*mine)++;
    }
    return (int64_t)self->number;
}

START_TEST(a_fiber_stays_on_the_worker_thread_where_it_began) {
    static struct wanderer wanderers[FIBERS];
    static struct ex_task *tasks[FIBERS];
    const struct ex_scheduler_options options = {.worker_count = WORKERS};
    struct ex_mutex mutex;
    uint64_t total = 0;
    uint64_t expected = 0;
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    ex_mutex_init(&mutex, EX_WAIT_SHARED);

    for (uint64_t i = 0; i < FIBERS; i++) {
        wanderers[i] = (struct wanderer){i, &mutex, &total};
        tasks[i] = spawn(wander, &wanderers[i]);
        for (uint64_t round = 0; round < ROUNDS; round++) {
            expected += random_mix(i, round) % 3 == 2;
        }
    }
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    for (int64_t i = 0; i < FIBERS; i++) {
        ck_assert_int_eq(ex_task_take(tasks[i]), i);
    }
    ck_assert_uint_eq(total, expected);
    for (unsigned i = 0; i < WORKERS; i++) {
        ck_assert_uint_eq(scheduler->workers[i].stacks.used_count, 0);
    }
    ex_mutex_deinit(&mutex);
    stop();
}
END_TEST

/* ---- time ---- */

static int64_t sleep_long(void *argument) {
    struct ex_sleep sleep;
    int64_t *const told = argument;
    *told = ex_fiber_await(ex_sleep_for(&sleep, 3600 * EX_TIMER_S));
    ex_fiber_yield();
    return *told;
}

static int64_t await_until(void *argument) {
    struct ex_fiber slow;
    struct ex_deadline deadline;
    return ex_fiber_await(ex_deadline(&deadline,
                                      ex_fiber_run(&slow, sleep_long, argument),
                                      ex_timer_now() + EX_TIMER_MS));
}

START_TEST(a_deadline_tells_the_fiber_that_is_awaited_and_lets_it_end) {
    int64_t told = 0;
    start();

    ck_assert_int_eq(run(await_until, &told), -ETIMEDOUT);

    ck_assert_int_eq(told, -ECANCELED);
    ck_assert_uint_eq(stacks()->used_count, 0);
    stop();
}
END_TEST

/* ---- several at one time ---- */

static int64_t sleep_short(void *argument) {
    struct ex_sleep sleep;
    const int64_t value = ex_fiber_await(ex_sleep_for(&sleep, EX_TIMER_MS));
    return value == 0 ? (int64_t)(intptr_t)argument : value;
}

/* Two state machines and two fibers; the last one wins. */
static int64_t select_among_four(void *told) {
    struct ex_branch branches[4];
    struct ex_sleep sleeps[2];
    struct ex_fiber fibers[2];
    struct ex_select select;
    ex_branch_init(&branches[0], ex_sleep_for(&sleeps[0], 3600 * EX_TIMER_S));
    ex_branch_init(&branches[1], ex_fiber_run(&fibers[0], sleep_long, told));
    ex_branch_init(&branches[2], ex_sleep_for(&sleeps[1], 3600 * EX_TIMER_S));
    ex_branch_init(&branches[3], ex_fiber_run(&fibers[1], sleep_short, (void *)(intptr_t)9));
    ck_assert_int_eq(ex_fiber_await(ex_select(&select, branches, 4)), 3);
    ck_assert_int_eq(branches[0].result, -ECANCELED);
    ck_assert_int_eq(branches[1].result, -ECANCELED);
    ck_assert_int_eq(branches[2].result, -ECANCELED);
    return branches[3].result;
}

START_TEST(a_fiber_selects_over_state_machines_and_fibers_without_one_of_its_own_for_each) {
    int64_t told = 0;
    start();

    ck_assert_int_eq(run(select_among_four, &told), 9);

    ck_assert_int_eq(told, -ECANCELED);
    ck_assert_uint_eq(stacks()->taken_count, 3);
    ck_assert_uint_eq(stacks()->used_count, 0);
    stop();
}
END_TEST

SUITE(fiber_company) {
    SUITE_TEST(a_fiber_stays_on_the_worker_thread_where_it_began);
    SUITE_TEST(a_deadline_tells_the_fiber_that_is_awaited_and_lets_it_end);
    SUITE_TEST(a_fiber_selects_over_state_machines_and_fibers_without_one_of_its_own_for_each);
}
