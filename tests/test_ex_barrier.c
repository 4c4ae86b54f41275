#include "tests/puppets.h"

#include <errno.h>
#include <ex/barrier.h>
#include <signal.h>

static struct ex_barrier barrier;

static struct ex_frame *come(struct puppet *self) {
    return ex_barrier_wait((struct ex_barrier_wait *)(void *)self->leaf, &barrier);
}

static void start(int count, int kind, uint32_t size) {
    puppets_start(count);
    ex_barrier_init(&barrier, (enum ex_wait_kind)kind, size);
}

static void stop(void) {
    puppets_stop();
    ex_barrier_deinit(&barrier);
}

START_TEST(all_go_on_when_the_last_has_come_which_leads_again_and_again) {
    start(3, _i, 3);
    for (int round = 0; round < 3; round++) {
        puppet_do(0, come);
        puppet_do(2, come);
        puppets_run();
        ck_assert_str_eq(puppets.log, "");

        puppet_do(1, come);
        puppets_run();

        ck_assert_str_eq(puppets.log, "102");
        ck_assert_int_eq(puppet_result(0), 0);
        ck_assert_int_eq(puppet_result(1), EX_BARRIER_LEADER);
        ck_assert_int_eq(puppet_result(2), 0);
        puppets_log_clear();
    }
    stop();
}
END_TEST

START_TEST(a_barrier_for_one_waits_for_nobody) {
    start(1, _i, 1);
    puppet_do(0, come);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_BARRIER_LEADER);
    stop();
}
END_TEST

START_TEST(one_that_is_cancelled_has_not_come) {
    start(3, _i, 2);
    puppet_do(0, come);
    puppets_run();
    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);

    puppet_do(1, come);
    puppets_run();
    ck_assert_int_eq(puppet_result(1), EX_PENDING);
    puppet_do(2, come);
    puppets_run();

    ck_assert_int_eq(puppet_result(1), 0);
    ck_assert_int_eq(puppet_result(2), EX_BARRIER_LEADER);
    stop();
}
END_TEST

START_TEST(one_that_is_cancelled_after_the_last_came_goes_on) {
    start(3, _i, 3);
    puppet_do(0, come);
    puppet_do(1, come);
    puppets_run();
    puppet_do(2, come);
    puppet_abort(0); /* stands behind 2 in the ready queue */
    puppets_run();

    ck_assert_str_eq(puppets.log, "201");
    ck_assert_int_eq(puppet_result(0), 0);
    puppet_do(0, come);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    stop();
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4, TASKS = 3, ROUNDS = 500, PARTIES = THREADS / 2 * (TASKS + 1) };

static int came[ROUNDS], leaders; /* atomics */

static void check_round(int round, int64_t value) {
    ck_assert_int_eq(__atomic_load_n(&came[round], __ATOMIC_ACQUIRE), PARTIES);
    if (value == EX_BARRIER_LEADER) {
        __atomic_add_fetch(&leaders, 1, __ATOMIC_RELAXED);
    } else {
        ck_assert_int_eq(value, 0);
    }
}

struct party {
    struct ex_frame frame;
    int round;
    struct ex_barrier_wait wait;
};

EX_RESUME(party) {
    EX_BEGIN(party);
    for (self->round = 0; self->round < ROUNDS; self->round++) {
        __atomic_add_fetch(&came[self->round], 1, __ATOMIC_RELEASE);
        EX_AWAIT(ex_barrier_wait(&self->wait, &barrier));
        check_round(self->round, value);
    }
    EX_END();
}

static struct ex_frame *make_party(void *frame, int number) {
    struct party *self = frame;
    (void)number;
    return EX_FRAME(self, party);
}

static void *take_part(void *number) {
    if (*(int *)number % 2 == 0) {
        puppets_crowd(*(int *)number, TASKS, sizeof(struct party), make_party);
        return NULL;
    }
    for (int round = 0; round < ROUNDS; round++) {
        __atomic_add_fetch(&came[round], 1, __ATOMIC_RELEASE);
        check_round(round, ex_barrier_wait_blocking(&barrier));
    }
    return NULL;
}

START_TEST(nobody_goes_on_before_all_have_come_and_one_leads) {
    ex_barrier_init(&barrier, EX_WAIT_SHARED, PARTIES);

    puppets_threads(THREADS, take_part);

    ck_assert_int_eq(leaders, ROUNDS);
    ex_barrier_deinit(&barrier);
}
END_TEST

/* ---- wrong use ---- */

START_TEST(a_barrier_for_nobody_panics) {
    ex_barrier_init(&barrier, (enum ex_wait_kind)_i, 0);
}
END_TEST

START_TEST(one_that_somebody_waits_for_is_not_destroyed) {
    start(1, _i, 2);
    puppet_do(0, come);
    puppets_run();
    ex_barrier_deinit(&barrier);
}
END_TEST

SUITE(ex_barrier) {
    SUITE_LOOP(all_go_on_when_the_last_has_come_which_leads_again_and_again, 0, 2);
    SUITE_LOOP(a_barrier_for_one_waits_for_nobody, 0, 2);
    SUITE_LOOP(one_that_is_cancelled_has_not_come, 0, 2);
    SUITE_LOOP(one_that_is_cancelled_after_the_last_came_goes_on, 0, 2);
    SUITE_TEST(nobody_goes_on_before_all_have_come_and_one_leads);
    tcase_add_loop_test_raise_signal(tcase, a_barrier_for_nobody_panics, SIGABRT, 0, 2);
    tcase_add_loop_test_raise_signal(tcase,
                                     one_that_somebody_waits_for_is_not_destroyed,
                                     SIGABRT,
                                     0,
                                     2);
}
